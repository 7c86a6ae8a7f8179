//! Bodies cut into frames, and options to read them with.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use socorro_collector::{
    Limits, MemoryBudget,
    parse::{Options, ParseError, Report, Scratch, parse},
};
use socorro_core::DumpName;

/// Everything in memory, nothing noted but what Mozilla's collector notes.
pub(crate) fn options() -> Options {
    Options {
        limits: Limits::default(),
        scratch: Scratch {
            directory: None,
            threshold: 256 << 10,
        },
        memory: MemoryBudget::new(0),
        main_dump: DumpName::main(),
        decode_percent_names: false,
        observations: false,
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
