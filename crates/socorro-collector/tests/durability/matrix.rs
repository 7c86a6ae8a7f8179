//! Storage and queue, down from the start or in the middle, slow, refusing; with a spool, without one, with
//! a full one.

use std::time::Duration;

use socorro_collector::{Fate, Outcome, spool::Mode};
use tokio::time::Instant;

use crate::{
    backends::Mood,
    rig::{self, Rig, is_accepted, names, new_id, submit},
};

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backend {
    Storage,
    Queue,
}

/// What there is to fall back on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spool {
    On,
    Off,
    Full,
}

const BUDGET: Duration = Duration::from_secs(5);
/// Far less than the 20 s that the least patient client waits.
const LONGEST: Duration = Duration::from_secs(6);

async fn rig_of(spool: Spool, directory: &std::path::Path, moods: [Mood; 2]) -> Rig {
    let [storage, queue] = moods;
    Rig::new(storage, queue, |builder| {
        let mut options = rig::spool_in(directory, Mode::OnFailure);
        match spool {
            Spool::On => {}
            Spool::Off => options.mode = Mode::Off,
            Spool::Full => options.max_bytes = 1000,
        }
        builder.save_budget(BUDGET).spool(options)
    })
    .await
}

async fn fails(backend: Backend, mood: Mood, spool: Spool, in_the_middle: bool) {
    let context = format!("{backend:?} {mood:?}, spool {spool:?}, in the middle: {in_the_middle}");
    let directory = tempfile::tempdir().unwrap();
    let moods = match (in_the_middle, backend) {
        (true, _) => [Mood::Well, Mood::Well],
        (false, Backend::Storage) => [mood, Mood::Well],
        (false, Backend::Queue) => [Mood::Well, mood],
    };
    let rig = rig_of(spool, directory.path(), moods).await;
    let replayer = rig.replay();
    let mut acknowledged = Vec::new();
    if in_the_middle {
        let id = new_id();
        let (outcome, details) = submit(&rig.collector, &id).await;
        assert!(is_accepted(&outcome, &id), "{context}");
        assert_eq!(details.fate, Fate::Published, "{context}");
        acknowledged.push(id);
        match backend {
            Backend::Storage => rig.storage.set(mood),
            Backend::Queue => rig.queue.set(mood),
        }
    }
    for _ in 0..8 {
        let id = new_id();
        let begin = Instant::now();
        let (outcome, details) = submit(&rig.collector, &id).await;
        assert!(begin.elapsed() < LONGEST, "{context}");
        match (backend, spool) {
            (Backend::Storage, Spool::Off) => {
                assert!(
                    matches!(outcome, Outcome::NotStored),
                    "{context}: {outcome:?}"
                );
                continue;
            }
            (Backend::Storage, Spool::Full) => {
                let sent_away = matches!(outcome, Outcome::TryLater { .. });
                assert!(sent_away, "{context}: {outcome:?}");
                continue;
            }
            (Backend::Storage, Spool::On) => assert_eq!(details.fate, Fate::Spooled, "{context}"),
            (Backend::Queue, Spool::Off) => assert_eq!(details.fate, Fate::NotPublished),
            (Backend::Queue, _) => assert_eq!(details.fate, Fate::PublishedLater, "{context}"),
        }
        assert!(is_accepted(&outcome, &id), "{context}: {outcome:?}");
        acknowledged.push(id);
    }
    let quarantined = backend == Backend::Storage && mood == Mood::Refusing && spool == Spool::On;
    if quarantined {
        // Each of them has been tried, and nobody else delivers when they are put back.
        rig.wait_until_empty().await;
        replayer.abort();
    }
    rig.well();
    if spool != Spool::Off {
        rig.wait_until_empty().await;
    }
    if quarantined {
        // Somebody has raised the limit of the storage.
        let stop = tokio_util::sync::CancellationToken::new();
        let drained = rig.collector.drain_spool(true, stop).await.unwrap();
        assert_eq!((drained.delivered, drained.remaining), (8, 0), "{context}");
    }
    let mut published = rig.published().await;
    for id in &acknowledged {
        rig.assert_stored(id, &context).await;
    }
    published.sort();
    published.dedup();
    if !(backend == Backend::Queue && spool == Spool::Off) {
        acknowledged.sort();
        assert_eq!(published, acknowledged, "{context}");
    }
    if spool != Spool::Off {
        for place in ["new", "tmp", "quarantine"] {
            let left = names(&directory.path().join(place));
            assert!(left.is_empty(), "{context}: {place}: {left:?}");
        }
    }
    replayer.abort();
}

async fn all(backend: Backend, mood: Mood) {
    for spool in [Spool::On, Spool::Off, Spool::Full] {
        for in_the_middle in [false, true] {
            fails(backend, mood, spool, in_the_middle).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_storage_is_down() {
    all(Backend::Storage, Mood::Down).await;
}

#[tokio::test(start_paused = true)]
async fn the_storage_is_slow() {
    all(Backend::Storage, Mood::Slow).await;
}

#[tokio::test(start_paused = true)]
async fn the_storage_refuses() {
    all(Backend::Storage, Mood::Refusing).await;
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_down() {
    all(Backend::Queue, Mood::Down).await;
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_slow() {
    all(Backend::Queue, Mood::Slow).await;
}

#[tokio::test(start_paused = true)]
async fn the_queue_refuses() {
    all(Backend::Queue, Mood::Refusing).await;
}

#[tokio::test(start_paused = true)]
async fn both_are_down_and_come_back_one_after_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let rig = rig_of(Spool::On, directory.path(), [Mood::Down, Mood::Down]).await;
    let replayer = rig.replay();
    let mut ids: Vec<_> = std::iter::repeat_with(new_id).take(20).collect();
    for id in &ids {
        assert!(is_accepted(&submit(&rig.collector, id).await.0, id));
    }
    rig.storage.set(Mood::Well);
    let stored = async {
        while rig.collector.spool_status().unwrap().bytes > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(3600), stored)
        .await
        .unwrap();
    assert_eq!(rig.collector.spool_status().unwrap().entries, 20);
    for id in &ids {
        rig.assert_stored(id, "stored, not published").await;
    }
    assert!(rig.published().await.is_empty());
    rig.queue.set(Mood::Well);
    rig.wait_until_empty().await;
    let mut published = rig.published().await;
    published.sort();
    published.dedup();
    ids.sort();
    assert_eq!(published, ids);
    replayer.abort();
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_only_the_first_ones_wait() {
    let directory = tempfile::tempdir().unwrap();
    let rig = rig_of(Spool::On, directory.path(), [Mood::Slow, Mood::Well]).await;
    let mut waits = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let (outcome, _) = submit(&rig.collector, &new_id()).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }));
        waits.push(begin.elapsed());
    }
    assert_eq!(waits[0], BUDGET);
    assert!(waits[1..].iter().all(Duration::is_zero), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn one_failure_costs_a_short_wait_and_nothing_else() {
    for spool in [Spool::On, Spool::Off] {
        let directory = tempfile::tempdir().unwrap();
        let rig = rig_of(spool, directory.path(), [Mood::Down, Mood::Down]).await;
        let id = new_id();
        let begin = Instant::now();
        let (submitted, ()) = tokio::join!(submit(&rig.collector, &id), async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            rig.well();
        });
        assert!(is_accepted(&submitted.0, &id));
        assert_eq!(submitted.1.fate, Fate::Published);
        assert!(begin.elapsed() < Duration::from_millis(200));
    }
}

#[tokio::test(start_paused = true)]
async fn health_says_whether_reports_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (spool, storage, queue, refused, degraded) in [
        (Spool::On, Mood::Well, Mood::Well, false, vec![]),
        (
            Spool::On,
            Mood::Down,
            Mood::Down,
            false,
            vec!["storage", "queue"],
        ),
        (Spool::Off, Mood::Down, Mood::Well, true, vec![]),
        (Spool::Off, Mood::Well, Mood::Slow, false, vec!["queue"]),
        (Spool::Off, Mood::Slow, Mood::Well, true, vec![]),
    ] {
        let rig = rig_of(spool, directory.path(), [storage, queue]).await;
        let health = rig.collector.health().await;
        let context = format!("{spool:?} {storage:?} {queue:?}: {health:?}");
        assert_eq!(!health.takes_reports(), refused, "{context}");
        let names: Vec<_> = health.degraded.iter().map(|it| &*it.name).collect();
        assert_eq!(names, degraded, "{context}");
        assert_eq!(
            rig.collector.verify().await.is_ok(),
            (storage, queue) == (Mood::Well, Mood::Well),
            "{context}"
        );
        rig.well();
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(
            rig.collector.health().await,
            socorro_collector::Health::default()
        );
        assert!(rig.collector.verify().await.is_ok());
    }
}
