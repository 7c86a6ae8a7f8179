//! The spool itself: order, replacement, damage, limits, clients that hang up.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::FutureExt as _;
use socorro_collector::{
    Collector, Error, Fate, Outcome,
    spool::{self, Mode, SpoolHooks, Step},
};
use socorro_core::{CrashId, Environment, time::ManualClock};
use tokio_util::sync::CancellationToken;

use crate::{
    backends::Mood,
    rig::{Everything, Rig, form, is_accepted, names, new_id, spool_in, submit, submit_as},
};

async fn rig_with(directory: &Path, mode: Mode, storage: Mood) -> Rig {
    Rig::new(storage, Mood::Well, |builder| {
        builder.spool(spool_in(directory, mode))
    })
    .await
}

async fn drain(rig: &Rig) -> spool::Drained {
    let drained = rig.collector.drain_spool(false, CancellationToken::new());
    drained.await.unwrap()
}

#[tokio::test]
async fn an_entry_has_the_files_that_it_should() {
    let directory = tempfile::tempdir().unwrap();
    let rig = rig_with(directory.path(), Mode::Always, Mood::Well).await;
    let id = new_id();
    let (outcome, details) = submit(&rig.collector, &id).await;
    assert!(is_accepted(&outcome, &id));
    assert_eq!(details.fate, Fate::Spooled);
    let entry = directory.path().join("new").join(id.as_str());
    assert_eq!(
        names(&entry),
        ["dump_names", "files", "raw_crash", "state.json"]
    );
    assert_eq!(
        names(&entry.join("files")),
        ["memory_report", "upload_file_minidump"]
    );
    assert!(names(&directory.path().join("tmp")).is_empty());
    let status = rig.collector.spool_status().unwrap();
    assert_eq!((status.entries, status.quarantined), (1, 0));
    let bytes: u64 = [
        "dump_names",
        "raw_crash",
        "files/memory_report",
        "files/upload_file_minidump",
    ]
    .iter()
    .map(|name| fs::metadata(entry.join(name)).unwrap().len())
    .sum();
    assert_eq!(status.bytes, bytes);
    assert!(!rig.is_stored(&id).await);
    assert_eq!(drain(&rig).await.delivered, 1);
    rig.assert_stored(&id, "drained").await;
    assert_eq!(rig.published().await, [id]);
}

#[cfg(unix)]
#[tokio::test]
async fn others_cannot_look_into_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("spool");
    let _rig = rig_with(&directory, Mode::Always, Mood::Well).await;
    for place in [".", "new", "tmp", "quarantine"] {
        let mode = fs::metadata(directory.join(place))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "{place}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_oldest_are_delivered_first_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-27T02:00:00Z".parse().unwrap()));
    let with_clock = |mood| {
        let environment = Environment::new(clock.clone(), "test");
        Rig::new(mood, Mood::Well, |builder| {
            let options = spool::Options {
                replayers: 1,
                ..spool_in(directory.path(), Mode::OnFailure)
            };
            builder.environment(environment).spool(options)
        })
    };
    let mut ids = Vec::new();
    {
        let rig = with_clock(Mood::Down).await;
        for _ in 0..12 {
            clock.advance(Duration::from_secs(1));
            let id = new_id();
            submit(&rig.collector, &id).await;
            ids.push(id);
        }
        let status = rig.collector.spool_status().unwrap();
        assert_eq!(status.oldest_age, Some(Duration::from_secs(11)));
        assert!(status.last_error.is_none());
        assert_eq!(drain(&rig).await.remaining, 12);
    }
    let rig = with_clock(Mood::Well).await;
    let replayer = rig.replay();
    rig.wait_until_empty().await;
    replayer.abort();
    assert_eq!(rig.published().await, ids);
    assert_eq!(rig.collector.spool_status().unwrap().last_error, None);
}

#[tokio::test(start_paused = true)]
async fn waits_grow_to_the_longest_and_a_recovery_ends_them() {
    let directory = tempfile::tempdir().unwrap();
    let rig = rig_with(directory.path(), Mode::Always, Mood::Down).await;
    let replayer = rig.replay();
    let id = new_id();
    submit(&rig.collector, &id).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let status = rig.collector.spool_status().unwrap();
    assert!(status.last_error.unwrap().contains("told to be down"));
    let state = directory.path().join(format!("new/{id}/state.json"));
    let state: serde_json::Value = serde_json::from_slice(&fs::read(state).unwrap()).unwrap();
    let attempts = state["attempts"].as_u64().unwrap();
    // About one a minute; half of it when the dice always say so.
    assert!((55..=150).contains(&attempts), "{attempts}");
    rig.well();
    tokio::time::sleep(Duration::from_secs(121)).await;
    assert_eq!(rig.collector.spool_status().unwrap().entries, 0);
    replayer.abort();
}

#[tokio::test]
async fn a_deferred_report_is_stored_and_never_published() {
    for mode in [Mode::OnFailure, Mode::Always] {
        let directory = tempfile::tempdir().unwrap();
        let rig = rig_with(directory.path(), mode, Mood::Well).await;
        let mut text = new_id().to_string();
        text.replace_range(29..30, "1");
        let id = CrashId::parse(&text).unwrap();
        let (outcome, _) = submit_as(&rig.collector, &id, "1", "Deferred").await;
        assert!(is_accepted(&outcome, &id));
        drain(&rig).await;
        rig.assert_stored(&id, "deferred").await;
        assert!(rig.published().await.is_empty());
    }
}

#[tokio::test]
async fn what_is_not_wanted_is_answered_whatever_the_storage_does() {
    let rig = Rig::new(Mood::Down, Mood::Down, |builder| builder).await;
    let (outcome, details) = submit_as(&rig.collector, &new_id(), "1", "Rejected").await;
    assert!(matches!(outcome, Outcome::Rejected { rule } if &*rule == "everything"));
    assert_eq!(details.fate, Fate::None);
    let (outcome, _) = submit_as(&rig.collector, &new_id(), "1", "Fake").await;
    assert!(matches!(outcome, Outcome::Accepted { .. }));
    assert!(matches!(
        rig.collector
            .drain_spool(false, CancellationToken::new())
            .await,
        Err(Error::NoSpool)
    ));
}

#[tokio::test(start_paused = true)]
async fn of_two_reports_with_one_id_the_later_one_stays() {
    let directory = tempfile::tempdir().unwrap();
    let rig = rig_with(directory.path(), Mode::OnFailure, Mood::Refusing).await;
    let id = new_id();
    submit_as(&rig.collector, &id, "first", "Firefox").await;
    rig.well();
    // The first one waits in the spool, so this one goes there as well.
    let (_, details) = submit_as(&rig.collector, &id, "second", "Firefox").await;
    assert_eq!(details.fate, Fate::Spooled);
    assert_eq!(names(&directory.path().join("new")), [id.as_str()]);
    assert_eq!(rig.collector.spool_status().unwrap().entries, 1);
    drain(&rig).await;
    rig.assert_stored(&id, "replaced").await;
    let raw_crash = rig.raw_crash(&id).await.unwrap();
    assert_eq!(raw_crash.annotation("Seed"), Some("second"));
}

/// Calls something once, at a step.
struct At<F>(Step, Mutex<Option<F>>);

impl<F> std::fmt::Debug for At<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<F: FnOnce() -> io::Result<()> + Send + 'static> SpoolHooks for At<F> {
    fn reached(&self, step: Step) -> io::Result<()> {
        let work = (step == self.0).then(|| self.1.lock().unwrap().take());
        work.flatten().map_or(Ok(()), |work| work())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_report_that_comes_while_an_older_one_of_its_id_is_delivered_is_not_lost() {
    for step in [Step::ReplayBegun, Step::ReplaySaved, Step::ReplayPublished] {
        let directory = tempfile::tempdir().unwrap();
        let (to_test, from_hook) = std::sync::mpsc::channel::<()>();
        let (to_hook, from_test) = std::sync::mpsc::channel::<()>();
        let hook = move || {
            to_test.send(()).unwrap();
            from_test.recv().unwrap();
            Ok(())
        };
        let rig = Rig::new(Mood::Well, Mood::Well, |builder| {
            builder
                .spool(spool_in(directory.path(), Mode::Always))
                .hooks(Arc::new(At(step, Mutex::new(Some(hook)))))
        })
        .await;
        let id = new_id();
        submit_as(&rig.collector, &id, "first", "Firefox").await;
        let replayer = rig.replay();
        tokio::task::block_in_place(|| from_hook.recv().unwrap());
        let (_, details) = submit_as(&rig.collector, &id, "second", "Firefox").await;
        assert_eq!(details.fate, Fate::Spooled);
        to_hook.send(()).unwrap();
        rig.wait_until_empty().await;
        replayer.abort();
        rig.assert_stored(&id, &format!("{step:?}")).await;
        let raw_crash = rig.raw_crash(&id).await.unwrap();
        assert_eq!(raw_crash.annotation("Seed"), Some("second"), "{step:?}");
        assert!(rig.published().await.contains(&id));
    }
}

#[tokio::test]
async fn damaged_entries_are_set_aside_with_the_reason_and_nothing_else_suffers() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 7] = [
        ("raw_crash is missing", |entry| {
            fs::remove_file(entry.join("raw_crash")).unwrap();
        }),
        ("raw_crash cannot be read", |entry| {
            fs::write(entry.join("raw_crash"), "{").unwrap();
        }),
        ("files/memory_report has 3 bytes", |entry| {
            fs::write(entry.join("files/memory_report"), "abc").unwrap();
        }),
        ("memory_report is missing", |entry| {
            fs::remove_file(entry.join("files/memory_report")).unwrap();
        }),
        ("dump_names has 1 names", |entry| {
            fs::write(entry.join("dump_names"), "[\"a\"]").unwrap();
        }),
        ("invalid dump name", |entry| {
            fs::write(entry.join("dump_names"), "[\"../../x\", \"b\"]").unwrap();
        }),
        ("state.json cannot be read", |entry| {
            fs::write(entry.join("state.json"), "").unwrap();
        }),
    ];
    for (reason, damage) in damages {
        let directory = tempfile::tempdir().unwrap();
        let (bad, good) = (new_id(), new_id());
        {
            let rig = rig_with(directory.path(), Mode::Always, Mood::Well).await;
            submit(&rig.collector, &bad).await;
            submit(&rig.collector, &good).await;
        }
        damage(&directory.path().join("new").join(bad.as_str()));
        let rig = rig_with(directory.path(), Mode::Always, Mood::Well).await;
        drain(&rig).await;
        assert_eq!(rig.published().await, [good], "{reason}");
        let status = rig.collector.spool_status().unwrap();
        assert_eq!((status.entries, status.quarantined), (0, 1), "{reason}");
        let aside = directory.path().join("quarantine").join(bad.as_str());
        let told = fs::read_to_string(aside.join("reason")).unwrap();
        assert!(told.contains(reason), "{reason}: {told}");
    }
}

#[tokio::test]
async fn what_is_no_entry_is_set_aside_and_what_was_never_finished_is_cleared() {
    let directory = tempfile::tempdir().unwrap();
    let id = new_id();
    {
        let rig = rig_with(directory.path(), Mode::Always, Mood::Well).await;
        submit(&rig.collector, &id).await;
    }
    fs::create_dir(directory.path().join("new/nonsense")).unwrap();
    fs::create_dir_all(directory.path().join("tmp/entry-x/files")).unwrap();
    // Killed in the middle of a replacement, before the new one was there.
    let entry = directory.path().join("new").join(id.as_str());
    fs::rename(&entry, entry.with_extension("replaced")).unwrap();
    let rig = rig_with(directory.path(), Mode::Always, Mood::Well).await;
    assert!(names(&directory.path().join("tmp")).is_empty());
    assert_eq!(names(&directory.path().join("quarantine")), ["nonsense"]);
    assert_eq!(names(&directory.path().join("new")), [id.as_str()]);
    assert_eq!(drain(&rig).await.delivered, 1);
    rig.assert_stored(&id, "settled").await;
}

#[tokio::test]
async fn two_processes_cannot_have_it() {
    let directory = tempfile::tempdir().unwrap();
    let rig = rig_with(directory.path(), Mode::Always, Mood::Well).await;
    let again = || async {
        let storage = socorro_storage::open("memory:", socorro_storage::StorageOptions::default());
        let queue = socorro_queue::MemoryQueue::new(socorro_queue::QueueOptions::default());
        Collector::builder()
            .storage(storage.unwrap())
            .queue(Arc::new(queue.unwrap()))
            .throttler(Arc::new(Everything))
            .spool(spool_in(directory.path(), Mode::Always))
            .build()
            .await
    };
    let error = again().await.unwrap_err();
    let file = directory.path().join("lock");
    let told = error.to_string();
    assert!(told.contains(file.to_str().unwrap()), "{told}");
    assert!(told.contains(&std::process::id().to_string()), "{told}");
    drop(rig);
    again().await.unwrap();
}

/// A disk with so many bytes left.
#[derive(Debug)]
struct Left(u64);

impl SpoolHooks for Left {
    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_of_the_disk_stay_free_and_always_falls_back_on_the_storage() {
    let directory = tempfile::tempdir().unwrap();
    for (mode, storage, left, fate) in [
        (Mode::OnFailure, Mood::Down, 3_000_000, Fate::Spooled),
        (Mode::OnFailure, Mood::Down, 1_000_500, Fate::Lost),
        (Mode::Always, Mood::Well, 1_000_500, Fate::Published),
        (Mode::Always, Mood::Down, 1_000_500, Fate::Lost),
    ] {
        let rig = Rig::new(storage, Mood::Well, |builder| {
            let options = spool::Options {
                min_free_bytes: 1_000_000,
                ..spool_in(directory.path(), mode)
            };
            builder.spool(options).hooks(Arc::new(Left(left)))
        })
        .await;
        let (outcome, details) = submit(&rig.collector, &new_id()).await;
        assert_eq!(details.fate, fate, "{mode:?} {storage:?} {left}");
        let sent_away = matches!(outcome, Outcome::TryLater { .. });
        assert_eq!(sent_away, fate == Fate::Lost);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_disk_at_any_step_acknowledges_nothing_and_leaves_nothing() {
    for step in [
        Step::EntryBegun,
        Step::EntryWritten,
        Step::EntryFlushed,
        Step::EntrySetAside,
    ] {
        for error in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
            let directory = tempfile::tempdir().unwrap();
            let hook = move || Err(io::Error::from(error));
            let rig = Rig::new(Mood::Down, Mood::Well, |builder| {
                builder
                    .spool(spool_in(directory.path(), Mode::OnFailure))
                    .hooks(Arc::new(At(step, Mutex::new(Some(hook)))))
            })
            .await;
            let id = new_id();
            let (outcome, _) = submit(&rig.collector, &id).await;
            let sent_away = matches!(outcome, Outcome::TryLater { .. });
            assert!(sent_away, "{step:?} {error:?}: {outcome:?}");
            for place in ["new", "tmp"] {
                assert!(names(&directory.path().join(place)).is_empty(), "{step:?}");
            }
            assert_eq!(rig.collector.spool_status().unwrap().bytes, 0);
            // And the next one is taken.
            assert!(is_accepted(&submit(&rig.collector, &id).await.0, &id));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_leaves_a_whole_report_or_none() {
    for mood in [Mood::Well, Mood::Slow, Mood::Down] {
        let directory = tempfile::tempdir().unwrap();
        let rig = rig_with(directory.path(), Mode::OnFailure, mood).await;
        let mut ids = Vec::new();
        for polls in 1..40 {
            let id = new_id();
            let (head, body) = form(&id, id.as_str(), "Firefox");
            let submitted = rig.collector.submit(&head, body);
            let mut submitted = Box::pin(submitted);
            let mut done = false;
            for _ in 0..polls {
                done |= (&mut submitted).now_or_never().is_some();
                if done {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(submitted);
            ids.push(id);
            if done {
                break;
            }
        }
        rig.collector.finish().await;
        // Time passes only when no thread is at work on the disk any more.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let left = names(&directory.path().join("tmp"));
        assert!(left.is_empty(), "{mood:?}: {left:?}");
        rig.well();
        tokio::time::advance(Duration::from_secs(120)).await;
        drain(&rig).await;
        assert!(names(&directory.path().join("new")).is_empty(), "{mood:?}");
        let published = rig.published().await;
        for id in ids {
            assert_eq!(
                rig.is_stored(&id).await,
                published.contains(&id),
                "{mood:?}"
            );
            if rig.is_stored(&id).await {
                rig.assert_stored(&id, "the client is gone").await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_minidump_gets_the_same_id_for_a_while() {
    let rig = Rig::new(Mood::Well, Mood::Well, |builder| {
        builder.dedupe_window(Some(Duration::from_secs(60)))
    })
    .await;
    let send = async |product: &str| {
        let (mut head, body) = form(&new_id(), "same", product);
        head.headers.remove("authorization");
        head.headers.remove("content-length");
        head.headers
            .insert("transfer-encoding", "chunked".parse().unwrap());
        // Without an id of its own.
        let body = http_body_util::BodyExt::collect(body)
            .await
            .unwrap()
            .to_bytes();
        let text = String::from_utf8_lossy(&body).replace("name=\"uuid\"", "name=\"other\"");
        let body = http_body_util::Full::new(bytes::Bytes::from(text));
        match rig.collector.submit(&head, body).await {
            Outcome::Accepted { id, .. } => id,
            other => panic!("{other:?}"),
        }
    };
    let first = send("Firefox").await;
    assert_eq!(send("Firefox").await, first);
    assert_ne!(send("Thunderbird").await, first);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_ne!(send("Firefox").await, first);
    assert_eq!(rig.published().await.len(), 3);
}
