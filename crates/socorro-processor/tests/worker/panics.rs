//! Panics in the code around the rules.

use std::sync::Arc;

use socorro_queue::DeadLetterReason;

use crate::support::{Event, NO_DIRECTORIES, Scene, Takes, default_ruleset, panic_now};

#[tokio::test(start_paused = true)]
async fn a_storage_that_panics_costs_one_delivery() {
    for step in ["raw_crash", "save_processed_crash"] {
        let scene = Scene::memory();
        let id = scene.submit().await;
        scene.storage.hooks.set(step, panic_now());
        let summary = scene.drain().await;
        assert_eq!(
            (summary.given_back, summary.dead_lettered),
            (1, 0),
            "{step}"
        );
        assert_eq!(scene.journal.delays().len(), 1, "{step}");
        assert_eq!(scene.crash_directories(), NO_DIRECTORIES);

        scene.storage.hooks.clear(step);
        scene.run_until(&scene.worker(), Event::Acked, 1).await;
        assert_eq!(scene.journal.saved(), [id]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_always_makes_the_worker_panic_is_dead_lettered() {
    let scene = Scene::memory();
    scene.submit().await;
    scene.storage.hooks.set("raw_crash", panic_now());
    let dead = Event::DeadLettered(DeadLetterReason::TooManyAttempts);
    let summary = scene.run_until(&scene.worker(), dead, 1).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (7, 1));
    assert_eq!(scene.dead_letters().await[0].attempts, 8);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_panics_loses_nothing() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.queue.hooks.set("ack", panic_now());
    let summary = scene.drain().await;
    assert_eq!((summary.given_back, summary.dead_lettered), (1, 0));

    scene.queue.hooks.clear("ack");
    scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!(scene.journal.saved(), [id, id]);
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_receive_does_not_end_a_worker() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.queue.hooks.set("receive", panic_now());
    let queue = Arc::clone(&scene.queue);
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(100)).await;
        queue.hooks.clear("receive");
    });
    let summary = scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!(summary.processed, 1);
    assert_eq!(scene.journal.saved(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_extend_does_not_cost_the_lease() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.queue.hooks.set("extend", panic_now());
    let queue = Arc::clone(&scene.queue);
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        queue.hooks.clear("extend");
    });
    let slow = default_ruleset().then_async(Takes(std::time::Duration::from_secs(300)));
    scene
        .run_until(&scene.worker_of(slow), Event::Acked, 1)
        .await;
    assert_eq!(scene.journal.count(&Event::Received { attempt: 2 }), 0);
    assert_eq!(scene.journal.saved(), [id]);
}
