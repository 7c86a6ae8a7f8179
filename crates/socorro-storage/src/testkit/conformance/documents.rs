//! Documents, and the sign of life.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a conformance test fails by panicking"
)]

use crate::{
    DocumentKey,
    testkit::{Harness, sample},
};

/// A document comes back byte for byte, and the last one written counts.
pub async fn documents_come_back(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    for key in [
        DocumentKey::dead_letter(sample::DATE, &id),
        DocumentKey::dead_letter_of_body(sample::DATE, id.as_str().as_bytes()),
        DocumentKey::outbox("telemetry", &id).unwrap(),
    ] {
        for content in [&b"{\"first\": 1}"[..], b"\x00no json\xff"] {
            let content = bytes::Bytes::copy_from_slice(content);
            storage.save_document(&key, content.clone()).await.unwrap();
            assert_eq!(storage.document(&key).await.unwrap(), content);
        }
    }
}

/// A storage that works says so, and its name is one line without surprises.
pub async fn a_storage_gives_a_sign_of_life(harness: &dyn Harness) {
    let storage = harness.storage();
    storage.check().await.unwrap();
    let name = storage.to_string();
    assert!(!name.is_empty());
    assert!(!name.contains(['\n', '?', '@']), "{name}");
}
