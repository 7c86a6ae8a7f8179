//! What reading a report costs, on one thread: with minidumps of 50 KB and 1 MB, in memory and, where
//! they are large, on disk; plain and as gzip.
//!
//! `sha256` is the baseline in the same run: the hash of the minidump alone, which any collector that
//! keeps checksums has to pay. The Python original needed 1.55 ms of processor time for a whole report
//! of 50 KB and 5.4 ms for one of 1 MB, HTTP included.

#![expect(clippy::unwrap_used, reason = "a bench may stop at a broken set-up")]

use std::{convert::Infallible, hint::black_box, io::Write as _, path::Path, sync::Arc};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compression, write::GzEncoder};
use futures::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use sha2::{Digest as _, Sha256};
use socorro_collector::parse::{Options, Report, parse};

/// About what hyper hands out once it has seen that much is coming.
const FRAME: usize = 64 << 10;
const SIZES: [(&str, usize); 2] = [("50KB", 50_000), ("1MB", 1_000_000)];

/// Bytes that gzip makes between a third and a quarter of, as it does of minidumps.
fn minidump(size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut dump = b"MDMP".to_vec();
    while dump.len() < size {
        dump.extend(std::iter::repeat_with(|| random.u8(..)).take(24));
        dump.extend_from_slice(&[0; 40]);
        dump.extend_from_slice(b"\\Device\\HarddiskVolume3\\");
    }
    dump.truncate(size);
    dump
}

/// A report as Firefox sends it.
fn body(dump: &[u8]) -> Vec<u8> {
    let environment = r#"{\"build\":{\"applicationName\":\"Firefox\"},\"addons\":[]}"#.repeat(60);
    let annotations: Vec<_> = (0..80)
        .map(|number| format!("\"Annotation{number}\":\"value of the annotation {number}\""))
        .collect();
    let annotations = annotations.join(",");
    let extra = format!("{{\"TelemetryEnvironment\":\"{environment}\",{annotations}}}");
    let mut body = Vec::new();
    let parts: [(&str, &str, &[u8]); 2] = [
        ("extra", "application/json", extra.as_bytes()),
        ("upload_file_minidump", "application/octet-stream", dump),
    ];
    for (name, content_type, content) in parts {
        let disposition = format!("form-data; name=\"{name}\"; filename=\"{name}\"");
        write!(
            body,
            "--b0undary\r\nContent-Disposition: {disposition}\r\nContent-Type: {content_type}\r\n\r\n"
        )
        .unwrap();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b0undary--\r\n");
    body
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn headers(encoding: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let content_type = "multipart/form-data; boundary=b0undary";
    headers.insert("content-type", content_type.parse().unwrap());
    headers.insert("transfer-encoding", "chunked".parse().unwrap());
    if let Some(encoding) = encoding {
        headers.insert("content-encoding", encoding.parse().unwrap());
    }
    headers
}

fn options(directory: Option<&Path>) -> Options {
    let mut options = Options::default();
    options.scratch.directory = directory.map(|path| Arc::new(path.to_owned()));
    options
}

async fn read(headers: &HeaderMap, mut body: Bytes, options: &Options) -> Report {
    let frames = std::iter::from_fn(move || {
        let size = body.len().min(FRAME);
        (size > 0).then(|| Ok::<_, Infallible>(Frame::data(body.split_to(size))))
    });
    let body = StreamBody::new(stream::iter(frames));
    parse(headers, body, options).await.unwrap()
}

fn reports(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let scratch = tempfile::tempdir().unwrap();
    for (name, size) in SIZES {
        let dump = minidump(size);
        let plain = body(&dump);
        let packed = Bytes::from(gzip(&plain));
        let plain = Bytes::from(plain);
        println!(
            "{name}: {} bytes plain, {} as gzip",
            plain.len(),
            packed.len()
        );
        let mut group = criterion.benchmark_group(format!("parse/{name}"));
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function("sha256", |bencher| {
            bencher.iter(|| Sha256::digest(black_box(&dump)));
        });
        for (place, directory) in [("memory", None), ("disk", Some(scratch.path()))] {
            let options = options(directory);
            // Small files are in memory in any case.
            if directory.is_some() && size <= options.scratch.threshold {
                continue;
            }
            for (form, body, encoding) in [("plain", &plain, None), ("gzip", &packed, Some("gzip"))]
            {
                let headers = headers(encoding);
                group.bench_function(format!("{form}_{place}"), |bencher| {
                    bencher
                        .to_async(&runtime)
                        .iter(|| read(&headers, body.clone(), &options));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, reports);
criterion_main!(benches);
