//! Reports: raw crash, list of dump names and dumps together.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a conformance test fails by panicking"
)]

use futures::future::join;
use socorro_core::{DumpName, Dumps};

use crate::{
    DocumentKey, ErrorKind, Item,
    testkit::{Harness, sample},
};

/// What was saved is what is read, byte for byte.
pub async fn a_report_comes_back_as_it_was_saved(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let (raw_crash, dumps) = (sample::raw_crash(&id), sample::dumps());
    storage
        .save_raw_crash(&id, &raw_crash, &dumps)
        .await
        .unwrap();

    assert_eq!(
        storage.raw_crash(&id).await.unwrap().to_json(),
        raw_crash.to_json()
    );
    let names = storage.dump_names(&id).await.unwrap();
    assert_eq!(names.skipped, Vec::<String>::new());
    let mut expected: Vec<_> = dumps.names().cloned().collect();
    expected.sort_unstable();
    assert_eq!(names.names, expected, "the list is sorted");
    for (name, content) in [
        (DumpName::main(), &b"main"[..]),
        (sample::browser(), b"browser"),
        (sample::memory_report(), b"\x1f\x8bmemory"),
    ] {
        assert_eq!(storage.dump(&id, &name).await.unwrap(), content, "{name}");
    }
}

/// The list of dump names is written also when it is empty.
pub async fn a_report_without_dumps_has_an_empty_list(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &Dumps::new())
        .await
        .unwrap();
    assert_eq!(storage.dump_names(&id).await.unwrap().names, []);
}

/// A collector may save the same report several times.
pub async fn saving_a_report_again_replaces_it(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let mut raw_crash = sample::raw_crash(&id);
    for version in ["1.0", "2.0"] {
        raw_crash.set("Version", version);
        storage
            .save_raw_crash(&id, &raw_crash, &sample::dumps())
            .await
            .unwrap();
    }
    let stored = storage.raw_crash(&id).await.unwrap();
    assert_eq!(stored.annotation("Version"), Some("2.0"));
}

/// When the raw crash can be seen, so can everything else.
pub async fn the_raw_crash_shows_that_all_is_there(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let (raw_crash, dumps) = (sample::raw_crash(&id), sample::dumps());
    let save = async {
        storage
            .save_raw_crash(&id, &raw_crash, &dumps)
            .await
            .unwrap();
    };
    let watch = async {
        while !storage.exists(&id, &Item::RawCrash).await.unwrap() {
            tokio::task::yield_now().await;
        }
        let listed = storage.dump_names(&id).await.unwrap();
        for name in listed.names {
            assert!(storage.exists(&id, &Item::Dump(name)).await.unwrap());
        }
    };
    join(save, watch).await;
}

/// Absent is its own answer, and it names what is absent.
pub async fn what_is_not_there_is_not_found(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let dump = Item::Dump(DumpName::main());
    let errors = [
        (Item::RawCrash, storage.raw_crash(&id).await.err()),
        (Item::DumpNames, storage.dump_names(&id).await.err()),
        (dump, storage.dump(&id, &DumpName::main()).await.err()),
        (
            Item::ProcessedCrash,
            storage.processed_crash(&id).await.err(),
        ),
    ];
    for (item, error) in errors {
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{item}: {error}");
        assert_eq!(error.item(), Some(&item), "{error}");
        assert!(!error.is_temporary());
        assert!(!storage.exists(&id, &item).await.unwrap(), "{item}");
    }
    let key = DocumentKey::dead_letter(sample::DATE, &id);
    let error = storage.document(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(storage.catalog(&id).await.unwrap().present.is_empty());
}
