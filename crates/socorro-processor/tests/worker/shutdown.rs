//! Stopping: at once when idle, in good order when not, and never for long.

use std::time::Duration;

use socorro_processor::{Summary, Worker};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, NO_DIRECTORIES, Scene, Waits, default_ruleset, hang};

const GRACE: Duration = Duration::from_secs(25);
const MOMENT: Duration = Duration::from_millis(100);

fn run(worker: Worker, stop: &CancellationToken) -> JoinHandle<Summary> {
    let stop = stop.clone();
    tokio::spawn(async move { worker.run(stop).await })
}

/// A worker that stops in its only rule.
fn waiting(scene: &Scene, gate: &std::sync::Arc<Gate>) -> Worker {
    scene.worker_of(default_ruleset().then_async(Waits(gate.clone())))
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_stops_at_once() {
    let scene = Scene::memory();
    let mut options = scene.options();
    options.receive_wait = Duration::from_secs(3600);
    let stop = CancellationToken::new();
    let run = run(scene.worker_with(scene.pipeline(), options), &stop);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let told = Instant::now();
    stop.cancel();
    assert_eq!(run.await.unwrap(), Summary::default());
    assert!(told.elapsed() <= MOMENT);
}

#[tokio::test(start_paused = true)]
async fn a_worker_whose_queue_does_not_answer_stops_at_once() {
    let scene = Scene::memory();
    scene.queue.hooks.set("receive", hang());
    let stop = CancellationToken::new();
    let run = run(scene.worker(), &stop);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let told = Instant::now();
    stop.cancel();
    run.await.unwrap();
    assert!(told.elapsed() <= MOMENT);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_for_its_queue_to_recover_stops_at_once() {
    let scene = Scene::memory();
    scene
        .queue
        .hooks
        .set("receive", crate::support::panic_now());
    let stop = CancellationToken::new();
    let run = run(scene.worker(), &stop);
    tokio::time::sleep(Duration::from_secs(1000)).await;
    let told = Instant::now();
    stop.cancel();
    run.await.unwrap();
    assert!(told.elapsed() <= MOMENT);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_work_may_be_finished_and_nothing_more_is_received() {
    let scene = Scene::memory();
    let first = [scene.submit().await, scene.submit().await];
    let gate = Gate::shut();
    let stop = CancellationToken::new();
    let run = run(waiting(&scene, &gate), &stop);
    gate.wait_for(2).await;
    scene.submit().await;
    stop.cancel();
    tokio::time::sleep(GRACE - Duration::from_secs(1)).await;
    gate.let_through(9);

    let summary = run.await.unwrap();
    assert_eq!(
        (summary.processed, summary.abandoned, summary.given_back),
        (2, 0, 0)
    );
    let saved = scene.journal.saved();
    assert!(first.iter().all(|id| saved.contains(id)), "{saved:?}");
    let depth = scene.depth().await;
    assert_eq!((depth.waiting, depth.leased), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_finished_in_time_is_given_back_at_once_and_counted() {
    let scene = Scene::memory();
    let slow = scene.submit().await;
    let gate = Gate::shut();
    let stop = CancellationToken::new();
    let run = run(waiting(&scene, &gate), &stop);
    gate.wait_for(1).await;
    let told = Instant::now();
    stop.cancel();

    let summary = run.await.unwrap();
    assert!((GRACE..GRACE + MOMENT).contains(&told.elapsed()));
    assert_eq!(
        (summary.abandoned, summary.given_back, summary.processed),
        (1, 1, 0)
    );
    assert_eq!(scene.journal.delays(), [Duration::ZERO]);
    assert_eq!(scene.depth().await.waiting, 1);
    assert_eq!(scene.crash_directories(), NO_DIRECTORIES);

    assert_eq!(scene.drain().await.processed, 1);
    assert_eq!(scene.journal.saved(), [slow]);
}

#[tokio::test(start_paused = true)]
async fn a_save_that_hangs_does_not_keep_a_worker_from_stopping() {
    let scene = Scene::memory();
    scene.submit().await;
    let gate = Gate::shut();
    scene.storage.hooks.set("save_processed_crash", gate.hook());
    let stop = CancellationToken::new();
    let run = run(scene.worker(), &stop);
    gate.wait_for(1).await;
    let told = Instant::now();
    stop.cancel();
    let summary = run.await.unwrap();
    assert!((GRACE..GRACE + MOMENT).contains(&told.elapsed()));
    assert_eq!((summary.abandoned, summary.given_back), (1, 1));
    assert_eq!(scene.depth().await.waiting, 1);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_hangs_does_not_keep_a_worker_from_stopping() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let gate = Gate::shut();
    scene.queue.hooks.set("nack", hang());
    let stop = CancellationToken::new();
    let run = run(waiting(&scene, &gate), &stop);
    gate.wait_for(1).await;
    let told = Instant::now();
    stop.cancel();
    let summary = run.await.unwrap();
    assert!(
        told.elapsed() < Duration::from_secs(30),
        "{:?}",
        told.elapsed()
    );
    assert_eq!((summary.abandoned, summary.given_back), (1, 1));

    // The message comes back by itself.
    scene.queue.hooks.clear("nack");
    scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!(scene.journal.saved(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_can_be_stopped_too() {
    let scene = Scene::memory();
    for _ in 0..3 {
        scene.submit().await;
    }
    let gate = Gate::shut();
    let worker = waiting(&scene, &gate);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let drain = tokio::spawn(async move { worker.drain(stopped).await });
    gate.wait_for(2).await;
    stop.cancel();
    gate.let_through(9);
    assert_eq!(drain.await.unwrap().processed, 2);
    assert_eq!(scene.depth().await.waiting, 1);
}
