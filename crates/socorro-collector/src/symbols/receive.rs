//! The body of an upload, into files.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures::Stream;
use http::HeaderMap;
use http_body_util::BodyExt as _;
use tokio::{
    fs::File,
    io::AsyncWriteExt as _,
    time::{Instant, timeout, timeout_at},
};

use super::{Limits, refusal::Refusal};
use crate::{
    BodyError, Malformed,
    parse::{ParseError, upload::Upload},
};

/// Files in one form.
const MOST_FILES: usize = 1000;
/// How long a client that was refused may go on, and how much it may send.
const DRAIN_TIME: Duration = Duration::from_secs(2);
const MOST_DRAINED: usize = 16 << 20;
/// Bytes of a form field that is no file; what is beyond does not count.
const LONGEST_FIELD: usize = 1024;

/// The field in which Breakpad's `symupload` sends the file. Source: Breakpad,
/// `src/common/linux/symbol_upload.cc`, `SymUploadV1Start`.
const SYMBOL_FILE: &str = "symbol_file";

/// What came.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// Files in a directory of the upload's own.
    pub(super) files: Vec<PathBuf>,
    /// What `symupload` says that the file is: `debug_file` and `debug_identifier`.
    pub(super) said: Said,
    /// Whether there is the field `symbol_file`, so that it is `symupload` that is to be answered.
    pub(super) is_symupload: bool,
}

/// The fields of `symupload` that a symbol file can contradict. The others are not needed.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) debug_file: Option<String>,
    pub(super) debug_identifier: Option<String>,
}

/// Writes the files in a body into `directory`, bit by bit.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: &mut Body,
    directory: &Path,
    limits: &Limits,
) -> Result<Received, Refusal> {
    let form = crate::Limits {
        unpacked: limits.unpacked,
        parts: MOST_FILES,
        ..crate::Limits::default()
    };
    let chunks = Box::pin(chunks(body, *limits));
    let refused = |error| refusal(error, limits);
    let mut upload = Upload::open(headers, chunks, form).await.map_err(refused)?;
    let mut received = Received::default();
    while let Some(part) = upload.next_part().await.map_err(refused)? {
        let is_body = part.name.is_none();
        let is_symbol_file = part.name.as_deref() == Some(SYMBOL_FILE);
        if !(is_body || is_symbol_file || part.file_name.is_some()) {
            let mut text = Vec::new();
            while let Some(piece) = upload.content().await.map_err(refused)? {
                let room = LONGEST_FIELD - text.len();
                text.extend_from_slice(piece.get(..room).unwrap_or(piece));
            }
            received.said.take(part.name.as_deref(), &text);
            continue;
        }
        received.is_symupload |= is_symbol_file;
        let path = directory.join(format!("received-{}", received.files.len()));
        let failed = || Refusal::storage(&path);
        let mut file = File::create_new(&path).await.map_err(failed())?;
        while let Some(piece) = upload.content().await.map_err(refused)? {
            file.write_all(piece).await.map_err(failed())?;
        }
        // Before this, what was written need not be in the file.
        file.flush().await.map_err(failed())?;
        received.files.push(path);
    }
    Ok(received)
}

impl Said {
    fn take(&mut self, name: Option<&str>, text: &[u8]) {
        let field = match name {
            Some("debug_file") => &mut self.debug_file,
            Some("debug_identifier") => &mut self.debug_identifier,
            _ => return,
        };
        *field = Some(String::from_utf8_lossy(text.trim_ascii()).into_owned());
    }
}

/// The data of a body, within bounds of size and time.
fn chunks(body: &mut Body, limits: Limits) -> impl Stream<Item = Result<Bytes, ParseError>> {
    let end = Instant::now() + limits.time;
    futures::stream::try_unfold((body, 0_u64), move |(body, mut size)| async move {
        let Some(data) = next(body, end, limits.idle).await? else {
            return Ok(None);
        };
        size = size.saturating_add(data.len() as u64);
        if size > limits.body {
            return Err(BodyError::TooLarge.into());
        }
        Ok(Some((data, (body, size))))
    })
}

async fn next(body: &mut Body, end: Instant, idle: Duration) -> Result<Option<Bytes>, BodyError> {
    loop {
        let frame = timeout_at(end, timeout(idle, body.frame())).await;
        let Ok(Ok(frame)) = frame else {
            return Err(BodyError::Timeout);
        };
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(BodyError::Broken(error.into())),
            Some(Ok(frame)) => {
                // Trailers tell nothing about symbols.
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Reads on for a while what is not wanted: a client whose connection ends while it still writes may
/// never see the answer.
pub(super) async fn drain(body: &mut Body) {
    let end = Instant::now() + DRAIN_TIME;
    let mut size = 0;
    while size < MOST_DRAINED
        && let Ok(Some(data)) = next(body, end, DRAIN_TIME).await
    {
        size += data.len();
    }
}

fn refusal(error: ParseError, limits: &Limits) -> Refusal {
    match error {
        ParseError::Malformed(Malformed::NoContentLength) => Refusal::Nothing,
        ParseError::Malformed(Malformed::TooLarge) => Refusal::TooLarge {
            what: "What is in the upload".to_owned(),
            limit: limits.unpacked,
        },
        ParseError::Malformed(Malformed::TooManyParts) => Refusal::TooMany {
            what: "parts in the form",
            limit: MOST_FILES,
        },
        ParseError::Malformed(Malformed::BadGzip) => Refusal::damaged("the gzip stream is damaged"),
        ParseError::Malformed(Malformed::UnsupportedEncoding) => {
            Refusal::damaged("the body is compressed in another way than gzip")
        }
        ParseError::Malformed(_) => Refusal::damaged("the form is damaged or cut off"),
        ParseError::Body(BodyError::TooLarge) => Refusal::TooLarge {
            what: "The upload".to_owned(),
            limit: limits.body,
        },
        ParseError::Body(error) => Refusal::Body(error),
        ParseError::Overloaded => Refusal::Busy,
        ParseError::Scratch(_) => Refusal::Died,
    }
}
