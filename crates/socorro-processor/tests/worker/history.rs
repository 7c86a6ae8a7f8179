//! The same crash processed more than once.

use std::time::Duration;

use serde_json::json;
use socorro_core::{CrashId, ProcessedCrash};
use socorro_processor::{Ruleset, Summary, Worker};
use socorro_storage::{CrashStorage as _, Expected};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, Scene, Signs, Waits, default_ruleset};

fn drain(worker: Worker) -> JoinHandle<Summary> {
    tokio::spawn(async move { worker.drain(CancellationToken::new()).await })
}

fn history(processed: &ProcessedCrash) -> Vec<String> {
    let history = processed
        .get("processor_history")
        .unwrap()
        .as_array()
        .unwrap();
    history
        .iter()
        .map(|notes| notes.as_str().unwrap().to_owned())
        .collect()
}

/// A processed crash without what differs from run to run.
fn without_times(mut processed: ProcessedCrash) -> ProcessedCrash {
    for field in [
        "started_datetime",
        "completed_datetime",
        "processor_notes",
        "processor_history",
    ] {
        assert!(processed.remove(field).is_some(), "{field}");
    }
    processed
}

#[tokio::test(start_paused = true)]
async fn a_crash_published_twice_has_the_result_of_one_run() {
    let once = Scene::memory();
    let id = once.submit().await;
    once.drain().await;
    let first = once.processed(&id).await.unwrap();

    once.publish(id).await;
    tokio::time::advance(Duration::from_secs(3600)).await;
    let summary = once.drain().await;
    assert_eq!(
        (summary.processed, once.journal.count(&Event::Acked)),
        (1, 2)
    );
    let second = once.processed(&id).await.unwrap();
    let notes = first.text("processor_notes").unwrap();
    assert_eq!(history(&second), [notes]);
    assert_ne!(
        second.get("started_datetime"),
        first.get("started_datetime")
    );
    assert_eq!(without_times(second), without_times(first));
}

#[tokio::test(start_paused = true)]
async fn workers_that_race_on_one_crash_keep_the_history_of_all() {
    const RUNS: u32 = 4;
    let scene = Scene::memory();
    let id = scene.store().await;
    let gate = Gate::shut();
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        scene.publish(id).await;
        let racing = default_ruleset().then_async(Waits(gate.clone()));
        runs.push(drain(scene.worker_of(racing)));
        // Each begins at a time of its own, so that their notes differ.
        gate.wait_for(1).await;
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    // All of them have seen that there was no result yet.
    gate.let_through(RUNS as usize);
    for run in runs {
        assert_eq!(run.await.unwrap().processed, 1);
    }
    let processed = scene.processed(&id).await.unwrap();
    let mut notes = history(&processed);
    assert_eq!(notes.len(), RUNS as usize - 1);
    notes.push(processed.text("processor_notes").unwrap().to_owned());
    notes.sort();
    notes.dedup();
    assert_eq!(notes.len(), RUNS as usize);
    assert_eq!(scene.journal.count(&Event::Acked), RUNS as usize);
}

#[tokio::test(start_paused = true)]
async fn one_worker_with_a_crash_twice_keeps_the_history_as_well() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let gate = Gate::shut();
    let worker = scene.worker_of(default_ruleset().then_async(Waits(gate.clone())));
    let run = scene.run_until(&worker, Event::Acked, 2);
    let second_delivery = async {
        gate.wait_for(1).await;
        // Runs of the same time have the same result, of which one is enough.
        tokio::time::advance(Duration::from_secs(1)).await;
        scene.publish(id).await;
        gate.wait_for(1).await;
        gate.let_through(2);
    };
    let (summary, ()) = tokio::join!(run, second_delivery);
    assert_eq!(summary.processed, 2);
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(history(&processed).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn regenerating_a_signature_changes_the_earlier_result() {
    let scene = Scene::memory();
    let id = scene.store().await;
    save(&scene, &id, json!({"mark": "something old", "kept": true})).await;
    scene.publish_regeneration(id).await;
    scene.drain().await;
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.signature(), Some("crash of something old"));
    assert_eq!(processed.get("kept"), Some(&json!(true)));
}

#[tokio::test(start_paused = true)]
async fn a_signature_that_was_never_made_is_made_by_the_whole_default_ruleset() {
    let scene = Scene::memory();
    let id = scene.store().await;
    scene.publish_regeneration(id).await;
    assert_eq!(scene.drain().await.processed, 1);
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.text("mark"), Some(id.as_str()));
    assert_eq!(processed.signature().unwrap(), format!("crash of {id}"));
    let notes = scene.notes(&id).await;
    let note = "Never processed before: running default instead of regenerate_signature";
    assert!(notes.contains(&note.to_owned()), "{notes:?}");
}

/// A ruleset that works on the earlier result must not bring back what has been replaced.
#[tokio::test(start_paused = true)]
async fn a_result_that_was_replaced_meanwhile_is_not_brought_back() {
    let scene = Scene::memory();
    let id = scene.store().await;
    save(&scene, &id, json!({"mark": "old"})).await;
    scene.publish_regeneration(id).await;
    let gate = Gate::shut();
    let regenerate = Ruleset::named("regenerate_signature")
        .then(Signs)
        .then_async(Waits(gate.clone()))
        .in_place();
    let pipeline = scene.pipeline().with(regenerate);
    let slow = drain(scene.worker_with(pipeline, scene.options()));
    gate.wait_for(1).await;
    save(&scene, &id, json!({"mark": "new"})).await;
    gate.let_through(1);
    let summary = slow.await.unwrap();
    assert_eq!((summary.given_back, summary.processed), (1, 0));
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.text("mark"), Some("new"));

    scene.run_until(&scene.worker(), Event::Acked, 1).await;
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.signature(), Some("crash of new"));
}

/// Saves a result that somebody else made.
async fn save(scene: &Scene, id: &CrashId, fields: serde_json::Value) {
    let bytes = serde_json::to_vec(&fields).unwrap();
    let processed = ProcessedCrash::from_json(&bytes).unwrap();
    let storage = scene.storage.flaky.inner();
    let saved = storage.save_processed_crash(id, &processed, Expected::Any);
    saved.await.unwrap();
}
