//! Things that are there, but not as they should be.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a conformance test fails by panicking"
)]

use serde_json::Value;

use crate::{
    ErrorKind, Item,
    testkit::{Harness, sample},
};

/// What no tolerance turns into a JSON object.
const NO_OBJECTS: [&[u8]; 7] = [
    b"",
    b"not json",
    b"[1, 2]",
    b"\"text\"",
    b"null",
    br#"{"a": "#,
    b"\x1f\x8b\x08damaged",
];

/// A raw crash that is no JSON object is corrupt, not absent.
pub async fn damaged_raw_crashes_are_corrupt(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    for content in NO_OBJECTS {
        harness.plant(&id, &Item::RawCrash, content).await;
        let error = storage.raw_crash(&id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{content:?}: {error}");
        assert_eq!(error.item(), Some(&Item::RawCrash));
        assert!(!error.is_temporary());
        assert!(storage.exists(&id, &Item::RawCrash).await.unwrap());
    }
}

/// The same for processed crashes.
pub async fn damaged_processed_crashes_are_corrupt(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    for content in NO_OBJECTS {
        harness.plant(&id, &Item::ProcessedCrash, content).await;
        let error = storage.processed_crash(&id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{content:?}: {error}");
    }
}

/// A list of dump names that is no array of texts is corrupt.
pub async fn damaged_lists_are_corrupt(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    for content in [&b"{}"[..], b"", b"[1]", b"[null]", b"[\"a\"", b"\"dump\""] {
        harness.plant(&id, &Item::DumpNames, content).await;
        let error = storage.dump_names(&id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{content:?}: {error}");
        assert_eq!(error.item(), Some(&Item::DumpNames));
    }
}

/// Lone surrogates, bare `NaN`, a byte-order mark and compression are found in real buckets.
pub async fn what_python_writes_is_readable(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    // {"a": 1}, compressed
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJT\xb2R0\xac\x05\x00\x97\x8e\xa1\xfb\x08\x00\x00\x00";
    for (content, value) in [
        (&br#"{"a": "\ud800"}"#[..], Value::from("\u{fffd}")),
        (br#"{"a": NaN, "b": -Infinity}"#, Value::Null),
        (b"\xef\xbb\xbf{\"a\": 1}", Value::from(1)),
        (br#"{"a": 2, "a": 1}"#, Value::from(1)),
        (gzip, Value::from(1)),
    ] {
        harness.plant(&id, &Item::RawCrash, content).await;
        let crash = storage.raw_crash(&id).await.unwrap();
        assert_eq!(crash.get("a"), Some(&value), "{content:?}");
    }
}
