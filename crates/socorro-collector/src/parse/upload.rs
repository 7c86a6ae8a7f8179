//! Uploads that are no crash reports: a form with files, or one file that is the whole body, in both
//! cases packed with gzip or not.

use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, header};

use super::{
    ParseError,
    multipart::Multipart,
    request,
    source::Source,
    window::{self, Window},
};
use crate::{Limits, MemoryBudget, Reservation};

/// Reads an upload part by part; a body that is no form is one part without names.
#[derive(Debug)]
pub(crate) struct Upload<S> {
    body: Content<S>,
    _memory: Reservation,
}

#[derive(Debug)]
enum Content<S> {
    Form(Box<Multipart<S>>),
    File(Box<File<S>>),
}

#[derive(Debug)]
struct File<S> {
    source: Source<S>,
    window: Window,
    begun: bool,
}

/// What a part is called.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// The name of the field.
    pub(crate) name: Option<String>,
    /// The name that the file has at the client.
    pub(crate) file_name: Option<String>,
}

impl<S> Upload<S>
where
    S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
{
    /// Waits for the first bytes. Of `limits`, those of the unpacked size, of parts and of their
    /// headers count.
    ///
    /// # Errors
    ///
    /// As [`parse`](super::parse).
    pub(crate) async fn open(
        headers: &HeaderMap,
        chunks: S,
        limits: Limits,
    ) -> Result<Self, ParseError> {
        let mut memory = MemoryBudget::new(0).reservation();
        let packing = request::packing(headers)?;
        let source = Source::open(chunks, packing, limits.unpacked, &mut memory).await?;
        let body = if is_form(headers) {
            let boundary = request::boundary(headers)?;
            let form = Multipart::new(source, &boundary, limits, &mut memory)?;
            Content::Form(Box::new(form))
        } else {
            Content::File(Box::new(File {
                source,
                window: Window::new(window::CAPACITY, &mut memory)?,
                begun: false,
            }))
        };
        Ok(Self {
            body,
            _memory: memory,
        })
    }

    /// Goes to the next part.
    ///
    /// # Errors
    ///
    /// As [`parse`](super::parse).
    pub(crate) async fn next_part(&mut self) -> Result<Option<Part>, ParseError> {
        match &mut self.body {
            Content::Form(form) => {
                let head = form.next_part().await?;
                Ok(head.map(|head| Part {
                    name: head.name(false),
                    file_name: head.file_name().map(str::to_owned),
                }))
            }
            Content::File(file) => {
                let is_first = !std::mem::replace(&mut file.begun, true);
                Ok(is_first.then(Part::default))
            }
        }
    }

    /// The next piece of the part; `None` at its end.
    ///
    /// # Errors
    ///
    /// As [`parse`](super::parse).
    pub(crate) async fn content(&mut self) -> Result<Option<&[u8]>, ParseError> {
        match &mut self.body {
            Content::Form(form) => form.content().await,
            Content::File(file) => {
                let File { source, window, .. } = &mut **file;
                let handed_out = window.filled().len();
                window.consume(handed_out);
                Ok(source.fill(window).await?.then(|| window.filled()))
            }
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map(|value| value.as_bytes().trim_ascii_start());
    content_type
        .and_then(|value| value.get(.."multipart/".len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
}
