//! The grammar of multipart bodies (RFC 2046), as Mozilla's collector reads it, with blanks allowed
//! behind a delimiter.

use bytes::Bytes;
use futures::Stream;
use memchr::memmem::Finder;

use super::{
    ParseError,
    part::Head,
    source::Source,
    window::{self, Window},
};
use crate::{Limits, Malformed, Reservation};

const LINE_END: &[u8] = b"\r\n";
const HEAD_END: &[u8] = b"\r\n\r\n";
const CLOSING: &[u8] = b"--";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// In the content of a part.
    Content,
    /// Directly behind a delimiter.
    Delimiter,
    /// Behind the closing delimiter.
    Closed,
}

/// Reads the parts of a body one after the other.
#[derive(Debug)]
pub(super) struct Multipart<S> {
    source: Source<S>,
    window: Window,
    /// A line end, two hyphens, the boundary.
    delimiter: Finder<'static>,
    state: State,
    /// Content at the beginning of the window that was handed out.
    handed_out: usize,
    parts: usize,
    limits: Limits,
}

impl<S> Multipart<S>
where
    S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
{
    pub(super) fn new(
        source: Source<S>,
        boundary: &[u8],
        limits: Limits,
        memory: &mut Reservation,
    ) -> Result<Self, ParseError> {
        let delimiter = [LINE_END, CLOSING, boundary].concat();
        Ok(Self {
            source,
            window: Window::new(window::CAPACITY, memory)?,
            delimiter: Finder::new(&delimiter).into_owned(),
            state: State::Preamble,
            handed_out: 0,
            parts: 0,
            limits,
        })
    }

    /// Goes to the next part, past what is left of the one before.
    ///
    /// # Errors
    ///
    /// [`Malformed::InvalidPayloadStructure`], [`Malformed::TooManyParts`], or what the source says.
    pub(super) async fn next_part(&mut self) -> Result<Option<Head>, ParseError> {
        if self.state == State::Preamble {
            self.skip_preamble().await?;
        }
        while self.content().await?.is_some() {}
        if self.state == State::Closed || !self.line_follows().await? {
            self.state = State::Closed;
            return Ok(None);
        }
        self.parts += 1;
        if self.limits.parts != 0 && self.parts > self.limits.parts {
            return Err(Malformed::TooManyParts.into());
        }
        let head = self.head().await?;
        self.state = State::Content;
        Ok(Some(head))
    }

    /// The next piece of the content of the part; `None` at its end.
    pub(super) async fn content(&mut self) -> Result<Option<&[u8]>, ParseError> {
        if self.state != State::Content {
            return Ok(None);
        }
        self.window.consume(std::mem::take(&mut self.handed_out));
        // Without the last byte of a delimiter there is none.
        let kept = self.delimiter.needle().len() - 1;
        let ready = loop {
            let filled = self.window.filled();
            match self.delimiter.find(filled) {
                Some(0) => {
                    self.window.consume(kept + 1);
                    self.state = State::Delimiter;
                    return Ok(None);
                }
                Some(at) => break at,
                None if filled.len() > kept => break filled.len() - kept,
                None => self.more().await?,
            }
        };
        self.handed_out = ready;
        Ok(self.window.filled().get(..ready))
    }

    /// The first delimiter needs no line end before it.
    async fn skip_preamble(&mut self) -> Result<(), ParseError> {
        let first = Finder::new(&self.delimiter.needle()[LINE_END.len()..]).into_owned();
        let length = first.needle().len();
        loop {
            let filled = self.window.filled();
            if let Some(at) = first.find(filled) {
                self.window.consume(at + length);
                self.state = State::Delimiter;
                return Ok(());
            }
            let useless = filled.len().saturating_sub(length - 1);
            self.window.consume(useless);
            self.more().await?;
        }
    }

    /// Behind a delimiter: whether the line ends there, or else it is the closing one.
    async fn line_follows(&mut self) -> Result<bool, ParseError> {
        loop {
            let filled = self.window.filled();
            if filled.starts_with(CLOSING) {
                return Ok(false);
            }
            let blanks = filled
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count();
            let rest = &filled[blanks..];
            if rest.starts_with(LINE_END) {
                self.window.consume(blanks + LINE_END.len());
                return Ok(true);
            }
            let undecided = LINE_END.starts_with(rest) || blanks == 0 && CLOSING.starts_with(rest);
            if !undecided {
                return Err(Malformed::InvalidPayloadStructure.into());
            }
            self.more().await?;
        }
    }

    /// Reads the headers of a part.
    async fn head(&mut self) -> Result<Head, ParseError> {
        let most = match self.limits.part_header {
            0 => window::CAPACITY,
            most => most.min(window::CAPACITY),
        };
        loop {
            let filled = self.window.filled();
            if filled.starts_with(LINE_END) {
                self.window.consume(LINE_END.len());
                return Ok(Head::default());
            }
            let searched = &filled[..filled.len().min(most + HEAD_END.len())];
            if let Some(end) = memchr::memmem::find(searched, HEAD_END) {
                let lines = &filled[..end];
                // A delimiter in there means that this part has no empty line.
                if self.delimiter.find(lines).is_some() {
                    return Err(Malformed::InvalidPayloadStructure.into());
                }
                let head = Head::read(lines)?;
                self.window.consume(end + HEAD_END.len());
                return Ok(head);
            }
            if searched.len() == most + HEAD_END.len() {
                return Err(Malformed::InvalidPayloadStructure.into());
            }
            self.more().await?;
        }
    }

    /// Adds to the window, which has to be possible inside of a form.
    async fn more(&mut self) -> Result<(), ParseError> {
        if self.window.spare().is_empty() || !self.source.fill(&mut self.window).await? {
            return Err(Malformed::InvalidPayloadStructure.into());
        }
        Ok(())
    }

    /// Reads past what follows the closing delimiter and gives the source back.
    pub(super) async fn finish(
        mut self,
        memory: &mut Reservation,
    ) -> (Source<S>, Result<(), ParseError>) {
        let result = self.skip_epilogue().await;
        self.window.release(memory);
        (self.source, result)
    }

    /// Gives back what was reserved, wherever the form is.
    pub(super) fn release(self, memory: &mut Reservation) {
        self.window.release(memory);
        self.source.release(memory);
    }

    async fn skip_epilogue(&mut self) -> Result<(), ParseError> {
        loop {
            self.window.consume(usize::MAX);
            if !self.source.fill(&mut self.window).await? {
                return Ok(());
            }
        }
    }
}
