//! What a worker says about itself while it works.

use std::time::Duration;

use socorro_processor::{Phase, Stage};
use socorro_queue::{
    MemoryQueue,
    testkit::{Fault, FlakyQueue, Operation},
};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, Scene};

#[tokio::test(start_paused = true)]
async fn the_status_follows_a_crash_through_its_stages() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let (fetch, save) = (Gate::shut(), Gate::shut());
    scene.storage.hooks.set("raw_crash", fetch.hook());
    scene.storage.hooks.set("save_processed_crash", save.hook());
    let worker = scene.worker();
    assert_eq!(worker.status().phase, Phase::Waiting);
    let working = worker.clone();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { working.run(stopped).await });

    fetch.wait_for(1).await;
    tokio::time::advance(Duration::from_secs(7)).await;
    let status = worker.status();
    assert_eq!(status.phase, Phase::Receiving);
    assert_eq!(status.in_work.len(), 1);
    let crash = &status.in_work[0];
    assert_eq!((crash.crash_id, crash.stage), (id, Stage::Fetch));
    assert_eq!((crash.attempt, crash.ruleset.as_str()), (1, "default"));
    assert_eq!(crash.age, Duration::from_secs(7));
    assert!(status.last_receive.is_some());

    fetch.let_through(1);
    save.wait_for(1).await;
    let status = worker.status();
    assert_eq!(status.in_work[0].stage, Stage::Save);
    // Two dumps: `main` and `browser`.
    assert_eq!(status.bytes_in_work, 11);

    stop.cancel();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(worker.status().phase, Phase::Draining);
    save.let_through(1);
    let summary = run.await.unwrap();
    let status = worker.status();
    assert_eq!((status.phase, status.in_work.len()), (Phase::Stopped, 0));
    assert_eq!((status.done.processed, summary.processed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn troubles_are_told_by_kind_and_place() {
    let scene = Scene::memory();
    scene.publish_body(b"no crash id, but something private");
    let outage = Fault::Request(FlakyQueue::<MemoryQueue>::outage());
    scene.queue.flaky.fail_next(Operation::Receive, outage);
    let worker = scene.worker();
    let reason = socorro_queue::DeadLetterReason::BadCrashId;
    let dead_lettered = Event::DeadLettered(reason);
    scene.run_until(&worker, dead_lettered, 1).await;
    let status = worker.status();
    let troubles: Vec<_> = status
        .troubles
        .iter()
        .map(|trouble| (trouble.place.as_str(), trouble.kind.as_str()))
        .collect();
    assert_eq!(
        troubles,
        [("dead_letter", "bad_crash_id"), ("receive", "unavailable")]
    );
    assert_eq!(status.queue_failing, None);
    assert!(!format!("{status:?}").contains("private"));
}
