//! Leases are kept while there is work, and missed when they are lost.

use std::{sync::Arc, time::Duration};

use socorro_processor::Worker;
use socorro_queue::{
    DeadLetterReason, MemoryQueue,
    testkit::{Fault, FlakyQueue, Operation},
};
use socorro_storage::testkit;
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, NO_DIRECTORIES, Scene, Takes, Waits, default_ruleset, hang};

const MINUTE: Duration = Duration::from_secs(60);

fn takes(time: Duration) -> socorro_processor::Ruleset {
    default_ruleset().then_async(Takes(time))
}

/// Lets somebody else have the only message although a worker holds it.
pub(crate) async fn steal(scene: &Scene) -> socorro_queue::Delivery {
    let outage = FlakyQueue::<MemoryQueue>::outage();
    for _ in 0..3 {
        let fault = Fault::Request(outage.clone());
        scene.queue.flaky.fail_next(Operation::Extend, fault);
    }
    let inner = scene.queue.flaky.inner();
    let mut stolen = inner.receive(1, 2 * MINUTE).await.unwrap();
    assert_eq!(stolen[0].attempt, 2);
    // And now the worker is told.
    scene.journal.wait_for(Event::ExtendFailed, 4).await;
    stolen.remove(0)
}

fn drain(worker: Worker) -> tokio::task::JoinHandle<socorro_processor::Summary> {
    tokio::spawn(async move { worker.drain(CancellationToken::new()).await })
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_extended_as_long_as_the_work_takes() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let work = Duration::from_secs(900);
    let summary = drain(scene.worker_of(takes(work))).await.unwrap();
    assert_eq!((summary.processed, summary.leases_lost), (1, 0));

    let entries = scene.journal.entries();
    let received = entries
        .iter()
        .position(|(_, event)| matches!(event, Event::Received { .. }));
    let held = &entries[received.unwrap()..];
    let gaps = held.windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert!(gaps.max().unwrap() <= MINUTE / 2);
    let extended = scene.journal.count(&Event::Extended);
    assert!((44..=45).contains(&extended), "{extended}");
    let events = [
        Event::Received { attempt: 1 },
        Event::Saved(id),
        Event::Acked,
    ];
    assert_eq!(scene.journal.events(), events);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_extended_while_saving_takes_long() {
    let scene = Scene::memory();
    scene.submit().await;
    let save = Gate::shut();
    scene.storage.hooks.set("save_processed_crash", save.hook());
    let drain = drain(scene.worker());
    save.wait_for(1).await;
    scene.journal.wait_for(Event::Extended, 10).await;
    save.let_through(1);
    assert_eq!(drain.await.unwrap().processed, 1);
    assert_eq!(scene.journal.count(&Event::Received { attempt: 2 }), 0);
}

#[tokio::test(start_paused = true)]
async fn a_short_lease_is_extended_in_time() {
    let scene = Scene::memory_with(Duration::from_secs(3), FlakyQueue::new);
    scene.submit().await;
    let summary = drain(scene.worker_of(takes(Duration::from_secs(50))))
        .await
        .unwrap();
    assert_eq!((summary.processed, summary.leases_lost), (1, 0));
    assert_eq!(scene.journal.count(&Event::Received { attempt: 2 }), 0);
}

#[tokio::test(start_paused = true)]
async fn two_extensions_may_fail_or_hang() {
    let scene = Scene::memory();
    scene.submit().await;
    let queue = Arc::clone(&scene.queue);
    let journal = scene.journal.clone();
    let breaker = tokio::spawn(async move {
        let outage = FlakyQueue::<MemoryQueue>::outage();
        for _ in 0..5 {
            let extended = journal.count(&Event::Extended);
            queue
                .flaky
                .fail_next(Operation::Extend, Fault::Request(outage.clone()));
            queue
                .flaky
                .fail_next(Operation::Extend, Fault::Request(outage.clone()));
            journal.wait_for(Event::Extended, extended + 1).await;
            // A call that gets no answer is one that failed.
            queue.hooks.set("extend", hang());
            tokio::time::sleep(Duration::from_secs(25)).await;
            queue.hooks.clear("extend");
            journal.wait_for(Event::Extended, extended + 2).await;
        }
    });
    let summary = drain(scene.worker_of(takes(Duration::from_secs(890))))
        .await
        .unwrap();
    breaker.await.unwrap();
    assert_eq!((summary.processed, summary.leases_lost), (1, 0));
    assert_eq!(scene.journal.count(&Event::Received { attempt: 2 }), 0);
}

#[tokio::test(start_paused = true)]
async fn work_whose_lease_is_lost_is_not_saved() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let gate = Gate::shut();
    let drain = drain(scene.worker_of(default_ruleset().then_async(Waits(gate.clone()))));
    gate.wait_for(1).await;
    let stolen = steal(&scene).await;

    let summary = drain.await.unwrap();
    assert_eq!((summary.leases_lost, summary.processed), (1, 0));
    assert_eq!(scene.processed(&id).await, None);
    assert_eq!(scene.crash_directories(), NO_DIRECTORIES);
    // The message is still the other's.
    let inner = scene.queue.flaky.inner();
    inner.extend(&stolen.receipt, MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_save_that_has_begun_goes_on_without_the_lease() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let save = Gate::shut();
    scene.storage.hooks.set("save_processed_crash", save.hook());
    let drain = drain(scene.worker());
    save.wait_for(1).await;
    let stolen = steal(&scene).await;
    save.let_through(1);

    let summary = drain.await.unwrap();
    assert_eq!((summary.processed, summary.leases_lost), (1, 0));
    assert_eq!(scene.journal.saved(), [id]);
    // The ack meant nothing: the message is still the other's.
    let inner = scene.queue.flaky.inner();
    inner.extend(&stolen.receipt, MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_somebody_else_has_gets_no_dead_letter() {
    let scene = Scene::memory();
    scene.publish_body(b"\xff");
    let gate = Gate::shut();
    scene.queue.hooks.set("dead_letter", gate.hook());
    let drain = drain(scene.worker());
    gate.wait_for(1).await;
    let inner = scene.queue.flaky.inner();
    let stolen = inner.receive(1, 2 * MINUTE).await.unwrap().remove(0);
    gate.let_through(1);

    let summary = drain.await.unwrap();
    assert_eq!((summary.leases_lost, summary.dead_lettered), (1, 0));
    assert_eq!(scene.dead_letters().await, []);
    inner.extend(&stolen.receipt, MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_worker_held_returns_when_its_lease_ends() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let gate = Gate::shut();
    let killed = drain(scene.worker_of(default_ruleset().then_async(Waits(gate.clone()))));
    gate.wait_for(1).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());

    scene.run_until(&scene.worker(), Event::Acked, 1).await;
    let events = scene.journal.entries();
    let again = events
        .iter()
        .find(|(_, event)| *event == Event::Received { attempt: 2 });
    let after = again.unwrap().0;
    assert!((MINUTE..2 * MINUTE).contains(&after), "{after:?}");
    assert_eq!(scene.journal.saved(), [id]);
    assert_eq!(scene.crash_directories(), NO_DIRECTORIES);
}

#[tokio::test(start_paused = true)]
async fn work_that_never_ends_is_given_up_and_in_the_end_dead_lettered() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let gate = Gate::shut();
    let worker = scene.worker_of(default_ruleset().then_async(Waits(gate.clone())));
    let dead = Event::DeadLettered(DeadLetterReason::TooManyAttempts);
    let summary = scene.run_until(&worker, dead, 1).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (7, 1));
    assert_eq!(scene.processed(&id).await, None);
    assert_eq!(scene.crash_directories(), NO_DIRECTORIES);
    assert_eq!(
        scene
            .storage
            .flaky
            .calls(testkit::Operation::SaveProcessedCrash),
        0
    );
}
