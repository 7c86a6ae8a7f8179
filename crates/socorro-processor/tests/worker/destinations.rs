//! Every destination gets every processed crash, whatever fails meanwhile.

use std::{sync::Arc, time::Duration};

use socorro_core::ProcessedCrash;
use socorro_processor::{
    Destinations, Summary, Worker,
    destinations::{
        Destination, DestinationCounts, DestinationOptions, StorageCopy, TelemetryCopy,
    },
};
use socorro_storage::{
    CrashStorage, DocumentKey, Error, Item, ObjectStorage, StorageOptions, testkit::Operation,
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, Mood, Receiver, Scene, hang};

const GRACE: Duration = Duration::from_secs(25);
const MOMENT: Duration = Duration::from_millis(100);

fn unavailable() -> Error {
    Error::unavailable("test", "told to fail")
}

fn required() -> DestinationOptions {
    DestinationOptions::default()
}

fn best_effort() -> DestinationOptions {
    DestinationOptions {
        required: false,
        ..DestinationOptions::default()
    }
}

fn only(receiver: &Arc<Receiver>, options: DestinationOptions) -> Destinations {
    add(Destinations::none(), "only", receiver, options)
}

fn add(
    destinations: Destinations,
    name: &str,
    receiver: &Arc<Receiver>,
    options: DestinationOptions,
) -> Destinations {
    let receiver: Arc<dyn Destination> = receiver.clone();
    destinations.with(name, receiver, options).unwrap()
}

fn counts(destinations: &Destinations) -> DestinationCounts {
    destinations.counts().next().unwrap().1
}

fn start(worker: Worker, stop: &CancellationToken) -> JoinHandle<Summary> {
    let stop = stop.clone();
    tokio::spawn(async move { worker.run(stop).await })
}

async fn drain(scene: &Scene, destinations: &Destinations) -> Summary {
    let worker = scene.worker_to(destinations);
    worker.drain(CancellationToken::new()).await
}

/// One pass over the notes, as (taken, left, dropped).
async fn sweep(scene: &Scene, destinations: &Destinations) -> (u64, u64, u64) {
    let swept = destinations.sweep(&*scene.storage).await;
    (swept.taken, swept.left, swept.dropped)
}

/// A crash that is processed and noted for the only destination, which then is in order again.
async fn noted(scene: &Scene, receiver: &Receiver, destinations: &Destinations) {
    receiver.set(Mood::IsOut);
    let summary = drain(scene, destinations).await;
    assert_eq!((summary.processed, summary.noted), (1, 1));
    receiver.set(Mood::Takes);
}

#[tokio::test(start_paused = true)]
async fn every_destination_gets_the_crash_as_it_was_saved() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let (one, other) = (Receiver::new(Mood::Takes), Receiver::new(Mood::Takes));
    let destinations = add(Destinations::none(), "one", &one, required());
    let destinations = add(destinations, "other", &other, best_effort());
    let summary = drain(&scene, &destinations).await;
    assert_eq!((summary.processed, summary.noted), (1, 0));
    for receiver in [one, other] {
        assert_eq!(receiver.taken(), [id]);
        assert_eq!(receiver.last(&id), scene.processed(&id).await);
    }
    assert_eq!(scene.noted("one").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_crash_processed_by_hand_goes_everywhere_too() {
    let scene = Scene::memory();
    let id = scene.store().await;
    let receiver = Receiver::new(Mood::Takes);
    let worker = scene.worker_to(&only(&receiver, required()));
    worker.process(id).await.unwrap();
    assert_eq!(receiver.taken(), [id]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_one_destination_heals_by_itself_without_redoing_the_others() {
    let scene = Scene::memory();
    let (fine, broken) = (Receiver::new(Mood::Takes), Receiver::new(Mood::IsOut));
    let destinations = add(Destinations::none(), "fine", &fine, required());
    let destinations = add(destinations, "broken", &broken, required());
    let mut ids = vec![scene.submit().await, scene.submit().await];
    let stop = CancellationToken::new();
    let run = start(scene.worker_to(&destinations), &stop);
    scene.journal.wait_for(Event::Acked, 2).await;
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    ids.push(scene.submit().await);
    scene.journal.wait_for(Event::Acked, 3).await;
    let owed = scene.noted("broken").await;
    assert!(ids.iter().all(|id| owed.contains(id)), "{owed:?}");
    assert_eq!((broken.taken(), fine.taken().len()), (vec![], 3));

    broken.set(Mood::Takes);
    broken.wait_for(3).await;
    stop.cancel();
    let summary = run.await.unwrap();
    assert_eq!((summary.processed, summary.given_back), (3, 0));
    assert_eq!((summary.noted, summary.taken_later), (3, 3));
    assert_eq!(scene.noted("broken").await, []);
    assert_eq!(fine.offers(), 3);
    assert_eq!(scene.journal.saved().len(), 3, "nothing is processed again");
    for id in &ids {
        assert_eq!(broken.last(id), scene.processed(id).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_fails_once_is_tried_again_at_once() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    receiver.once(Mood::IsOut);
    receiver.once(Mood::IsOut);
    let destinations = only(&receiver, required());
    let summary = drain(&scene, &destinations).await;
    assert_eq!((summary.processed, summary.noted), (1, 0));
    assert_eq!((receiver.taken(), receiver.offers()), (vec![id], 3));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_destination_does_not_slow_down_the_worker() {
    let scene = Scene::memory();
    let receiver = Receiver::new(Mood::Hangs);
    let destinations = only(&receiver, required());
    for _ in 0..10 {
        scene.submit().await;
    }
    let started = Instant::now();
    let worker = scene.worker_to(&destinations);
    let stop = CancellationToken::new();
    let run = start(worker, &stop);
    scene.journal.wait_for(Event::Acked, 10).await;
    assert!(
        started.elapsed() < Duration::from_secs(3 * 60),
        "{:?}",
        started.elapsed()
    );
    stop.cancel();
    assert_eq!(run.await.unwrap().processed, 10);
    assert_eq!(scene.noted("only").await.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_a_worker_killed_before_a_destination_had_it_is_delivered_by_the_next() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let gate = Gate::shut();
    let receiver = Receiver::new(Mood::Waits(gate.clone()));
    let destinations = only(&receiver, required());
    let run = start(scene.worker_to(&destinations), &CancellationToken::new());
    gate.wait_for(1).await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    assert_eq!(scene.journal.saved(), [id], "killed after the save");
    assert_eq!(scene.journal.count(&Event::Acked), 0);

    receiver.set(Mood::Takes);
    let worker = scene.worker_to(&destinations);
    scene.run_until(&worker, Event::Acked, 1).await;
    assert_eq!(receiver.taken(), [id]);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_required_destination_that_cannot_be_noted_gives_the_crash_back_and_never_buries_it() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.fail_deliveries(99).await;
    scene
        .storage
        .flaky
        .fail(Operation::SaveDocument, .., unavailable);
    let receiver = Receiver::new(Mood::IsOut);
    let destinations = only(&receiver, required());
    let summary = drain(&scene, &destinations).await;
    assert_eq!((summary.processed, summary.given_back), (0, 1));
    assert_eq!(scene.journal.count(&Event::Acked), 0);
    assert_eq!(scene.depth().await.dead, 0);

    scene.storage.flaky.heal();
    receiver.set(Mood::Takes);
    let worker = scene.worker_to(&destinations);
    scene.run_until(&worker, Event::Acked, 1).await;
    assert_eq!(receiver.last(&id), scene.processed(&id).await);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_main_storage_that_hangs_while_a_note_is_written_is_an_outage() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.fail_deliveries(99).await;
    scene.storage.hooks.set("save_document", hang());
    let receiver = Receiver::new(Mood::IsOut);
    let destinations = only(&receiver, required());
    let summary = drain(&scene, &destinations).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (1, 0));

    scene.storage.hooks.clear("save_document");
    receiver.set(Mood::Takes);
    let worker = scene.worker_to(&destinations);
    scene.run_until(&worker, Event::Acked, 1).await;
    assert_eq!(receiver.last(&id), scene.processed(&id).await);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_does_not_wait_for_ever_for_a_storage_that_hangs() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    let destinations = only(&receiver, required());
    noted(&scene, &receiver, &destinations).await;
    scene.storage.hooks.set("delete_document", hang());
    assert_eq!(sweep(&scene, &destinations).await, (0, 1, 0));
    scene.storage.hooks.clear("delete_document");
    assert_eq!(sweep(&scene, &destinations).await.1, 0);
    assert_eq!(receiver.last(&id), scene.processed(&id).await);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_destination_at_best_effort_never_keeps_a_crash_in_the_queue() {
    let scene = Scene::memory();
    scene.submit().await;
    scene
        .storage
        .flaky
        .fail(Operation::SaveDocument, .., unavailable);
    let receiver = Receiver::new(Mood::IsOut);
    let destinations = only(&receiver, best_effort());
    let summary = drain(&scene, &destinations).await;
    assert_eq!((summary.processed, summary.given_back), (1, 0));
    let counts = counts(&destinations);
    assert_eq!((counts.lost, counts.noted, counts.taken), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_destination_at_best_effort_is_made_up_for_as_well() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    let destinations = only(&receiver, best_effort());
    noted(&scene, &receiver, &destinations).await;
    assert_eq!(sweep(&scene, &destinations).await, (1, 0, 0));
    assert_eq!(receiver.taken(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_panics_harms_only_itself() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let (fine, panics) = (Receiver::new(Mood::Takes), Receiver::new(Mood::Panics));
    let destinations = add(Destinations::none(), "panics", &panics, required());
    let destinations = add(destinations, "fine", &fine, required());
    let summary = drain(&scene, &destinations).await;
    assert_eq!((summary.processed, summary.noted), (1, 1));
    assert_eq!(fine.taken(), [id]);
    assert_eq!(scene.noted("panics").await, [id]);
    panics.set(Mood::Takes);
    assert_eq!(sweep(&scene, &destinations).await, (1, 0, 0));
    assert_eq!(panics.taken(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_crash_is_offered_once_and_holds_up_no_other() {
    let scene = Scene::memory();
    let refused = scene.submit().await;
    let receiver = Receiver::new(Mood::Refuses);
    let destinations = only(&receiver, required());
    let worker = scene.worker_to(&destinations);
    scene.run_until(&worker, Event::Acked, 1).await;
    assert_eq!(receiver.offers(), 1);
    assert_eq!(scene.noted("only").await, [refused]);

    receiver.once(Mood::Takes);
    let taken = scene.submit().await;
    scene.run_until(&worker, Event::Acked, 2).await;
    assert!(receiver.taken().len() == 1, "{taken}");
    assert_eq!(sweep(&scene, &destinations).await.0, 0);
    assert_eq!(scene.noted("only").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_destination_does_not_keep_a_worker_from_stopping() {
    let scene = Scene::memory();
    scene.submit().await;
    let gate = Gate::shut();
    let receiver = Receiver::new(Mood::Waits(gate.clone()));
    let options = DestinationOptions {
        timeout: Duration::from_secs(3600),
        ..required()
    };
    let destinations = only(&receiver, options);
    let stop = CancellationToken::new();
    let run = start(scene.worker_to(&destinations), &stop);
    gate.wait_for(1).await;
    let told = Instant::now();
    stop.cancel();
    let summary = run.await.unwrap();
    assert!(
        (GRACE..GRACE + MOMENT).contains(&told.elapsed()),
        "{:?}",
        told.elapsed()
    );
    assert_eq!((summary.abandoned, summary.processed), (1, 0));
    assert_eq!(scene.depth().await.waiting, 1);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_ends_with_its_worker_and_what_it_was_at_is_done_by_the_next() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    let destinations = only(&receiver, required());
    noted(&scene, &receiver, &destinations).await;

    let gate = Gate::shut();
    receiver.set(Mood::Waits(gate.clone()));
    let stop = CancellationToken::new();
    let run = start(scene.worker_to(&destinations), &stop);
    gate.wait_for(1).await;
    let told = Instant::now();
    stop.cancel();
    run.await.unwrap();
    assert!(told.elapsed() <= MOMENT);
    assert_eq!(scene.noted("only").await, [id], "set aside, not lost");

    receiver.set(Mood::Takes);
    assert_eq!(sweep(&scene, &destinations).await, (1, 0, 0));
    assert_eq!(receiver.taken(), [id]);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_second_delivery_sends_nothing_twice() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.publish(id).await;
    let gate = Gate::shut();
    let receiver = Receiver::new(Mood::Waits(gate.clone()));
    let destinations = only(&receiver, required());
    let worker = scene.worker_to(&destinations);
    let drain = tokio::spawn(async move { worker.drain(CancellationToken::new()).await });
    gate.wait_for(1).await;
    scene
        .journal
        .wait_for(Event::Received { attempt: 1 }, 2)
        .await;
    gate.let_through(1);
    let summary = drain.await.unwrap();
    assert_eq!((summary.processed, summary.duplicates), (1, 1));
    assert_eq!(receiver.taken(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_run_that_is_taken_clears_the_note() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    let destinations = only(&receiver, required());
    receiver.set(Mood::IsOut);
    let worker = scene.worker_to(&only_noting(&receiver));
    scene.run_until(&worker, Event::Acked, 1).await;
    assert_eq!(scene.noted("only").await, [id]);
    receiver.set(Mood::Takes);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    scene.publish(id).await;
    let summary = drain(&scene, &destinations).await;
    assert_eq!((summary.processed, summary.taken_later), (1, 0));
    assert_eq!(receiver.taken(), [id]);
    assert_eq!(receiver.last(&id), scene.processed(&id).await);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_note_that_is_written_while_an_older_one_is_settled_stays() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    let destinations = only(&receiver, required());
    noted(&scene, &receiver, &destinations).await;

    let gate = Gate::shut();
    receiver.once(Mood::Waits(gate.clone()));
    let sweeping = destinations.clone();
    let storage = scene.storage.clone();
    let swept = tokio::spawn(async move { sweeping.sweep(&*storage).await });
    gate.wait_for(1).await;
    // While the older result is on its way, a newer one is saved and not taken.
    receiver.set(Mood::Refuses);
    scene.publish(id).await;
    scene
        .run_until(&scene.worker_to(&only_noting(&receiver)), Event::Acked, 2)
        .await;
    gate.let_through(1);
    let swept = swept.await.unwrap();
    assert_eq!(
        (swept.taken, swept.left),
        (0, 1),
        "what arrived is not the newest"
    );
    assert_eq!(receiver.taken(), [id]);

    receiver.set(Mood::Takes);
    sweep(&scene, &destinations).await;
    assert_eq!(receiver.last(&id), scene.processed(&id).await);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_note_that_is_written_just_before_an_older_one_is_deleted_stays() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    let destinations = only(&receiver, required());
    noted(&scene, &receiver, &destinations).await;
    // The sweep of the end of that set the note aside; here is one as workers write it.
    let note = DocumentKey::outbox("only", &id).unwrap();
    scene
        .storage
        .save_document(&note, "{}".into())
        .await
        .unwrap();

    let gate = Gate::shut();
    scene.storage.hooks.set("delete_document", gate.hook());
    let (sweeping, storage) = (destinations.clone(), scene.storage.clone());
    let swept = tokio::spawn(async move { sweeping.sweep(&*storage).await });
    // One is done with, the other is to be set aside; then that is done with as well.
    let arrived = |count| tokio::time::timeout(Duration::from_secs(60), gate.wait_for(count));
    assert!(arrived(2).await.is_ok());
    gate.let_through(2);
    assert!(arrived(1).await.is_ok(), "nothing was set aside");
    receiver.set(Mood::Refuses);
    scene.publish(id).await;
    scene
        .run_until(&scene.worker_to(&only_noting(&receiver)), Event::Acked, 2)
        .await;
    gate.let_through(9);
    swept.await.unwrap();
    assert!(scene.noted("only").await.contains(&id));

    scene.storage.hooks.clear("delete_document");
    receiver.set(Mood::Takes);
    sweep(&scene, &destinations).await;
    assert_eq!(receiver.last(&id), scene.processed(&id).await);
    assert_eq!(scene.noted("only").await, []);
}

/// The only destination once more, as another process has it, whose sweep is far away.
fn only_noting(receiver: &Arc<Receiver>) -> Destinations {
    let far = Duration::from_secs(1_000_000);
    let options = DestinationOptions {
        sweep_interval: far,
        max_sweep_interval: far,
        ..required()
    };
    only(receiver, options)
}

#[tokio::test(start_paused = true)]
async fn an_older_result_that_arrives_last_is_followed_by_the_newer_one() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let gate = Gate::shut();
    let receiver = Receiver::new(Mood::Takes);
    receiver.once(Mood::Waits(gate.clone()));
    let destinations = only(&receiver, required());
    let slow = scene.worker_to(&destinations);
    let slow = tokio::spawn(async move { slow.drain(CancellationToken::new()).await });
    gate.wait_for(1).await;
    // Another process gets the crash once more, and is faster.
    scene.publish(id).await;
    let other = scene.worker_to(&only_noting(&receiver));
    scene.run_until(&other, Event::Acked, 1).await;
    assert_eq!(receiver.taken(), [id]);
    gate.let_through(1);
    slow.await.unwrap();
    assert_eq!(receiver.taken(), [id, id, id]);
    assert_eq!(receiver.last(&id), scene.processed(&id).await);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_note_about_a_crash_that_is_gone_is_dropped() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let receiver = Receiver::new(Mood::Takes);
    let destinations = only(&receiver, required());
    noted(&scene, &receiver, &destinations).await;
    scene.remove(&id, Item::ProcessedCrash).await;
    assert_eq!(sweep(&scene, &destinations).await, (0, 0, 1));
    assert_eq!(receiver.taken(), []);
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_main_storage_never_costs_a_note() {
    let steps = [
        Operation::ListDocuments,
        Operation::Document,
        Operation::SaveDocument,
        Operation::ProcessedCrash,
        Operation::DeleteDocument,
    ];
    for step in steps {
        let scene = Scene::memory();
        let id = scene.submit().await;
        let receiver = Receiver::new(Mood::Takes);
        let destinations = only(&receiver, required());
        noted(&scene, &receiver, &destinations).await;
        // Until nothing of it fails any more.
        for calls in 1..10 {
            let already = scene.storage.flaky.calls(step);
            scene
                .storage
                .flaky
                .fail(step, already + calls.., unavailable);
            sweep(&scene, &destinations).await;
            scene.storage.flaky.heal();
            let left = scene.noted("only").await;
            assert!(
                left.contains(&id) || receiver.last(&id) == scene.processed(&id).await,
                "{step:?} {calls}"
            );
        }
        sweep(&scene, &destinations).await;
        assert_eq!(scene.noted("only").await, []);
        assert_eq!(receiver.last(&id), scene.processed(&id).await);
    }
}

#[tokio::test(start_paused = true)]
async fn several_sweeps_at_the_same_time_share_the_work() {
    let scene = Scene::memory();
    let receiver = Receiver::new(Mood::IsOut);
    let destinations = only(&receiver, required());
    let mut ids = Vec::new();
    for _ in 0..50 {
        ids.push(scene.submit().await);
    }
    drain(&scene, &destinations).await;
    receiver.set(Mood::Takes);
    let sweeps = (0..3).map(|_| destinations.sweep(&*scene.storage));
    futures::future::join_all(sweeps).await;
    let taken = receiver.taken();
    assert!(ids.iter().all(|id| taken.contains(id)), "{}", taken.len());
    sweep(&scene, &destinations).await;
    assert_eq!(scene.noted("only").await, []);
}

#[tokio::test(start_paused = true)]
async fn copies_and_reports_for_telemetry_are_stored() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let memory = || Arc::new(ObjectStorage::memory(StorageOptions::default()));
    let (copy, telemetry) = (memory(), memory());
    let destinations = Destinations::none()
        .with("copy", Arc::new(StorageCopy::to(copy.clone())), required())
        .unwrap()
        .with(
            "telemetry",
            Arc::new(TelemetryCopy::to(telemetry.clone())),
            best_effort(),
        )
        .unwrap();
    assert_eq!(drain(&scene, &destinations).await.processed, 1);
    let copied = copy.processed_crash(&id).await.unwrap().value;
    assert_eq!(Some(copied), scene.processed(&id).await);
    let report = telemetry.document(&DocumentKey::crash_report(&id)).await;
    let report = ProcessedCrash::from_json(&report.unwrap()).unwrap();
    assert_eq!(report.text("uuid"), Some(id.as_str()));
    assert!(report.signature().is_some());
    assert_eq!(report.get("mark"), None, "not a field for telemetry");
}

#[tokio::test(start_paused = true)]
async fn a_directory_tells_the_same_version_to_who_saves_and_who_reads() {
    let directory = tempfile::tempdir().unwrap();
    let options = StorageOptions {
        durable: false,
        ..StorageOptions::default()
    };
    let storage = ObjectStorage::directory(directory.path(), options).unwrap();
    let id = socorro_core::CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
    let crash = ProcessedCrash::new();
    let any = socorro_storage::Expected::Any;
    let saved = storage.save_processed_crash(&id, &crash, any).await;
    let read = storage.processed_crash(&id).await;
    assert_eq!(saved.unwrap().version, read.unwrap().version);
}
