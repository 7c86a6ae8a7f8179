//! Nothing is left of children that are gone. A program of its own: what it counts is counted for the whole process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod children;
#[path = "../common/mod.rs"]
mod common;
mod system;

use std::process::ExitCode;

use common::synthetic::Crash;
use serde_json::Map;
use socorro_stackwalk::testkit::{Fault, serve_with_faults};
use socorro_stackwalk::{Stackwalker, WalkRequest, WalkerPool};

#[test]
#[ignore = "is the child process of the other test"]
fn walker_child() -> ExitCode {
    serve_with_faults()
}

async fn walk(pool: &WalkerPool, dump: Vec<u8>) -> i32 {
    let request = WalkRequest {
        dump: dump.into(),
        annotations: &Map::new(),
    };
    pool.walk(request).await.exit_code
}

/// A walk that comes to its end, one whose child dies, one that nobody waits for.
async fn all_sorts(pool: &WalkerPool) {
    let good = Crash::new(1).dump();
    assert_eq!(walk(pool, good.clone()).await, 0);
    assert_eq!(walk(pool, Fault::Abort.put_into(good.clone())).await, -6);
    tokio::select! {
        biased;
        _ = walk(pool, Fault::Loop.put_into(good)) => panic!("an endless loop has ended"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn neither_zombies_nor_open_files_are_left() {
    let (builder, mark) = children::pool();
    let pool = builder.children(2).walks_per_child(3).build();
    all_sorts(&pool).await;
    let before = system::open_files();
    for _ in 0..10 {
        all_sorts(&pool).await;
    }
    assert_eq!(system::zombies(), 0);
    // Each idle child has its channel and its standard error; one may be starting.
    let after = system::open_files();
    assert!(after <= before + 2 * 3, "{before} open files became {after}");
    pool.close().await;
    assert_eq!(system::children(&mark), Vec::<u32>::new());
    assert_eq!(system::zombies(), 0);
}
