//! What children cannot do.

use socorro_stackwalk::WalkOutcome;
use socorro_stackwalk::pool::Confinement;
use socorro_stackwalk::testkit::Fault;

use super::common::synthetic::Crash;
use super::{one_child, pool, walk};

fn escaping() -> Vec<u8> {
    Fault::Escape.put_into(Crash::new(1).dump())
}

#[tokio::test]
async fn a_child_cannot_open_files_or_sockets() {
    let pool = one_child();
    let isolation = pool.check().await.unwrap();
    println!("{isolation}");
    assert_eq!(isolation.limits, Confinement::Enforced);
    if isolation.system_calls != Confinement::Enforced {
        eprintln!("SKIPPED: this machine lets children go: {isolation}");
        return;
    }
    let outcome = walk(&pool, escaping()).await;
    assert_eq!(outcome.exit_code, WalkOutcome::GOOD, "{:?}", outcome.log);
}

/// Otherwise the test above would prove nothing.
#[tokio::test]
async fn an_unconfined_child_can() {
    let pool = pool().0.children(1).confine(false).build();
    let outcome = walk(&pool, escaping()).await;
    assert_eq!(outcome.exit_code, -6);
    assert!(outcome.log.unwrap().contains("escaped: "));
    assert!(!pool.isolation().unwrap().is_complete());
}
