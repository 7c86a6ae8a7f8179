//! Gzip, unpacked while it arrives (RFC 1952).

use flate2::{Decompress, FlushDecompress, Status};

use crate::Malformed;

/// How a gzip stream begins.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How a member begins: the magic number and the only method there is, deflate.
const MEMBER: [u8; 3] = [0x1f, 0x8b, 8];
const WINDOW_BITS: u8 = 15;
/// About what the state of an unpacking takes.
pub(super) const MEMORY: usize = 64 << 10;

/// How far a call of [`Gunzip::step`] came.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) read: usize,
    pub(super) written: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Inside of a member.
    Member,
    /// Behind a member, so many bytes into what may be the next.
    Between(usize),
    /// Behind the last member.
    Garbage,
    /// Behind the last byte that could be unpacked.
    Damaged,
}

/// Unpacks all members of a gzip stream; what follows the last one is skipped.
#[derive(Debug)]
pub(super) struct Gunzip {
    inflate: Decompress,
    state: State,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self {
            inflate: Decompress::new_gzip(WINDOW_BITS),
            state: State::Member,
        }
    }

    /// Unpacks from `input` to `output`. Without any progress it needs more of the one that is empty.
    ///
    /// # Errors
    ///
    /// [`Malformed::BadGzip`].
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Malformed> {
        match self.state {
            State::Member => self.inflate(input, output),
            State::Between(matched) => self.look(matched, input),
            State::Garbage => Ok(Progress {
                read: input.len(),
                written: 0,
            }),
            State::Damaged => Err(Malformed::BadGzip),
        }
    }

    /// To be called when there is no more input.
    ///
    /// # Errors
    ///
    /// [`Malformed::BadGzip`] inside of a member.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        match self.state {
            State::Member | State::Damaged => Err(Malformed::BadGzip),
            State::Between(_) | State::Garbage => Ok(()),
        }
    }

    /// Whether something followed the last member.
    pub(super) fn has_garbage(&self) -> bool {
        matches!(self.state, State::Between(1..) | State::Garbage)
    }

    fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Malformed> {
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self
            .inflate
            .decompress(input, output, FlushDecompress::None);
        // Both are at most the length of a slice.
        let progress = Progress {
            read: usize::try_from(self.inflate.total_in() - read).unwrap_or(usize::MAX),
            written: usize::try_from(self.inflate.total_out() - written).unwrap_or(usize::MAX),
        };
        let is_stuck = progress == Progress::default() && !input.is_empty() && !output.is_empty();
        match status {
            Ok(Status::StreamEnd) => self.state = State::Between(0),
            Ok(_) if !is_stuck => {}
            // What came before the damage counts, as if it had come alone.
            Err(_) if progress.written > 0 => self.state = State::Damaged,
            Ok(_) | Err(_) => return Err(Malformed::BadGzip),
        }
        Ok(progress)
    }

    /// Looks whether another member begins, which may be told only by several pieces of input.
    fn look(&mut self, mut matched: usize, input: &[u8]) -> Result<Progress, Malformed> {
        let mut read = 0;
        while let Some(byte) = input.get(read) {
            if MEMBER.get(matched) != Some(byte) {
                self.state = State::Garbage;
                return Ok(Progress {
                    read: input.len(),
                    written: 0,
                });
            }
            read += 1;
            matched += 1;
            if matched == MEMBER.len() {
                self.inflate.reset(true);
                self.state = State::Member;
                self.inflate(&MEMBER, &mut [])?;
                return Ok(Progress { read, written: 0 });
            }
        }
        self.state = State::Between(matched);
        Ok(Progress { read, written: 0 })
    }
}
