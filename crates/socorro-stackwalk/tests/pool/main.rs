//! Walks in child processes: the same results as in process, whatever happens to the children.
//!
//! The children are this test program, started once more for its "test" `walker_child`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "../common/mod.rs"]
mod common;
mod confinement;
mod equality;
mod faults;
mod life;
#[cfg(target_os = "linux")]
mod system;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value};
use socorro_stackwalk::pool::{WalkerPoolBuilder, this_program};
use socorro_stackwalk::testkit::serve_with_faults;
use socorro_stackwalk::{DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest, WalkerPool};

#[test]
#[ignore = "is the child process of the other tests"]
fn walker_child() -> ExitCode {
    serve_with_faults()
}

/// A pool of this program, and a text that is on the command line of its children and no others.
fn pool() -> (WalkerPoolBuilder, String) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mark = format!("pool-{}-{number}", std::process::id());
    let mut builder = WalkerPool::builder(this_program().unwrap());
    for argument in ["walker_child", "--exact", "--ignored", "--nocapture", "--test-threads=1", "--skip"] {
        builder = builder.argument(argument);
    }
    (builder.argument(&mark), mark)
}

/// A pool of one child.
fn one_child() -> WalkerPool {
    pool().0.children(1).build()
}

async fn walk(walker: &dyn Stackwalker, dump: impl Into<DumpSource<'_>>) -> WalkOutcome {
    let request = WalkRequest {
        dump: dump.into(),
        annotations: &Map::new(),
    };
    walker.walk(request).await
}

fn document(outcome: &WalkOutcome) -> &Value {
    match &outcome.output {
        WalkOutput::Json(document) => document,
        other => panic!("no document but {other:?}, {:?}", outcome.log),
    }
}
