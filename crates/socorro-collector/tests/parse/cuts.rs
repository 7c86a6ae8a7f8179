//! How a body is cut into frames changes nothing; no damage makes reading panic.

use std::sync::LazyLock;

use bytes::Bytes;
use http::HeaderMap;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use socorro_collector::parse::{Options, ParseError, Report};
use socorro_core::Dump;

use crate::{
    common::{Form, gzip, headers, options, parse_cut},
    vectors::recorded,
};

/// A JSON part with something of everything.
pub(crate) fn json() -> &'static str {
    r#"{"a": "\ud83e\u00e9", "b": [1.5, {"c": null}], "d": NaN, "a": 99999999999999999999}"#
}

/// Bodies with something of everything.
pub(crate) fn bodies() -> Vec<(HeaderMap, Bytes)> {
    let dump = b"MDMP\r\n--b0undar\r\n--\r\n\r\n-".repeat(40);
    let form = || {
        Form::new()
            .text("ProductName", "Firefox")
            .part(
                "name=\"B\\\"\"",
                "text/plain; charset=windows-1252",
                b"\x93hi\x94",
            )
            .part("name=\"C\"", "text/plain; charset=utf-16", b"\xff\xfeh\0")
            .part("", "text/plain", b"unnamed")
            .raw("", b"no headers")
            .json(json())
            .text("After", "1\r\n")
    };
    let plain = form()
        .file("upload_file_minidump", &dump)
        .file("!", b"x")
        .close();
    let inner = Form::new().file("upload_file_minidump", &dump).close();
    let inner: Vec<u8> = [&b"--in"[..], &inner[4..inner.len() - 10], b"in--"].concat();
    let wrapped = form().file("upload_file_minidump", &inner).close();
    let packed = form().file("upload_file_minidump", &gzip(&dump)).close();
    let mut labelled = headers();
    labelled.insert("content-encoding", "gzip".parse().unwrap());
    let preamble = [
        b"preamble --b0undar \r\n",
        &plain[..],
        b"epilogue --b0undary\r\n",
    ]
    .concat();
    let members = [
        gzip(&plain[..100]),
        gzip(&plain[100..]),
        b"garbage".to_vec(),
    ]
    .concat();
    vec![
        (headers(), plain.clone()),
        (headers(), preamble.into()),
        (headers(), wrapped),
        (headers(), packed),
        (headers(), gzip(&plain).into()),
        (labelled, members.into()),
    ]
}

fn observing() -> Options {
    Options {
        observations: true,
        ..options()
    }
}

/// Everything that there is to say about a result.
fn described(result: Result<Report, ParseError>) -> String {
    let report = match result {
        Ok(report) => report,
        Err(error) => return error.to_string(),
    };
    let content = |dump: &Dump| match dump {
        Dump::Bytes(bytes) => format!("{bytes:?}"),
        Dump::File { .. } => String::new(),
    };
    let files: Vec<_> = report
        .files
        .iter()
        .map(|file| format!("{file:?} {}", content(&file.content)))
        .collect();
    format!(
        "{:?} {files:?} {:?} {:?} {} {} {}",
        report.annotations,
        report.notes,
        report.payload,
        report.compressed,
        report.size,
        report.unpacked_size
    )
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn read(headers: &HeaderMap, body: &Bytes, sizes: &[usize]) -> String {
    described(run(parse_cut(headers, body.clone(), sizes, &observing())))
}

#[test]
fn all_bodies_are_sound_and_can_come_byte_by_byte() {
    for (headers, body) in bodies() {
        let whole = run(parse_cut(&headers, body.clone(), &[], &observing()));
        assert!(whole.is_ok(), "{whole:?}");
        let whole = described(whole);
        assert_eq!(read(&headers, &body, &vec![1; body.len()]), whole);
        for at in 0..body.len() {
            assert_eq!(read(&headers, &body, &[at]), whole, "cut at {at}");
        }
    }
}

#[test]
fn a_body_that_ends_too_early_is_never_taken_wrong() {
    for (headers, body) in bodies() {
        for length in 0..body.len() {
            let short = body.slice(..length);
            assert_eq!(
                read(&headers, &short, &[]),
                read(&headers, &short, &[length / 2, 1]),
                "{length}"
            );
        }
    }
}

/// Bodies to be damaged: ours, and those that clients were recorded with.
static SOUND: LazyLock<Vec<(HeaderMap, Bytes)>> = LazyLock::new(|| {
    const LARGEST: usize = 5000;
    let mut sound = bodies();
    sound.extend(recorded().filter(|(_, body)| body.len() <= LARGEST));
    sound
});

/// What a damage puts somewhere.
fn damages() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        &b"--b0undary"[..],
        b"\r\n--b0undary\r\n",
        b"\r\n--b0undary--",
        b"\r\n\r\n",
        b"\r\n",
        b"\r",
        b"-",
        b": ",
        b"\"",
        b"\\",
        b";",
        b"name*=",
        b"filename*=utf-8''%",
        b"Content-Type: application/json\r\n",
        b"{",
        b"[",
        b"\\ud800",
        b"\x1f\x8b\x08",
        b"\0",
        b"",
    ];
    prop_oneof![
        select(pieces.map(<[u8]>::to_vec).to_vec()),
        vec(any::<u8>(), 0..8)
    ]
}

proptest! {
    #[test]
    fn damaged_bodies_give_the_same_however_they_are_cut(
        which in any::<Index>(),
        packed in any::<bool>(),
        changes in vec((any::<Index>(), 0..20_usize, damages()), 1..6),
        sizes in vec(0..200_usize, 0..20),
    ) {
        let (mut headers, body) = which.get(&SOUND).clone();
        let mut bytes = body.to_vec();
        for (place, removed, inserted) in changes {
            let start = place.index(bytes.len() + 1);
            let end = bytes.len().min(start + removed);
            bytes.splice(start..end, inserted);
        }
        if packed {
            bytes = gzip(&bytes);
            headers.insert("content-encoding", "gzip".parse().unwrap());
        }
        let body = Bytes::from(bytes);
        prop_assert_eq!(read(&headers, &body, &sizes), read(&headers, &body, &[]));
    }
}
