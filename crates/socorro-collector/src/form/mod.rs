//! The other side: crash reports as clients write them.
//!
//! A [`Form`] is the body of the request with which a client sends a report. `socorro submit`, the
//! demo of `socorro up`, tests and load generators make their requests with it.

mod body;
mod gzip;
mod style;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures::Stream;
use serde_json::{Map, Value};

use body::Segment;
pub use gzip::gzip;
pub use style::Style;

/// A crash report as the body of a multipart request (RFC 7578), written in the manner of a known
/// client.
///
/// Files given by their path are read when the body is sent and never held in memory as a whole.
/// The same form can be sent again and again.
///
/// ```
/// use socorro_collector::form::Form;
///
/// let form = Form::new()
///     .annotation("ProductName", "Fenix")
///     .file("upload_file_minidump", "crash.dmp", "MDMP…".as_bytes());
/// let body = form.to_bytes()?;
/// assert_eq!(form.length(), body.len() as u64);
/// assert!(form.content_type().starts_with("multipart/form-data; boundary="));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Form {
    style: Style,
    boundary: String,
    parts: Vec<Part>,
}

/// One part of a form, before it is written.
#[derive(Clone)]
enum Part {
    Annotation(String, Value),
    File(File),
}

/// A file of a form.
#[derive(Clone)]
struct File {
    field: String,
    name: String,
    content_type: &'static str,
    content: Content,
}

/// Where the content of a file is.
#[derive(Clone)]
enum Content {
    Memory(Bytes),
    Disk { path: PathBuf, length: u64 },
}

impl Form {
    /// An empty form as `curl -F` writes it.
    #[must_use]
    pub fn new() -> Self {
        Self::in_style(Style::Curl)
    }

    /// An empty form as the client `style` writes it, with a random boundary.
    #[must_use]
    pub fn in_style(style: Style) -> Self {
        let boundary = style.boundary();
        Self {
            style,
            boundary,
            parts: Vec::new(),
        }
    }

    /// Sets the boundary, for a body that is always the same.
    #[must_use]
    pub fn boundary(mut self, boundary: impl Into<String>) -> Self {
        self.boundary = boundary.into();
        self
    }

    /// Adds an annotation.
    #[must_use]
    pub fn annotation(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.value(name, Value::String(value.into()))
    }

    /// Adds annotations in their order. Where they are not written as JSON, a value that is no text
    /// is written as its JSON.
    #[must_use]
    pub fn annotations(self, annotations: &Map<String, Value>) -> Self {
        annotations
            .iter()
            .fold(self, |form, (name, value)| form.value(name, value.clone()))
    }

    fn value(mut self, name: impl Into<String>, value: Value) -> Self {
        self.parts.push(Part::Annotation(name.into(), value));
        self
    }

    /// Adds a part `extra` that holds annotations as JSON, whatever the style.
    #[must_use]
    pub fn json(mut self, annotations: &Map<String, Value>) -> Self {
        self.parts.push(Part::File(extra(annotations)));
        self
    }

    /// Adds a file that is in memory.
    #[must_use]
    pub fn file(
        mut self,
        field: impl Into<String>,
        name: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Self {
        self.parts.push(Part::File(File {
            field: field.into(),
            name: name.into(),
            content_type: "application/octet-stream",
            content: Content::Memory(content.into()),
        }));
        self
    }

    /// Adds a file of the disk under its own name. It must not change until the form is sent.
    ///
    /// # Errors
    ///
    /// The file is not there, or it is no regular file.
    pub fn file_at(mut self, field: impl Into<String>, path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.parts.push(Part::File(File {
            field: field.into(),
            name: name.to_string_lossy().into_owned(),
            content_type: "application/octet-stream",
            content: Content::Disk {
                path: path.to_owned(),
                length: metadata.len(),
            },
        }));
        Ok(self)
    }

    /// The header `Content-Type` of the request.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Bytes of the whole body.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.segments().iter().map(Segment::length).sum()
    }

    /// The body in pieces of at most 64 KiB of each file.
    ///
    /// The stream ends with an error when a file cannot be read or has become shorter.
    pub fn stream(&self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static + use<> {
        body::stream(self.segments())
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// A file cannot be read or has become shorter. There is none when all files are in memory.
    pub fn to_bytes(&self) -> io::Result<Bytes> {
        body::read(self.segments())
    }

    /// What is written, in its order.
    fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        for part in self.style.arrange(&self.parts) {
            let head = self.style.head(&self.boundary, &part);
            segments.push(Segment::Memory(head.into()));
            segments.push(match part {
                Part::Annotation(_, value) => Segment::Memory(text(value).into()),
                Part::File(file) => file.content.into(),
            });
            segments.push(Segment::Memory(Bytes::from_static(b"\r\n")));
        }
        let end = format!("--{}--\r\n", self.boundary);
        segments.push(Segment::Memory(end.into()));
        segments
    }
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

/// Annotations are private: only names are shown.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parts.iter().map(Part::name).collect();
        f.debug_struct("Form")
            .field("style", &self.style)
            .field("parts", &names)
            .finish_non_exhaustive()
    }
}

impl Part {
    fn name(&self) -> &str {
        match self {
            Self::Annotation(name, _) => name,
            Self::File(file) => &file.field,
        }
    }
}

/// The part of Firefox's crash reporter that holds all annotations.
fn extra(annotations: &Map<String, Value>) -> File {
    let json = Value::Object(annotations.clone()).to_string();
    File {
        field: "extra".to_owned(),
        name: "extra.json".to_owned(),
        content_type: "application/json",
        content: Content::Memory(json.into()),
    }
}

/// An annotation as the text of a form field.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
