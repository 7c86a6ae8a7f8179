//! An outage of the storage stops the receiving, so that nothing is leased only to be given back.

use std::time::Duration;

use socorro_processor::WorkerOptions;
use socorro_storage::{Error, testkit::Operation};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Scene, hang};

fn outage() -> Error {
    Error::unavailable("test", "told to fail")
}

/// One crash at a time.
fn alone(scene: &Scene) -> socorro_processor::Worker {
    let options = WorkerOptions {
        workers: 1,
        ..scene.options()
    };
    scene.worker_with(scene.pipeline(), options)
}

/// Has everything fail that a worker asks of the storage.
fn fail_all(scene: &Scene) {
    scene.storage.flaky.fail(Operation::RawCrash, .., outage);
    scene.storage.flaky.fail(Operation::Check, .., outage);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_received_until_the_storage_is_back() {
    let scene = Scene::memory();
    for _ in 0..5 {
        scene.submit().await;
    }
    fail_all(&scene);
    let worker = alone(&scene);
    let stop = CancellationToken::new();
    let run = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(scene.journal.count(&Event::Received { attempt: 1 }), 1);
    let probes = scene.storage.flaky.calls(Operation::Check);
    assert!((11..=13).contains(&probes), "{probes}");
    assert_eq!(scene.depth().await.leased, 0);

    scene.storage.flaky.heal();
    scene.journal.wait_for(Event::Acked, 5).await;
    stop.cancel();
    let summary = run.await.unwrap();
    assert_eq!((summary.processed, summary.given_back), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn a_storage_in_order_is_worked_with_although_one_crash_fails() {
    let scene = Scene::memory();
    let failing = scene.submit().await;
    scene.storage.flaky.plan(move |call| {
        (call.operation == Operation::RawCrash && call.id == Some(failing))
            .then(|| socorro_storage::testkit::Fault::Refuse(outage()))
    });
    for _ in 0..3 {
        scene.submit().await;
    }
    let summary = alone(&scene).drain(CancellationToken::new()).await;
    assert_eq!((summary.processed, summary.given_back), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_drain_leaves_the_rest_in_the_queue() {
    let scene = Scene::memory();
    for _ in 0..5 {
        scene.submit().await;
    }
    fail_all(&scene);
    let summary = alone(&scene).drain(CancellationToken::new()).await;
    assert_eq!((summary.processed, summary.given_back), (0, 1));
    assert_eq!(scene.depth().await.waiting, 4);
}

#[tokio::test(start_paused = true)]
async fn stopping_does_not_wait_for_a_storage_that_never_answers() {
    let scene = Scene::memory();
    scene.submit().await;
    scene.storage.flaky.fail(Operation::RawCrash, .., outage);
    scene.storage.hooks.set("check", hang());
    let worker = alone(&scene);
    let stop = CancellationToken::new();
    let run = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    tokio::time::sleep(Duration::from_secs(10)).await;
    let asked = tokio::time::Instant::now();
    stop.cancel();
    run.await.unwrap();
    assert_eq!(asked.elapsed(), Duration::ZERO);
}
