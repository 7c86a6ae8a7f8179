//! Crashes that were lost on the way are found and published again.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use futures::TryStreamExt as _;
use socorro_core::{CrashId, DumpName, Environment, time::Date};
use socorro_processor::{
    WorkerOptions,
    verify::{Backlog, Examined, Finding, Lookup, Verifier, VerifyOptions},
};
use socorro_storage::{CrashStorage as _, DocumentKey, Error, Item, testkit::Operation};
use tokio_util::sync::CancellationToken;

use crate::support::Scene;

const DAY: Date = Date::constant(2026, 1, 2);
const HOUR: Duration = Duration::from_secs(3600);

fn verifier(scene: &Scene, options: VerifyOptions) -> Verifier {
    Verifier::with_options(scene.storage.clone(), options, scene.environment.clone())
}

/// Everything is old enough: the files are of today, whatever the clock of the test says.
fn at_once() -> VerifyOptions {
    VerifyOptions {
        min_age: Duration::ZERO,
        ..VerifyOptions::default()
    }
}

async fn examined(verifier: &Verifier) -> Vec<Examined> {
    verifier.day(DAY).try_collect().await.unwrap()
}

async fn unprocessed(verifier: &Verifier) -> BTreeSet<CrashId> {
    verifier.unprocessed(DAY).try_collect().await.unwrap()
}

/// Ten crashes, of which the worker knows every other one.
async fn half_lost(scene: &Scene) -> BTreeSet<CrashId> {
    let mut lost = BTreeSet::new();
    for _ in 0..5 {
        scene.submit().await;
        lost.insert(scene.store().await);
    }
    assert_eq!(scene.drain().await.processed, 5);
    lost
}

#[tokio::test(start_paused = true)]
async fn crashes_that_were_never_processed_are_found_either_way() {
    let scene = Scene::memory();
    let lost = half_lost(&scene).await;
    for lookup in [Lookup::Listing, Lookup::EachCrash] {
        let options = VerifyOptions {
            lookup,
            ..at_once()
        };
        assert_eq!(unprocessed(&verifier(&scene, options)).await, lost);
    }
    let all = examined(&verifier(&scene, at_once())).await;
    assert_eq!(all.len(), 10);
    assert!(all.is_sorted_by_key(|crash| crash.id));
    let other_day = verifier(&scene, at_once());
    let next = DAY.tomorrow().unwrap();
    let found: Vec<_> = other_day.day(next).try_collect().await.unwrap();
    assert_eq!(found, []);
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_may_be_in_work_is_not_called_lost() {
    let scene = Scene::memory();
    let lost = half_lost(&scene).await;
    // The storage uses the real clock.
    let verifier = |min_age| {
        let options = VerifyOptions {
            min_age,
            ..at_once()
        };
        Verifier::with_options(scene.storage.clone(), options, Environment::system())
    };
    assert_eq!(unprocessed(&verifier(HOUR)).await, BTreeSet::new());
    let found = examined(&verifier(HOUR)).await;
    let recent = found
        .iter()
        .filter(|crash| crash.findings == [Finding::Recent]);
    assert_eq!(recent.count(), lost.len());
    assert_eq!(unprocessed(&verifier(Duration::ZERO)).await, lost);
}

#[tokio::test(start_paused = true)]
async fn what_is_published_again_is_processed_and_nothing_is_left() {
    let scene = Scene::memory();
    let lost = half_lost(&scene).await;
    let verifier = verifier(&scene, at_once());
    let ids: Vec<_> = unprocessed(&verifier).await.into_iter().collect();
    let backlog = Backlog::of(&scene.queue).await.unwrap();
    assert_eq!(backlog.oldest(), None);
    // Twice, as two processors would.
    for _ in 0..2 {
        let outcome = backlog.republish(&scene.queue, &ids).await;
        assert_eq!(outcome.published, ids);
        assert_eq!((outcome.dead.len(), outcome.failed.len()), (0, 0));
    }
    let summary = scene.drain().await;
    let done = summary.processed + summary.duplicates;
    assert_eq!(done, 2 * lost.len() as u64);
    assert_eq!(unprocessed(&verifier).await, BTreeSet::new());
}

#[tokio::test(start_paused = true)]
async fn dead_letters_are_not_published_again() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.damage(&id, Item::RawCrash).await;
    assert_eq!(scene.drain().await.dead_lettered, 1);
    let backlog = Backlog::of(&scene.queue).await.unwrap();
    assert!(backlog.is_dead(&id));
    let outcome = backlog.republish(&scene.queue, &[id]).await;
    assert_eq!((outcome.published, outcome.dead), (vec![], vec![id]));
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_does_not_take_them_is_told_crash_by_crash() {
    let scene = Scene::memory();
    let ids = [scene.store().await, scene.store().await];
    let backlog = Backlog::of(&scene.queue).await.unwrap();
    let outage = socorro_queue::testkit::FlakyQueue::<()>::outage();
    scene.queue.flaky.fail_next(
        socorro_queue::testkit::Operation::Publish,
        socorro_queue::testkit::Fault::Request(outage),
    );
    let outcome = backlog.republish(&scene.queue, &ids).await;
    assert_eq!((outcome.published.len(), outcome.failed.len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_deep_look_finds_what_is_incomplete() {
    let scene = Scene::memory();
    let whole = scene.submit().await;
    let [no_raw, no_dump, damaged] = [
        scene.submit().await,
        scene.submit().await,
        scene.submit().await,
    ];
    scene.drain().await;
    let browser = DumpName::parse("upload_file_minidump_browser").unwrap();
    scene.remove(&no_raw, Item::RawCrash).await;
    scene.remove(&no_dump, Item::Dump(browser.clone())).await;
    scene.damage(&damaged, Item::DumpNames).await;
    assert_eq!(
        unprocessed(&verifier(&scene, at_once())).await,
        BTreeSet::new()
    );
    let deep = VerifyOptions {
        deep: true,
        ..at_once()
    };
    for crash in examined(&verifier(&scene, deep)).await {
        let expected = match crash.id {
            id if id == whole => vec![],
            id if id == no_raw => vec![Finding::NoRawCrash],
            id if id == no_dump => vec![Finding::MissingDumps(vec![browser.clone()])],
            _ => vec![Finding::DamagedDumpNames],
        };
        assert_eq!(crash.findings, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_an_error_and_no_finding() {
    let scene = Scene::memory();
    half_lost(&scene).await;
    for operation in [
        Operation::ListRaw,
        Operation::ListProcessed,
        Operation::Exists,
    ] {
        let outage = || Error::unavailable("test", "503");
        scene.storage.flaky.fail(operation, .., outage);
        let verifier = verifier(&scene, at_once());
        let found: Result<Vec<_>, _> = verifier.day(DAY).try_collect().await;
        assert!(found.is_err(), "{operation:?}");
        scene.storage.flaky.heal();
    }
}

fn every_hour(scene: &Scene) -> WorkerOptions {
    WorkerOptions {
        verify_every: Some(HOUR),
        ..scene.options()
    }
}

/// Lets several workers run side by side for some time.
async fn run_for(scene: &Scene, workers: usize, time: Duration) -> u64 {
    let stop = CancellationToken::new();
    let workers = (0..workers).map(|_| {
        let worker = scene.worker_with(scene.pipeline(), every_hour(scene));
        let stop = stop.clone();
        tokio::spawn(async move { worker.run(stop).await })
    });
    let workers: Vec<_> = workers.collect();
    tokio::time::sleep(time).await;
    stop.cancel();
    let mut processed = 0;
    for worker in workers {
        processed += worker.await.unwrap().processed;
    }
    processed
}

#[tokio::test(start_paused = true)]
async fn workers_that_are_told_to_bring_lost_crashes_back() {
    let scene = Scene::memory();
    let id = scene.store().await;
    // Files in memory are as old as the real clock says: later than the clock of the test.
    let later = DocumentKey::last_verification();
    assert!(scene.storage.document(&later).await.is_err());
    let far = Duration::from_secs(400 * 24 * 3600);
    tokio::time::sleep(far).await;
    let id_of_today = CrashId::mint(socorro_core::time::date(scene.environment.now()), 0);
    scene.copy_raw_crash(&id, &id_of_today).await;
    let processed = run_for(&scene, 3, 4 * HOUR).await;
    assert_eq!(processed, 1);
    assert!(scene.processed(&id_of_today).await.is_some());
    // Not of yesterday or today.
    assert_eq!(scene.processed(&id).await, None);
    let rounds = scene.storage.flaky.calls(Operation::SaveDocument);
    assert!(
        (3..=4).contains(&rounds),
        "{rounds} rounds of three workers in four hours"
    );
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_behind_is_not_made_longer() {
    let scene = Scene::memory();
    let id = scene.store().await;
    tokio::time::sleep(Duration::from_secs(400 * 24 * 3600)).await;
    let today = socorro_core::time::date(scene.environment.now());
    let lost = CrashId::mint(today, 0);
    scene.copy_raw_crash(&id, &lost).await;
    // Its raw crash never comes, and an outage keeps it in the queue.
    scene.publish(CrashId::mint(DAY, 0)).await;
    scene.storage.flaky.fail(Operation::RawCrash, .., || {
        Error::unavailable("test", "503")
    });
    tokio::time::sleep(2 * HOUR).await;
    run_for(&scene, 1, 3 * HOUR).await;
    assert_eq!(scene.depth().await.outstanding(), 1);
    assert_eq!(scene.processed(&lost).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_stops_nobody() {
    let scene = Scene::memory();
    let id = scene.store().await;
    tokio::time::sleep(Duration::from_secs(400 * 24 * 3600)).await;
    let today = socorro_core::time::date(scene.environment.now());
    let lost = CrashId::mint(today, 0);
    scene.copy_raw_crash(&id, &lost).await;
    let key = DocumentKey::last_verification();
    let garbage = Bytes::from_static(b"[");
    scene.storage.save_document(&key, garbage).await.unwrap();
    assert_eq!(run_for(&scene, 1, HOUR).await, 1);
}
