//! What becomes of a crash that is delivered while it is in work already.

use std::sync::Arc;

use socorro_processor::Summary;
use socorro_storage::{Error, testkit::Operation};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, Scene, Waits, default_ruleset};

/// Lets a worker run whose rules wait at the gate.
fn begin(scene: &Scene, gate: &Arc<Gate>) -> tokio::task::JoinHandle<Summary> {
    let worker = scene.worker_of(default_ruleset().then_async(Waits(gate.clone())));
    tokio::spawn(async move { worker.drain(CancellationToken::new()).await })
}

const FIRST: Event = Event::Received { attempt: 1 };

#[tokio::test(start_paused = true)]
async fn the_second_delivery_waits_and_is_acked_with_the_first() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.publish(id).await;
    let gate = Gate::shut();
    let drain = begin(&scene, &gate);
    gate.wait_for(1).await;
    scene.journal.wait_for(FIRST, 2).await;
    // Both leases are kept.
    scene.journal.wait_for(Event::Extended, 20).await;
    assert_eq!(gate.waiting(), 0);
    gate.let_through(1);

    let summary = drain.await.unwrap();
    assert_eq!((summary.processed, summary.duplicates), (1, 1));
    assert_eq!(scene.journal.saved(), [id]);
    assert_eq!(scene.journal.count(&Event::Acked), 2);
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_ruleset_waits_for_its_turn_and_is_run() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.publish_regeneration(id).await;
    let gate = Gate::shut();
    let drain = begin(&scene, &gate);
    gate.wait_for(1).await;
    scene.journal.wait_for(FIRST, 2).await;
    assert_eq!(scene.journal.saved(), []);
    gate.let_through(1);

    let summary = drain.await.unwrap();
    assert_eq!((summary.processed, summary.duplicates), (2, 0));
    assert_eq!(scene.journal.saved(), [id, id]);
}

#[tokio::test(start_paused = true)]
async fn when_the_first_fails_the_second_takes_its_turn() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.publish(id).await;
    let outage = || Error::unavailable("test", "told to fail");
    scene
        .storage
        .flaky
        .fail(Operation::SaveProcessedCrash, ..=1, outage);
    let gate = Gate::shut();
    let drain = begin(&scene, &gate);
    gate.wait_for(1).await;
    scene.journal.wait_for(FIRST, 2).await;
    gate.let_through(2);

    let summary = drain.await.unwrap();
    assert_eq!((summary.processed, summary.given_back), (1, 1));
    assert_eq!(scene.journal.saved(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_waits_is_given_back_when_the_grace_time_is_over() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.publish(id).await;
    let gate = Gate::shut();
    let worker = scene.worker_of(default_ruleset().then_async(Waits(gate.clone())));
    let stop = CancellationToken::new();
    let run = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    gate.wait_for(1).await;
    scene.journal.wait_for(FIRST, 2).await;
    stop.cancel();

    let summary = run.await.unwrap();
    assert_eq!((summary.abandoned, summary.processed), (2, 0));
    assert_eq!(scene.depth().await.waiting, 2);
}
