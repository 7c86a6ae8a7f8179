//! Processed crashes and their versions.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a conformance test fails by panicking"
)]

use futures::future::join;
use socorro_core::ProcessedCrash;

use crate::{
    ErrorKind, Expected,
    testkit::{Harness, sample},
};

/// Fields come back in the order in which they were written.
pub async fn a_processed_crash_keeps_its_order(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let crash = sample::processed_crash(&id, "first");
    let receipt = storage
        .save_processed_crash(&id, &crash, Expected::Absent)
        .await
        .unwrap();
    let stored = storage.processed_crash(&id).await.unwrap();
    assert_eq!(stored.value.to_json(), crash.to_json());
    assert_eq!(receipt.size, crash.to_json().len() as u64);
    assert_eq!(receipt.version, stored.version);
}

/// A write goes through when what it expects is there, else it is a conflict and changes nothing.
pub async fn only_the_expected_version_is_replaced(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let crash = |signature: &str| sample::processed_crash(&id, signature);
    let first = storage
        .save_processed_crash(&id, &crash("first"), Expected::Any)
        .await
        .unwrap();
    let second = storage
        .save_processed_crash(
            &id,
            &crash("the second"),
            Expected::Version(first.version.clone()),
        )
        .await
        .unwrap();
    assert_ne!(first.version, second.version);

    let other = sample::crash_id();
    for (id, expected) in [
        (id, Expected::Version(first.version.clone())),
        (id, Expected::Absent),
        (other, Expected::Version(first.version)),
    ] {
        let error = storage
            .save_processed_crash(&id, &crash("a loser"), expected.clone())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{expected:?}: {error}");
    }
    let stored = storage.processed_crash(&id).await.unwrap();
    assert_eq!(stored.value.signature(), Some("the second"));
    let error = storage.processed_crash(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    storage
        .save_processed_crash(&id, &crash("whatever was there"), Expected::Any)
        .await
        .unwrap();
}

/// Saving what is there already succeeds, whatever was expected.
pub async fn an_answer_that_was_lost_is_no_conflict(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let crash = sample::processed_crash(&id, "the same");
    let save = |expected| storage.save_processed_crash(&id, &crash, expected);
    let first = save(Expected::Absent).await.unwrap();
    let again = save(Expected::Absent).await.unwrap();
    assert_eq!(first, again);
}

/// Two workers that process the same new crash at the same time cannot overwrite each other.
pub async fn of_two_first_writers_one_wins(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let crashes = ["one", "two"].map(|signature| sample::processed_crash(&id, signature));
    let save = |crash| storage.save_processed_crash(&id, crash, Expected::Absent);
    let (one, two) = join(save(&crashes[0]), save(&crashes[1])).await;
    let winner: &ProcessedCrash = match (one, two) {
        (Ok(_), Err(error)) if error.kind() == ErrorKind::Conflict => &crashes[0],
        (Err(error), Ok(_)) if error.kind() == ErrorKind::Conflict => &crashes[1],
        other => panic!("one has to win and one to lose, not {other:?}"),
    };
    let stored = storage.processed_crash(&id).await.unwrap();
    assert_eq!(stored.value.to_json(), winner.to_json());
}

/// Two workers that replace the same version at the same time cannot overwrite each other, however
/// often they try.
pub async fn of_two_replacers_one_wins(harness: &dyn Harness) {
    let (storage, id) = (harness.storage(), sample::crash_id());
    let first = sample::processed_crash(&id, "first");
    let receipt = storage
        .save_processed_crash(&id, &first, Expected::Absent)
        .await
        .unwrap();
    let mut version = receipt.version;
    for round in 0..10 {
        let crashes = ["one", "the other"]
            .map(|name| sample::processed_crash(&id, &format!("{name} {}", "x".repeat(round))));
        let save = |crash| {
            let expected = Expected::Version(version.clone());
            storage.save_processed_crash(&id, crash, expected)
        };
        let (receipt, winner) = match join(save(&crashes[0]), save(&crashes[1])).await {
            (Ok(receipt), Err(error)) if error.kind() == ErrorKind::Conflict => (receipt, 0),
            (Err(error), Ok(receipt)) if error.kind() == ErrorKind::Conflict => (receipt, 1),
            other => panic!("round {round}: one has to win and one to lose, not {other:?}"),
        };
        let stored = storage.processed_crash(&id).await.unwrap();
        assert_eq!(stored.value.to_json(), crashes[winner].to_json());
        assert_eq!(stored.version, receipt.version);
        version = receipt.version;
    }
}
