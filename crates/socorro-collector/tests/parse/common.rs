//! Bodies cut into frames, and options to read them with.

use std::{convert::Infallible, io::Write as _};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use socorro_collector::{
    MemoryBudget,
    parse::{Options, ParseError, Report, parse},
};

/// Everything in memory, nothing noted but what Mozilla's collector notes.
pub(crate) fn options() -> Options {
    Options {
        memory: MemoryBudget::new(0),
        observations: false,
        ..Options::default()
    }
}

/// The headers of a form with the boundary `b0undary`, chunked.
pub(crate) fn headers() -> HeaderMap {
    [
        ("content-type", "multipart/form-data; boundary=b0undary"),
        ("transfer-encoding", "chunked"),
    ]
    .into_iter()
    .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
    .collect()
}

/// Reads a body that comes in frames of the given sizes, and then in one.
pub(crate) async fn parse_cut(
    headers: &HeaderMap,
    mut body: Bytes,
    sizes: &[usize],
    options: &Options,
) -> Result<Report, ParseError> {
    let mut frames = Vec::new();
    for size in sizes {
        frames.push(body.split_to(body.len().min(*size)));
    }
    frames.push(body);
    let frames = frames
        .into_iter()
        .map(|data| Ok::<_, Infallible>(Frame::data(data)));
    parse(headers, StreamBody::new(stream::iter(frames)), options).await
}

/// Reads a body that comes at once.
pub(crate) async fn parse_whole(body: Bytes, options: &Options) -> Result<Report, ParseError> {
    parse_cut(&headers(), body, &[], options).await
}

/// A form that is being written.
pub(crate) struct Form(Vec<u8>);

impl Form {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// A part with these header lines.
    pub(crate) fn raw(mut self, lines: &str, content: &[u8]) -> Self {
        self.0.extend_from_slice(b"--b0undary\r\n");
        self.0.extend_from_slice(lines.as_bytes());
        self.0.extend_from_slice(b"\r\n\r\n");
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// A part with these parameters of its disposition.
    pub(crate) fn part(self, parameters: &str, content_type: &str, content: &[u8]) -> Self {
        let disposition = format!("Content-Disposition: form-data; {parameters}");
        self.raw(
            &format!("{disposition}\r\nContent-Type: {content_type}"),
            content,
        )
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"");
        self.raw(&disposition, value.as_bytes())
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        let parameters = format!("name=\"{name}\"; filename=\"a.dmp\"");
        self.part(&parameters, "application/octet-stream", content)
    }

    pub(crate) fn json(self, text: &str) -> Self {
        self.part(
            "name=\"extra\"; filename=\"extra.json\"",
            "application/json",
            text.as_bytes(),
        )
    }

    pub(crate) fn close(mut self) -> Bytes {
        self.0.extend_from_slice(b"--b0undary--\r\n");
        self.0.into()
    }
}

/// The bytes, compressed.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
