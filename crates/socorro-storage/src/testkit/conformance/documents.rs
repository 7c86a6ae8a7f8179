//! Documents, and the sign of life.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a conformance test fails by panicking"
)]

use std::collections::BTreeSet;

use futures::TryStreamExt as _;

use crate::{
    DocumentFolder, DocumentKey, ErrorKind, MissingModule,
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

/// A folder lists its documents and no others; deleting one takes it away, and can be repeated.
pub async fn documents_are_listed_and_deleted(harness: &dyn Harness) {
    let storage = harness.storage();
    let folder = DocumentFolder::outbox("listed").unwrap();
    let list = async || -> BTreeSet<_> {
        let keys = storage.list_documents(&folder);
        keys.map_ok(|key| key.crash_id().unwrap())
            .try_collect()
            .await
            .unwrap()
    };
    assert_eq!(list().await, BTreeSet::new());
    let ids: Vec<_> = (0..3).map(|_| sample::crash_id()).collect();
    for (index, id) in ids.iter().enumerate() {
        for destination in ["listed", "listed-too"] {
            let key = DocumentKey::outbox(destination, id).unwrap();
            let content = bytes::Bytes::from(format!("{index}"));
            storage.save_document(&key, content).await.unwrap();
        }
    }
    assert_eq!(list().await, ids.iter().copied().collect());

    let key = DocumentKey::outbox("listed", &ids[1]).unwrap();
    for _ in 0..2 {
        storage.delete_document(&key).await.unwrap();
        assert_eq!(list().await, BTreeSet::from([ids[0], ids[2]]));
    }
    let error = storage.document(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// The index of missing symbols keeps modules apart, also two of the same debug id.
pub async fn missing_symbols_are_listed_by_module(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    // An id of its own, since storages are shared by tests and outlive them.
    let debug_id: String = id.as_str().replace('-', "");
    let modules = ["app.pdb", "app.exe", "../ä b"]
        .map(|debug_file| MissingModule::new(debug_file, &debug_id).unwrap());
    let list = async |module: &MissingModule| -> Vec<_> {
        let keys = storage.list_documents(&DocumentFolder::missing_symbols(module));
        keys.map_ok(|key| key.crash_id().unwrap())
            .try_collect()
            .await
            .unwrap()
    };
    for module in &modules[1..] {
        let key = DocumentKey::missing_symbols(module, &id);
        for _ in 0..2 {
            storage.save_document(&key, "{}".into()).await.unwrap();
        }
    }
    assert_eq!(list(&modules[0]).await, []);
    assert_eq!(list(&modules[1]).await, [id]);
    let key = DocumentKey::missing_symbols(&modules[1], &id);
    storage.delete_document(&key).await.unwrap();
    assert_eq!(list(&modules[1]).await, []);
    assert_eq!(list(&modules[2]).await, [id]);
}

/// A storage that works says so, and its name is one line without surprises.
pub async fn a_storage_gives_a_sign_of_life(harness: &dyn Harness) {
    let storage = harness.storage();
    storage.check().await.unwrap();
    let name = storage.to_string();
    assert!(!name.is_empty());
    assert!(!name.contains(['\n', '?', '@']), "{name}");
}
