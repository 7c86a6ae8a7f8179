//! Walks in child processes: the same results as in process, whatever happens to the children.
//!
//! The children are this test program, started once more for its "test" `walker_child`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod children;
#[path = "../common/mod.rs"]
mod common;
mod confinement;
mod equality;
mod faults;
mod life;
#[cfg(target_os = "linux")]
mod system;

use std::process::ExitCode;

use children::pool;
use serde_json::{Map, Value};
use socorro_stackwalk::testkit::serve_with_faults;
use socorro_stackwalk::{
    DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest, WalkerPool,
};

#[test]
#[ignore = "is the child process of the other tests"]
fn walker_child() -> ExitCode {
    serve_with_faults()
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
