//! The piece of a body that is being looked at.

use super::ParseError;
use crate::Reservation;

/// Room for the longest headers of a part, and for handing on files in pieces that are worth it.
pub(super) const CAPACITY: usize = 64 << 10;

/// Bytes in one place, filled at the end and taken from the beginning.
#[derive(Debug)]
pub(super) struct Window {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Window {
    /// An empty window, reserved in `memory`.
    pub(super) fn new(capacity: usize, memory: &mut Reservation) -> Result<Self, ParseError> {
        super::buffer::reserve(memory, capacity)?;
        let bytes = vec![0; capacity].into_boxed_slice();
        Ok(Self {
            bytes,
            start: 0,
            end: 0,
        })
    }

    /// What is in it.
    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Takes bytes from the beginning.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
    }

    /// Room for more, at the end; empty when the window is full.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.bytes[self.end..]
    }

    /// Says how many bytes of [`spare`](Self::spare) are filled now.
    pub(super) fn advance(&mut self, count: usize) {
        self.end = self.bytes.len().min(self.end + count);
    }

    /// Gives the reservation back.
    pub(super) fn release(self, memory: &mut Reservation) {
        memory.shrink(self.bytes.len() as u64);
    }
}
