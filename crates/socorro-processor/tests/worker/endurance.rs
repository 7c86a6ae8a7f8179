//! Many crashes while a fifth of all calls fails: nothing is lost, nothing is dead-lettered.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use socorro_core::{CrashId, Environment};
use socorro_queue::{CrashQueue, QueueOptions, SqliteQueue, testkit::FlakyQueue};
use socorro_storage::{
    Error, ObjectStorage, StorageOptions,
    testkit::{Call, Fault, Operation},
};
use tokio_util::sync::CancellationToken;

use crate::support::{NO_DIRECTORIES, Scene, TokioClock};

const CRASHES: usize = 200;
/// One in so many calls fails.
const ONE_IN: u64 = 5;

/// The faults of a storage by a seed: half of them lose the request, half the answer.
fn faults(seed: u64) -> impl Fn(&Call) -> Option<Fault> + Send + Sync + 'static {
    let state = Mutex::new(seed);
    let next = move || {
        // Xorshift.
        let mut state = state.lock().unwrap();
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    };
    move |_| {
        let error = || Error::unavailable("test", "told to fail");
        match (next() % ONE_IN, next() % 2) {
            (0, 0) => Some(Fault::Refuse(error())),
            (0, _) => Some(Fault::LoseAnswer(error())),
            _ => None,
        }
    }
}

async fn on_disk(directory: &Path) -> Scene {
    let environment = Environment::new(Arc::new(TokioClock::start()), "testhost");
    let options = QueueOptions {
        environment: environment.clone(),
        ..QueueOptions::default()
    };
    let open = || {
        let options = StorageOptions {
            // Nobody pulls the plug here.
            durable: false,
            ..StorageOptions::default()
        };
        ObjectStorage::directory(directory.join("crashes"), options).unwrap()
    };
    let queue = SqliteQueue::open(directory.join("queue.sqlite"), options).await;
    let queue: Arc<dyn CrashQueue> = Arc::new(queue.unwrap());
    let queue = FlakyQueue::seeded(queue, 13, ONE_IN);
    Scene::of(open(), open(), queue, environment)
}

/// Processes many crashes with two workers while things fail.
async fn endure(scene: &Scene) {
    let mut ids = BTreeSet::<CrashId>::new();
    for _ in 0..CRASHES {
        ids.insert(scene.submit().await);
    }
    scene.storage.flaky.plan(faults(17));

    let stop = CancellationToken::new();
    let (first, second) = (scene.worker(), scene.worker());
    let until_empty = async {
        let mut seen = 0;
        while scene.depth().await.outstanding() > 0 {
            scene.journal.wait_for_more(&mut seen).await;
        }
        stop.cancel();
    };
    let (first, second, ()) = tokio::join!(
        first.run(stop.clone()),
        second.run(stop.clone()),
        until_empty
    );

    assert!(first.processed + second.processed >= CRASHES as u64);
    assert!(first.given_back + second.given_back > 0, "nothing failed");
    assert_eq!(first.abandoned + second.abandoned, 0);
    assert_eq!(scene.depth().await.dead, 0);
    for id in &ids {
        let processed = scene.processed(id).await.expect("a processed crash");
        assert_eq!(processed.text("mark"), Some(id.as_str()));
        assert_eq!(
            processed.lookup("dumps.upload_file_minidump"),
            Some(&4.into())
        );
        assert_eq!(
            processed.lookup("dumps.upload_file_minidump_browser"),
            Some(&7.into())
        );
        assert_eq!(processed.get("success"), Some(&true.into()));
    }
    assert_eq!(scene.crash_directories(), NO_DIRECTORIES);
    let saves = scene.storage.flaky.calls(Operation::SaveProcessedCrash);
    assert!(saves > CRASHES, "no save failed: {saves}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_in_memory() {
    let lease = Duration::from_secs(60);
    let scene = Scene::memory_with(lease, |queue| FlakyQueue::seeded(queue, 11, ONE_IN));
    endure(&scene).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    endure(&on_disk(directory.path()).await).await;
}
