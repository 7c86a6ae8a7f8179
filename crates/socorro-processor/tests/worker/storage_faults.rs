//! What becomes of a crash when its storage fails, lacks something or holds something damaged.

use std::{sync::Arc, time::Duration};

use socorro_core::{CrashId, DumpName, Environment};
use socorro_queue::{CrashQueue, DeadLetterReason, MemoryQueue, testkit::FlakyQueue};
use socorro_storage::{Error, Item, ObjectStorage, StorageOptions, Subject, testkit::Operation};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, NO_DIRECTORIES, Scene, hang};

fn unavailable() -> Error {
    Error::unavailable("test", "told to fail")
}

fn denied() -> Error {
    Error::Denied {
        storage: "test".to_owned(),
        what: Box::new(Subject::Storage),
        source: None,
    }
}

fn absent() -> CrashId {
    CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap()
}

fn seconds(delay: Duration) -> u64 {
    delay.as_secs()
}

#[tokio::test(start_paused = true)]
async fn an_outage_at_any_step_gives_the_crash_back_and_it_is_processed_later() {
    let steps = [
        Operation::RawCrash,
        Operation::DumpNames,
        Operation::DumpToFile,
        Operation::ProcessedCrash,
        Operation::SaveProcessedCrash,
    ];
    for step in steps {
        for error in [unavailable, denied] {
            let scene = Scene::memory();
            let id = scene.submit().await;
            scene.storage.flaky.fail(step, .., error);
            let summary = scene.drain().await;
            assert_eq!((summary.given_back, summary.processed), (1, 0), "{step:?}");
            assert_eq!(scene.processed(&id).await, None);
            assert_eq!(scene.crash_directories(), NO_DIRECTORIES);

            scene.storage.flaky.heal();
            scene.run_until(&scene.worker(), Event::Acked, 1).await;
            assert_eq!(scene.journal.saved(), [id], "{step:?}");
            assert_eq!(scene.depth().await.dead, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_never_ends_in_a_dead_letter() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.fail_deliveries(99).await;
    scene
        .storage
        .flaky
        .fail(Operation::RawCrash, ..=20, unavailable);

    let summary = scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!((summary.given_back, summary.processed), (20, 1));
    assert_eq!(summary.dead_lettered, 0);
    assert_eq!(scene.journal.events()[0], Event::Received { attempt: 100 });
    assert_eq!(scene.journal.saved(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_has_all_its_tries_after_an_outage() {
    let scene = Scene::memory();
    scene.publish(absent()).await;
    scene
        .storage
        .flaky
        .fail(Operation::RawCrash, ..=20, unavailable);
    let not_found = Event::DeadLettered(DeadLetterReason::RawCrashNotFound);
    let summary = scene.run_until(&scene.worker(), not_found, 1).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (24, 1));
    let dead = scene.dead_letters().await;
    assert_eq!((dead[0].attempts, dead[0].failures), (25, 4));
}

#[tokio::test(start_paused = true)]
async fn the_wait_grows_with_every_try_up_to_ten_minutes() {
    let scene = Scene::memory();
    scene.submit().await;
    scene
        .storage
        .flaky
        .fail(Operation::RawCrash, ..=9, unavailable);
    scene.run_until(&scene.worker(), Event::Acked, 1).await;
    let delays = scene.journal.delays();
    let usual = [10, 20, 40, 80, 160, 320, 600, 600, 600];
    assert_eq!(delays.len(), usual.len());
    for (delay, usual) in delays.into_iter().zip(usual) {
        let delay = seconds(delay);
        assert!(
            (usual * 8 / 10..=usual * 12 / 10).contains(&delay),
            "{delay} {usual}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_storage_may_ask_for_a_longer_wait_within_reason() {
    for (asked, granted) in [(90, 90..=90), (3, 8..=12), (u64::MAX, 3600..=3600)] {
        let scene = Scene::memory();
        scene.submit().await;
        scene
            .storage
            .flaky
            .fail(Operation::RawCrash, .., move || Error::Unavailable {
                storage: "test".to_owned(),
                what: Box::new(Subject::Storage),
                reason: "slow down".to_owned(),
                retry_after: Some(Duration::from_secs(asked)),
                source: None,
            });
        scene.drain().await;
        let delay = seconds(scene.journal.delays()[0]);
        assert!(granted.contains(&delay), "asked {asked}, granted {delay}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_never_answers_is_an_outage() {
    for step in ["raw_crash", "save_processed_crash"] {
        let scene = Scene::memory();
        let id = scene.submit().await;
        scene.fail_deliveries(99).await;
        scene.storage.hooks.set(step, hang());
        let summary = scene.drain().await;
        assert_eq!(
            (summary.given_back, summary.dead_lettered),
            (1, 0),
            "{step}"
        );

        scene.storage.hooks.clear(step);
        scene.run_until(&scene.worker(), Event::Acked, 1).await;
        assert_eq!(scene.journal.saved(), [id]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_storage_is_no_missing_crash() {
    let directory = tempfile::tempdir().unwrap();
    let open = || ObjectStorage::directory(directory.path(), StorageOptions::default()).unwrap();
    let queue: Arc<dyn CrashQueue> = Arc::new(MemoryQueue::default());
    let scene = Scene::of(
        open(),
        open(),
        FlakyQueue::new(queue),
        Environment::system(),
    );
    scene.publish(absent()).await;
    scene.fail_deliveries(50).await;
    std::fs::remove_dir_all(directory.path()).unwrap();
    let summary = scene.drain().await;
    assert_eq!((summary.given_back, summary.dead_lettered), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_raw_crash_that_is_not_there_is_looked_for_five_times() {
    let scene = Scene::memory();
    scene.publish(absent()).await;
    let not_found = Event::DeadLettered(DeadLetterReason::RawCrashNotFound);
    let summary = scene.run_until(&scene.worker(), not_found, 1).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (4, 1));
    let dead = scene.dead_letters().await;
    assert_eq!(dead[0].attempts, 5);
    assert!(dead[0].cause.last_error.contains("raw crash"), "{dead:?}");
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn dumps_without_a_raw_crash_are_an_upload_that_goes_on() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.remove(&id, Item::RawCrash).await;
    let summary = scene.drain().await;
    assert_eq!((summary.given_back, summary.dead_lettered), (1, 0));
    assert_eq!(scene.journal.saved(), []);
}

#[tokio::test(start_paused = true)]
async fn a_raw_crash_that_comes_late_is_processed() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let not_found = || Error::not_found("test", Subject::Storage);
    scene
        .storage
        .flaky
        .fail(Operation::RawCrash, ..=4, not_found);
    let summary = scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!((summary.given_back, summary.processed), (4, 1));
    assert_eq!(scene.journal.saved(), [id]);
}

/// Everything is asked for at once, and what is stored last may be there when the rest was not yet.
#[tokio::test(start_paused = true)]
async fn dumps_that_arrive_while_a_crash_is_fetched_are_used() {
    for step in [Operation::DumpNames, Operation::DumpToFile] {
        let scene = Scene::memory();
        let id = scene.submit().await;
        let not_found = || Error::not_found("test", Subject::Storage);
        scene.storage.flaky.fail(step, ..=1, not_found);
        let summary = scene.drain().await;
        assert_eq!((summary.processed, summary.given_back), (1, 0), "{step:?}");
        let processed = scene.processed(&id).await.unwrap();
        let sizes =
            serde_json::json!({"upload_file_minidump": 4, "upload_file_minidump_browser": 7});
        assert_eq!(processed.get("dumps"), Some(&sizes), "{step:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_damaged_raw_crash_is_dead_lettered_at_once() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.damage(&id, Item::RawCrash).await;
    let summary = scene.drain().await;
    assert_eq!((summary.dead_lettered, summary.given_back), (1, 0));
    let dead = scene.dead_letters().await;
    assert_eq!(dead[0].cause.reason, DeadLetterReason::CorruptRawCrash);
    assert_eq!(dead[0].attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_result_is_replaced_with_a_note() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.damage(&id, Item::ProcessedCrash).await;
    assert_eq!(scene.drain().await.processed, 1);
    let notes = scene.notes(&id).await;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("is damaged and was replaced")),
        "{notes:?}"
    );
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.text("mark"), Some(id.as_str()));
    assert_eq!(
        processed.get("processor_history"),
        Some(&serde_json::json!([]))
    );
}

#[tokio::test(start_paused = true)]
async fn a_damaged_list_of_dumps_costs_the_dumps_only() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.damage(&id, Item::DumpNames).await;
    assert_eq!(scene.drain().await.processed, 1);
    let notes = scene.notes(&id).await;
    assert!(
        notes.contains(&"The list of dumps is damaged".to_owned()),
        "{notes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_minidump_is_waited_for_and_then_gone_without() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.remove(&id, Item::Dump(DumpName::main())).await;
    let summary = scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!((summary.given_back, summary.processed), (4, 1));
    let notes = scene.notes(&id).await;
    let missing = "Dump upload_file_minidump is listed but missing".to_owned();
    assert!(notes.contains(&missing), "{notes:?}");
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.lookup("dumps.upload_file_minidump"), None);
    assert_eq!(
        processed.lookup("dumps.upload_file_minidump_browser"),
        Some(&7.into())
    );
}

#[tokio::test(start_paused = true)]
async fn another_missing_dump_is_gone_without_at_once() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let browser = DumpName::parse("upload_file_minidump_browser").unwrap();
    scene.remove(&id, Item::Dump(browser)).await;
    let summary = scene.drain().await;
    assert_eq!((summary.processed, summary.given_back), (1, 0));
    let notes = scene.notes(&id).await;
    let missing = "Dump upload_file_minidump_browser is listed but missing".to_owned();
    assert!(notes.contains(&missing), "{notes:?}");
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(
        processed.lookup("dumps.upload_file_minidump"),
        Some(&4.into())
    );
}

#[tokio::test(start_paused = true)]
async fn no_place_for_the_dumps_is_no_fault_of_the_crash() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.fail_deliveries(50).await;
    let mut options = scene.options();
    options.temporary_path = options.temporary_path.map(|path| path.join("nosuch"));
    let worker = scene.worker_with(scene.pipeline(), options);
    let summary = worker.drain(CancellationToken::new()).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (1, 0));
    scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!(scene.journal.saved(), [id]);
}
