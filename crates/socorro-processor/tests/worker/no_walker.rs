//! A machine that cannot walk for the moment.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use socorro_processor::rules::breakpad::MinidumpStackwalk;
use socorro_stackwalk::{Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

use crate::support::{Event, Scene, default_ruleset};

/// Has nobody who walks until it was asked so many times.
#[derive(Debug)]
struct WalksLater {
    not_yet: u32,
    asked: AtomicU32,
}

#[async_trait]
impl Stackwalker for WalksLater {
    fn version(&self) -> String {
        "test".to_owned()
    }

    async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
        let is_too_early = self.asked.fetch_add(1, Ordering::Relaxed) < self.not_yet;
        WalkOutcome {
            exit_code: i32::from(is_too_early),
            output: if is_too_early {
                WalkOutput::NotWalked("no walker: cannot start it".to_owned())
            } else {
                WalkOutput::Json(serde_json::json!({"status": "OK"}))
            },
            log: None,
            symbolication: None,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_waits_for_a_walker_however_long_that_takes() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    // More often than a crash may fail by itself.
    let walker = Arc::new(WalksLater {
        not_yet: 30,
        asked: AtomicU32::new(0),
    });
    let ruleset = default_ruleset().then_async(MinidumpStackwalk::new(Arc::clone(&walker) as _));
    let worker = scene.worker_of(ruleset);
    scene.run_until(&worker, Event::Acked, 1).await;
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.text("mdsw_status_string"), Some("OK"));
    assert!(walker.asked.load(Ordering::Relaxed) > walker.not_yet);
    assert_eq!(scene.depth().await.dead, 0);
}
