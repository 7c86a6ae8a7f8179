//! Layers around a storage.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, future::join_all, stream::BoxStream};
use object_store::memory::InMemory;
use socorro_core::{CrashId, Dumps};
use socorro_storage::{
    CrashStorage, DocumentFolder, DocumentKey, Error, ErrorKind, Expected, FanOut, Item,
    ObjectStorage, StorageOptions, Subject,
    layer::{
        Answer, Call, Layer, Layered, Limit, Observation, Observe, Observer, Operation, Outcome,
        ReadOnly, Retry,
    },
    testkit::{Fault, FlakyStorage, Harness, ObjectHarness, sample},
};
use tokio::time::Instant;

/// A storage in memory with something around it.
struct Wrapped {
    storage: Box<dyn CrashStorage>,
    inside: ObjectHarness,
}

impl Wrapped {
    fn new<S: CrashStorage>(wrap: impl FnOnce(ObjectStorage) -> S) -> Self {
        let store = Arc::new(InMemory::new());
        let open = || ObjectStorage::over(store.clone(), "memory:", StorageOptions::default());
        Self {
            storage: Box::new(wrap(open())),
            inside: ObjectHarness::of(open()),
        }
    }
}

#[async_trait]
impl Harness for Wrapped {
    fn storage(&self) -> &dyn CrashStorage {
        &*self.storage
    }

    async fn plant(&self, id: &CrashId, item: &Item, content: &[u8]) {
        self.inside.plant(id, item, content).await;
    }

    async fn remove(&self, id: &CrashId, item: &Item) {
        self.inside.remove(id, item).await;
    }
}

fn memory() -> ObjectStorage {
    ObjectStorage::memory(StorageOptions::default())
}

mod all_layers {
    use super::*;

    async fn harness() -> Option<Wrapped> {
        Some(Wrapped::new(|storage| {
            let storage = Layered::new(storage, Retry::default());
            let storage = Layered::new(storage, Limit::new(1));
            Layered::new(storage, Observe::with(Journal::default()))
        }))
    }

    socorro_storage::conformance_tests!(harness);
}

mod fan_out {
    use super::*;

    async fn harness() -> Option<Wrapped> {
        Some(Wrapped::new(|storage| {
            FanOut::new(storage).with_copy(memory()).with_copy(memory())
        }))
    }

    socorro_storage::conformance_tests!(harness);
}

mod below_a_prefix {
    use super::*;

    async fn harness() -> Option<ObjectHarness> {
        Some(ObjectHarness::of(memory().below("some/prefix/").unwrap()))
    }

    socorro_storage::conformance_tests!(harness);
}

/// What observers were told.
#[derive(Debug, Clone, Default)]
struct Journal(Arc<Mutex<Vec<Observation>>>);

impl Journal {
    fn take(&self) -> Vec<Observation> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Journal {
    fn observe(&self, observation: &Observation) {
        self.0.lock().unwrap().push(observation.clone());
    }
}

fn outage() -> Error {
    Error::unavailable("test", "told to fail")
}

fn busy() -> Error {
    Error::Unavailable {
        storage: "test".to_owned(),
        what: Box::new(Subject::Storage),
        reason: "busy".to_owned(),
        retry_after: Some(Duration::from_secs(20)),
        source: None,
    }
}

/// A flaky storage, and the same with retries around it.
fn flaky_and_retrying() -> (Arc<FlakyStorage>, Layered<Retry>) {
    let flaky = Arc::new(FlakyStorage::new(memory()));
    (flaky.clone(), Layered::new(flaky, Retry::default()))
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_sat_out() {
    let (flaky, storage) = flaky_and_retrying();
    flaky.fail(Operation::Check, ..=3, outage);
    storage.check().await.unwrap();
    assert_eq!(flaky.calls(Operation::Check), 4);

    flaky.fail(Operation::Document, .., outage);
    let key = DocumentKey::dead_letter(sample::DATE, &sample::crash_id());
    let begin = Instant::now();
    let error = storage.document(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(flaky.calls(Operation::Document), 4);
    // 200, 400 and 800 ms, each at least half of it.
    let waited = begin.elapsed().as_millis();
    assert!((700..=1500).contains(&waited), "{waited} ms");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_outage_is_not_repeated() {
    let (flaky, storage) = flaky_and_retrying();
    let id = sample::crash_id();
    let error = storage.raw_crash(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(flaky.calls(Operation::RawCrash), 1);
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_wants_to_be_left_alone_is() {
    let flaky = Arc::new(FlakyStorage::new(memory()));
    let retry = Retry {
        give_up_after: Duration::from_secs(50),
        ..Retry::default()
    };
    let storage = Layered::new(flaky.clone(), retry);
    flaky.fail(Operation::Check, ..=2, busy);
    let begin = Instant::now();
    storage.check().await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 40);

    // Another 20 s would be more than there are.
    flaky.fail(Operation::Check, 4.., busy);
    let error = storage.check().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(20)));
    assert_eq!(flaky.calls(Operation::Check), 6);
}

#[tokio::test(start_paused = true)]
async fn a_list_goes_on_where_it_broke_off() {
    let (flaky, storage) = flaky_and_retrying();
    let mut ids: Vec<_> = (0..4).map(|_| sample::crash_id()).collect();
    for id in &ids {
        let raw_crash = sample::raw_crash(id);
        storage
            .save_raw_crash(id, &raw_crash, &Dumps::new())
            .await
            .unwrap();
    }
    ids.sort_unstable();
    // All ids come, but the end of the list is lost: what follows is a list of nothing.
    flaky.plan(|call| {
        let first = call.operation == Operation::ListRaw && call.count == 1;
        first.then(|| Fault::LoseAnswer(outage()))
    });
    let list = storage.list_raw(sample::DATE, None);
    assert_eq!(list.try_collect::<Vec<_>>().await.unwrap(), ids);
    assert_eq!(flaky.calls(Operation::ListRaw), 2);
}

#[tokio::test(start_paused = true)]
async fn documents_that_were_listed_are_not_listed_again() {
    let (flaky, storage) = flaky_and_retrying();
    let key = DocumentKey::dead_letter(sample::DATE, &sample::crash_id());
    storage.save_document(&key, "{}".into()).await.unwrap();
    let folder = DocumentFolder::dead_letters(sample::DATE);
    let list =
        async || -> Result<Vec<_>, Error> { storage.list_documents(&folder).try_collect().await };
    flaky.fail(Operation::ListDocuments, 1..=2, outage);
    assert_eq!(list().await.unwrap(), [key], "it had not begun");
    flaky.heal();
    flaky.plan(|call| {
        (call.operation == Operation::ListDocuments).then(|| Fault::LoseAnswer(outage()))
    });
    assert_eq!(list().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_no_conflict() {
    let (flaky, storage) = flaky_and_retrying();
    flaky.plan(|call| {
        let first = call.operation == Operation::SaveProcessedCrash && call.count == 1;
        first.then(|| Fault::LoseAnswer(outage()))
    });
    let id = sample::crash_id();
    let crash = sample::processed_crash(&id, "x");
    storage
        .save_processed_crash(&id, &crash, Expected::Absent)
        .await
        .unwrap();
    assert_eq!(flaky.calls(Operation::SaveProcessedCrash), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_than_allowed_go_through() {
    let slow = Layered::new(memory(), Slow);
    let storage = Layered::new(slow, Limit::new(3));
    let checks = (0..9).map(|_| storage.check());
    let begin = Instant::now();
    for result in join_all(checks).await {
        result.unwrap();
    }
    assert_eq!(begin.elapsed(), Slow::TIME * 3);
}

/// Takes its time.
#[derive(Debug)]
struct Slow;

impl Slow {
    const TIME: Duration = Duration::from_secs(1);
}

impl Layer for Slow {
    async fn run<V, F, W>(&self, _: &Call, work: F) -> Result<V, Error>
    where
        V: Answer,
        F: Fn() -> W + Send + Sync,
        W: Future<Output = Result<V, Error>> + Send,
    {
        tokio::time::sleep(Self::TIME).await;
        work().await
    }

    fn list<'a, V, F>(&'a self, _: &Call, start: F) -> BoxStream<'a, Result<V, Error>>
    where
        V: Clone + Send + Sync + 'a,
        F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>> + Send + Sync + 'a,
    {
        start(None).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_how_each_call_went() {
    let journal = Journal::default();
    let slow = Layered::new(memory(), Slow);
    let storage = Layered::new(slow, Observe::with(journal.clone()));
    let id = sample::crash_id();
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
        .await
        .unwrap();
    storage.dump(&id, &sample::browser()).await.unwrap();
    storage.processed_crash(&id).await.unwrap_err();
    {
        let given_up = tokio::time::timeout(Slow::TIME / 2, storage.check());
        given_up.await.unwrap_err();
    }
    let list = storage.list_raw(sample::DATE, None);
    list.try_collect::<Vec<_>>().await.unwrap();
    drop(storage.list_raw(sample::DATE, None).next().await);

    let seen: Vec<_> = journal
        .take()
        .into_iter()
        .map(|seen| (seen.operation, seen.outcome, seen.bytes, seen.duration))
        .collect();
    let not_found = Outcome::Failure(ErrorKind::NotFound);
    let (none, half) = (Duration::ZERO, Slow::TIME / 2);
    assert_eq!(
        seen,
        [
            (
                Operation::SaveRawCrash,
                Outcome::Success,
                Some(19),
                Slow::TIME
            ),
            (Operation::Dump, Outcome::Success, Some(7), Slow::TIME),
            (Operation::ProcessedCrash, not_found, None, Slow::TIME),
            (Operation::Check, Outcome::Abandoned, None, half),
            (Operation::ListRaw, Outcome::Success, None, none),
            (Operation::ListRaw, Outcome::Abandoned, None, none),
        ]
    );
}

#[tokio::test]
async fn a_read_only_storage_changes_nothing() {
    let inside = Arc::new(memory());
    let storage = Layered::new(inside.clone(), ReadOnly);
    let (id, key) = (
        sample::crash_id(),
        DocumentKey::dead_letter(sample::DATE, &sample::crash_id()),
    );
    let (raw_crash, dumps) = (sample::raw_crash(&id), sample::dumps());
    let crash = sample::processed_crash(&id, "x");
    inside
        .save_raw_crash(&id, &raw_crash, &dumps)
        .await
        .unwrap();
    let refusals = [
        storage.save_raw_crash(&id, &raw_crash, &dumps).await.err(),
        storage
            .save_processed_crash(&id, &crash, Expected::Any)
            .await
            .err(),
        storage.delete(&id).await.err(),
        storage.save_document(&key, "{}".into()).await.err(),
        storage.delete_document(&key).await.err(),
    ];
    for error in refusals {
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.to_string().contains("read-only"), "{error}");
    }
    assert_eq!(
        storage.raw_crash(&id).await.unwrap().to_json(),
        raw_crash.to_json()
    );
    let list = storage.list_raw(sample::DATE, None);
    assert_eq!(list.try_collect::<Vec<_>>().await.unwrap(), [id]);
    assert_eq!(storage.to_string(), "memory:");
}

#[tokio::test]
async fn a_write_reaches_every_copy_or_fails_and_can_be_repeated() {
    let (first, second) = (Arc::new(memory()), Arc::new(FlakyStorage::new(memory())));
    let storage = FanOut::new(first.clone()).with_copy(second.clone());
    let id = sample::crash_id();
    let crash = sample::processed_crash(&id, "x");
    let save = || storage.save_processed_crash(&id, &crash, Expected::Absent);
    second.fail(Operation::SaveProcessedCrash, 1..=1, outage);
    assert_eq!(save().await.unwrap_err().kind(), ErrorKind::Unavailable);
    save().await.unwrap();
    for copy in [&first as &dyn CrashStorage, &second] {
        let stored = copy.processed_crash(&id).await.unwrap();
        assert_eq!(stored.value.signature(), Some("x"));
    }
    // The first storage decides about conflicts, and nothing reaches a copy then.
    let other = sample::processed_crash(&id, "y");
    let error = storage
        .save_processed_crash(&id, &other, Expected::Absent)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(second.calls(Operation::SaveProcessedCrash), 2);

    assert!(storage.delete(&id).await.unwrap().is_complete());
    for copy in [&first as &dyn CrashStorage, &second] {
        assert!(copy.catalog(&id).await.unwrap().present.is_empty());
    }
    assert_eq!(storage.to_string(), "memory: + FlakyStorage(memory:)");
}

#[tokio::test]
async fn below_a_prefix_nothing_else_is_seen() {
    let store = Arc::new(InMemory::new());
    let open = || ObjectStorage::over(store.clone(), "memory:", StorageOptions::default());
    let (whole, part) = (open(), open().below("part").unwrap());
    let id = sample::crash_id();
    part.save_raw_crash(&id, &sample::raw_crash(&id), &Dumps::new())
        .await
        .unwrap();
    assert!(part.exists(&id, &Item::RawCrash).await.unwrap());
    assert!(!whole.exists(&id, &Item::RawCrash).await.unwrap());
    assert_eq!(part.to_string(), "memory:/part");

    let directory = tempfile::tempdir().unwrap();
    let storage = ObjectStorage::directory(directory.path(), StorageOptions::default()).unwrap();
    let part = storage.below("a/b").unwrap();
    part.save_raw_crash(&id, &sample::raw_crash(&id), &Dumps::new())
        .await
        .unwrap();
    let key = socorro_storage::layout::raw_crash(&id);
    assert!(directory.path().join("a/b").join(key).is_file());
    for prefix in ["..", "a/../b", "a//b"] {
        let error = memory().below(prefix).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{prefix}: {error}");
    }
}
