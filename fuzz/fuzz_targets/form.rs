//! What both targets for crash reports do: read a body, cut in two ways.

use std::{convert::Infallible, sync::LazyLock};

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
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// So little that whoever takes more than the body is worth is found.
const MEMORY: u64 = 16 << 20;

/// Reads the body at once and in frames of `size` bytes, and has both give the same.
pub fn holds(body: &Bytes, encoding: Option<&'static str>, size: usize) {
    let whole = read(body, encoding, body.len().max(1));
    let cut = read(body, encoding, size.max(1));
    // Small frames need other amounts of memory on the way.
    let overloaded = [&whole, &cut].map(|result| matches!(result, Err(ParseError::Overloaded)));
    if overloaded == [false; 2] {
        assert_eq!(described(whole), described(cut));
    }
}

fn read(body: &Bytes, encoding: Option<&'static str>, size: usize) -> Result<Report, ParseError> {
    let mut headers = HeaderMap::new();
    let values = [
        (
            "content-type",
            Some("multipart/form-data; boundary=b0undary"),
        ),
        ("transfer-encoding", Some("chunked")),
        ("content-encoding", encoding),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            headers.insert(name, value.parse().expect("a header"));
        }
    }
    let mut limits = Limits::default();
    limits.unpacked = 4 << 20;
    let options = Options {
        limits,
        scratch: Scratch {
            directory: None,
            threshold: 0,
        },
        memory: MemoryBudget::new(MEMORY),
        main_dump: DumpName::main(),
        decode_percent_names: true,
        observations: true,
    };
    let mut body = body.clone();
    let frames = std::iter::from_fn(move || {
        let size = size.min(body.len());
        (size > 0).then(|| Ok::<_, Infallible>(Frame::data(body.split_to(size))))
    });
    let body = StreamBody::new(stream::iter(frames));
    let result = RUNTIME.block_on(parse(&headers, body, &options));
    assert!(
        result.is_ok() || options.memory.used() == 0,
        "what failed holds nothing"
    );
    result
}

/// Everything that there is to say about a result.
fn described(result: Result<Report, ParseError>) -> String {
    let report = match result {
        Ok(report) => report,
        Err(error) => return error.to_string(),
    };
    format!(
        "{:?} {:?} {:?} {:?} {} {} {}",
        report.annotations,
        report.files,
        report.notes,
        report.payload,
        report.compressed,
        report.size,
        report.unpacked_size
    )
}
