//! Listing, cataloguing and deleting.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a conformance test fails by panicking"
)]

use futures::TryStreamExt as _;
use socorro_core::{CrashId, DumpName, Dumps, time::Date};

use crate::{
    CrashStorage, CrashStorageExt as _, Expected, Item, Remaining,
    testkit::{Harness, sample},
};

/// Days on which no other test has crashes.
const LISTED: Date = Date::constant(2031, 5, 6);
const EMPTY: Date = Date::constant(2031, 5, 7);
const HALF_PROCESSED: Date = Date::constant(2031, 5, 8);

async fn save(storage: &dyn CrashStorage, id: &CrashId) {
    storage
        .save_raw_crash(id, &sample::raw_crash(id), &sample::dumps())
        .await
        .unwrap();
    storage
        .save_processed_crash(id, &sample::processed_crash(id, "x"), Expected::Any)
        .await
        .unwrap();
}

/// A day's crashes come in ascending order, from any point on, and only that day's.
pub async fn a_day_is_listed_in_order(harness: &dyn Harness) {
    let storage = harness.storage();
    let mut ids: Vec<_> = (0..12).map(|_| CrashId::mint(LISTED, 0)).collect();
    for id in &ids {
        storage
            .save_raw_crash(id, &sample::raw_crash(id), &Dumps::new())
            .await
            .unwrap();
    }
    ids.sort_unstable();
    let list = async |date, after| -> Vec<_> {
        storage.list_raw(date, after).try_collect().await.unwrap()
    };
    assert_eq!(list(LISTED, None).await, ids);
    assert_eq!(list(LISTED, Some(ids[4])).await, ids[5..]);
    assert_eq!(list(LISTED, Some(ids[11])).await, []);
    assert_eq!(list(EMPTY, None).await, []);
}

/// The processed crashes of a day come the same way, without those of other days.
pub async fn processed_crashes_of_a_day_are_listed_in_order(harness: &dyn Harness) {
    let storage = harness.storage();
    let mut ids: Vec<_> = (0..5).map(|_| CrashId::mint(LISTED, 0)).collect();
    let other = CrashId::mint(EMPTY, 0);
    for id in ids.iter().chain([&other]) {
        let crash = sample::processed_crash(id, "x");
        storage
            .save_processed_crash(id, &crash, Expected::Absent)
            .await
            .unwrap();
    }
    ids.sort_unstable();
    let list = async |date, after| -> Vec<_> {
        let ids = storage.list_processed(date, after);
        ids.try_collect().await.unwrap()
    };
    assert_eq!(list(LISTED, None).await, ids);
    assert_eq!(list(LISTED, Some(ids[1])).await, ids[2..]);
    assert_eq!(list(EMPTY, None).await, [other]);
}

/// What has a raw crash and no processed one is found.
pub async fn unprocessed_crashes_are_found(harness: &dyn Harness) {
    let storage = harness.storage();
    let mut unprocessed = Vec::new();
    for index in 0..8 {
        let id = CrashId::mint(HALF_PROCESSED, 0);
        save(storage, &id).await;
        // Some of either kind, at random places among the ids of the day.
        match index % 4 {
            0 => harness.remove(&id, &Item::RawCrash).await,
            1 | 2 => {
                harness.remove(&id, &Item::ProcessedCrash).await;
                unprocessed.push(id);
            }
            _ => {}
        }
    }
    unprocessed.sort_unstable();
    let list = async |after| -> Vec<_> {
        let ids = storage.list_unprocessed(HALF_PROCESSED, after);
        ids.try_collect().await.unwrap()
    };
    assert_eq!(list(None).await, unprocessed);
    assert_eq!(list(Some(unprocessed[1])).await, unprocessed[2..]);
}

/// The catalog has every item with its size, and the dumps that are listed but not there.
pub async fn the_catalog_tells_what_is_there(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    save(storage, &id).await;
    harness.remove(&id, &Item::Dump(sample::browser())).await;

    let catalog = storage.catalog(&id).await.unwrap();
    let items: Vec<_> = catalog.present.iter().map(|entry| &entry.item).collect();
    let (main, report) = (
        Item::Dump(DumpName::main()),
        Item::Dump(sample::memory_report()),
    );
    for item in [
        &Item::RawCrash,
        &Item::DumpNames,
        &main,
        &report,
        &Item::ProcessedCrash,
    ] {
        assert!(items.contains(&item), "{item} is in the catalog");
        assert!(storage.exists(&id, item).await.unwrap(), "{item} exists");
    }
    assert_eq!(items.len(), 5);
    assert_eq!(catalog.get(&main).unwrap().size, 4);
    assert_eq!(catalog.missing, [sample::browser()]);
}

/// All parts of a crash go, dumps first and the list of their names last; doing it again is fine.
pub async fn deleting_leaves_nothing_and_no_other_crash_suffers(harness: &dyn Harness) {
    let storage = harness.storage();
    let (id, neighbour) = (sample::crash_id(), sample::crash_id());
    save(storage, &id).await;
    save(storage, &neighbour).await;
    // Known files go also when the list has lost them.
    harness.plant(&id, &Item::DumpNames, b"[]").await;

    for _ in 0..2 {
        let report = storage.delete(&id).await.unwrap();
        assert!(report.is_complete(), "{report:?}");
        let list = format!("dump_names/{id}");
        assert!(
            report
                .removed
                .last()
                .is_some_and(|key| key.ends_with(&list))
        );
        assert!(storage.catalog(&id).await.unwrap().present.is_empty());
    }
    assert_eq!(storage.catalog(&neighbour).await.unwrap().present.len(), 6);
}

/// When a dump may be left that nobody can name, the list that tells of it stays.
pub async fn a_dump_that_cannot_be_named_keeps_the_list(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    save(storage, &id).await;
    for list in [&br#"["upload_file_minidump", "a b"]"#[..], b"damaged"] {
        harness.plant(&id, &Item::DumpNames, list).await;
        let report = storage.delete(&id).await.unwrap();
        assert!(!report.is_complete());
        let kept = |remaining: &Remaining| matches!(remaining, Remaining::Kept { .. });
        assert!(report.remaining.iter().any(kept), "{report:?}");
        assert!(storage.exists(&id, &Item::DumpNames).await.unwrap());
        assert!(!storage.exists(&id, &Item::RawCrash).await.unwrap());
    }
}
