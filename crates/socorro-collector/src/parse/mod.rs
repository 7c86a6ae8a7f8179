//! From the body of a request to a [`Report`]: decompression, multipart, JSON, files.
//!
//! Everything streams: a body is looked at through a window of 64 KiB, text and JSON are kept in
//! memory within their [`Limits`], and files beyond [`Scratch::threshold`] go to disk while they
//! arrive. Whatever is kept in memory is reserved in the [`MemoryBudget`] first.
//!
//! The format is that of Mozilla's collector (Antenna, `antenna/breakpad_resource.py`) with what it
//! refuses only by accident allowed.

mod buffer;
mod charset;
mod content;
mod files;
mod gather;
mod gunzip;
mod json;
mod multipart;
mod notes;
mod parameters;
mod part;
mod request;
mod source;
mod unwrap;
#[cfg(feature = "symbol-upload")]
pub(crate) mod upload;
mod window;

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use serde_json::{Map, Value};
use socorro_core::{Dump, DumpName};

use crate::{BodyError, Limits, Malformed, MemoryBudget, Reservation};

use self::{
    gather::Gathered,
    multipart::Multipart,
    request::Request,
    source::{Frames, Packing, Source},
};

/// Where the files of a report are kept while it is taken.
#[derive(Debug, Clone)]
pub struct Scratch {
    /// A directory for files that are too large for memory; without one all are kept in memory.
    pub directory: Option<Arc<PathBuf>>,
    /// So many bytes of the files of a report stay in memory; a file beyond that is written to the directory, as
    /// all larger ones are once half of [`Options::memory`] is taken.
    pub threshold: usize,
}

/// In memory, files of any size.
impl Default for Scratch {
    fn default() -> Self {
        Self {
            directory: None,
            threshold: 2 << 20,
        }
    }
}

/// How reports are read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bounds.
    pub limits: Limits,
    /// Where files are kept.
    pub scratch: Scratch,
    /// What all reports may hold in memory together.
    pub memory: MemoryBudget,
    /// The field that holds the main minidump.
    pub main_dump: DumpName,
    /// Whether `%0d`, `%0a`, `%22`, `%25` in field names are decoded, as Crashpad writes them.
    pub decode_percent_names: bool,
    /// Whether notes tell also of what Mozilla's collector passes over in silence: parts without a
    /// name, files that are replaced or are no minidumps, bytes behind a gzip stream, names of
    /// dropped annotations. What was mended is noted in any case.
    pub observations: bool,
}

/// All reports together have 512 MiB; names are taken as they are; everything is noted.
impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            scratch: Scratch::default(),
            memory: MemoryBudget::new(512 << 20),
            main_dump: DumpName::main(),
            decode_percent_names: false,
            observations: true,
        }
    }
}

/// How the annotations came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// A JSON part.
    Json,
    /// One part each.
    Multipart,
}

/// One file of a report.
#[derive(Debug)]
pub struct ReportFile {
    /// What it is stored as.
    pub name: DumpName,
    /// The field name as sent.
    pub field: String,
    /// The file name that the client gave; never used for a path.
    pub file_name: Option<String>,
    /// The content, in memory or in [`Report::scratch`].
    pub content: Dump,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// A crash report as a client sent it.
#[derive(Debug)]
pub struct Report {
    /// The annotations in the order in which they came.
    pub annotations: Map<String, Value>,
    /// The files in the order in which they came.
    pub files: Vec<ReportFile>,
    /// What is odd about it, in the order in which it was found. Field names are in it, and content
    /// types, but no values. These are worded as by Mozilla's collector:
    ///
    /// - `unknown content type: {field name} {content type}`
    /// - `extract payload text part exception: invalid text or charset: {charset}`
    /// - `extract payload text part exception: body part is too large`
    /// - `includes annotations in both json-encoded extra and formdata parts`
    pub notes: Vec<String>,
    /// How the annotations came.
    pub payload: Payload,
    /// Whether the body was compressed.
    pub compressed: bool,
    /// Bytes of the body as sent.
    pub size: u64,
    /// Bytes of the form after decompression.
    pub unpacked_size: u64,
    /// The directory that holds the large files; deleted with the report.
    pub scratch: Option<tempfile::TempDir>,
    /// The memory that it holds.
    pub memory: Reservation,
}

/// Why there is no [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The request is no crash report.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The body could not be read to its end.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The [`MemoryBudget`] is used up.
    #[error("too many reports at once")]
    Overloaded,
    /// A large file could not be written to the scratch directory.
    #[error("cannot write to the scratch directory: {0}")]
    Scratch(#[from] std::io::Error),
}

/// Reads a crash report. The result does not depend on how the body is cut into frames.
///
/// The headers have to frame the body as in HTTP/1: a `Content-Length` other than 0, or a
/// `Transfer-Encoding`. Beyond the end of the form the body is read to its end, so that a connection
/// can be used again.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header};
/// use http_body_util::Full;
/// use socorro_collector::parse::{Options, parse};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let form = "--b\r\nContent-Disposition: form-data; name=\"ProductName\"\r\n\r\nFirefox\r\n--b--";
/// let content_type = HeaderValue::from_static("multipart/form-data; boundary=b");
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONTENT_TYPE, content_type);
/// headers.insert(header::CONTENT_LENGTH, form.len().into());
///
/// let report = parse(&headers, Full::from(form), &Options::default()).await?;
/// assert_eq!(report.annotations["ProductName"], "Firefox");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// See [`ParseError`]. What is wrong first in the stream is told; the rest of the body is not read.
/// A body that ends too early is [`Malformed::InvalidPayloadStructure`] (in gzip
/// [`Malformed::BadGzip`]); one whose stream says so is [`BodyError::Broken`], unless the form was
/// complete by then, which is only noted.
pub async fn parse<B>(headers: &HeaderMap, body: B, options: &Options) -> Result<Report, ParseError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    let limits = options.limits;
    let request = Request::read(headers, &limits)?;
    let mut memory = options.memory.reservation();
    let frames = Frames::new(body, limits.body);
    let source = Source::open(frames, request.packing, limits.unpacked, &mut memory).await?;
    let is_gzip = source.is_gzip();
    let mut form = Multipart::new(source, &request.boundary, limits, &mut memory)?;
    let mut gathered = Gathered::new(options, memory);
    if is_gzip && request.packing == Packing::Plain {
        let note = "gzip without Content-Encoding";
        gathered.notes.add(note, &mut gathered.memory)?;
    }
    while let Some(head) = form.next_part().await? {
        gathered.add(&head, &mut form).await?;
    }
    let (source, rest) = form.finish(&mut gathered.memory).await;
    match rest {
        // The form is complete.
        Err(ParseError::Body(BodyError::Broken(_))) if !is_gzip => {
            let note = "the connection broke behind the last part";
            gathered.notes.add(note, &mut gathered.memory)?;
        }
        rest => rest?,
    }
    if source.has_garbage() {
        let note = || "bytes behind the gzip stream ignored".to_owned();
        gathered.notes.observe(note, &mut gathered.memory)?;
    }
    let (size, unpacked_size) = (source.received(), source.unpacked());
    source.release(&mut gathered.memory);
    let payload = gathered.conclude()?;
    let files = unwrap::files(&mut gathered, unpacked_size).await?;
    Ok(Report {
        annotations: gathered.annotations,
        files,
        notes: gathered.notes.into_inner(),
        payload,
        compressed: is_gzip,
        size,
        unpacked_size,
        scratch: gathered.space.into_directory(),
        memory: gathered.memory,
    })
}
