//! The storage that fails when told to.

use futures::TryStreamExt as _;
use socorro_storage::{
    CrashStorage as _, Error, ErrorKind, Expected, ObjectStorage, StorageOptions,
    testkit::{Fault, FlakyStorage, Operation, sample},
};

fn flaky() -> FlakyStorage {
    FlakyStorage::new(ObjectStorage::memory(StorageOptions::default()))
}

fn told_to() -> Error {
    Error::unavailable("test", "told to fail")
}

#[tokio::test]
async fn only_the_planned_calls_fail() {
    let (storage, id) = (flaky(), sample::crash_id());
    let crash = sample::processed_crash(&id, "x");
    storage.fail(Operation::SaveProcessedCrash, 2..=3, told_to);
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        let result = storage
            .save_processed_crash(&id, &crash, Expected::Any)
            .await;
        outcomes.push(result.is_ok());
    }
    assert_eq!(outcomes, [true, false, false, true]);
    assert_eq!(storage.calls(Operation::SaveProcessedCrash), 4);
    assert_eq!(storage.calls(Operation::ProcessedCrash), 0);
    assert_eq!(storage.to_string(), "FlakyStorage(memory:)");
}

#[tokio::test]
async fn a_lost_answer_leaves_what_was_written() {
    let (storage, id) = (flaky(), sample::crash_id());
    let crash = sample::processed_crash(&id, "x");
    storage.plan(|call| {
        (call.operation == Operation::SaveProcessedCrash && call.count == 1)
            .then(|| Fault::LoseAnswer(told_to()))
    });
    let save = || storage.save_processed_crash(&id, &crash, Expected::Absent);
    assert!(save().await.is_err());
    assert!(storage.processed_crash(&id).await.is_ok());
    assert!(save().await.is_ok(), "trying again is no conflict");
}

#[tokio::test]
async fn an_outage_ends_when_it_is_healed() {
    let (storage, id) = (flaky(), sample::crash_id());
    storage.plan(move |call| {
        (call.id.is_none_or(|this| this == id)).then(|| Fault::Refuse(told_to()))
    });
    let kind = |error: Error| error.kind();
    let list =
        async || -> Result<Vec<_>, _> { storage.list_raw(sample::DATE, None).try_collect().await };
    assert_eq!(
        storage.raw_crash(&id).await.map_err(kind),
        Err(ErrorKind::Unavailable)
    );
    assert_eq!(list().await.map_err(kind), Err(ErrorKind::Unavailable));
    storage.heal();
    assert_eq!(
        storage.raw_crash(&id).await.map_err(kind),
        Err(ErrorKind::NotFound)
    );
    assert_eq!(list().await.map_err(kind), Ok(vec![]));
}
