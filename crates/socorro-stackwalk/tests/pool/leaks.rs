//! Nothing is left of children that are gone. A program of its own: what it counts is counted for the whole process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod children;
#[path = "../common/mod.rs"]
mod common;
mod system;

use std::process::ExitCode;
use std::sync::Arc;

use children::Silent;
use common::synthetic::Crash;
use serde_json::Map;
use socorro_stackwalk::testkit::{Fault, serve_with_faults};
use socorro_stackwalk::{Stackwalker, SymbolSource, SymbolStore, WalkRequest, WalkerPool};
use tokio::sync::Notify;

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

/// A walk that comes to its end, one whose child dies, one that its caller leaves while it waits for symbols.
///
/// Each round asks for symbols of its own: what is asked already is not asked again.
async fn all_sorts(round: u8, pool: &WalkerPool, waiting: &WalkerPool, asked: &Notify) {
    let good = Crash::new(1).dump();
    assert_eq!(walk(pool, good.clone()).await, 0);
    assert_eq!(walk(pool, Fault::Abort.put_into(good)).await, -6);
    tokio::select! {
        _ = walk(waiting, Crash::new(round).dump()) => panic!("there is no answer"),
        () = asked.notified() => {}
    }
}

#[tokio::test]
async fn neither_zombies_nor_open_files_are_left() {
    let (builder, mark) = children::pool();
    let pool = builder.children(2).walks_per_child(3).build();
    let silent = Silent::default();
    let asked = Arc::clone(&silent.asked);
    let (builder, waiting_mark) = children::pool();
    let store = SymbolStore::new([SymbolSource::custom(silent)]);
    let waiting = builder.children(1).symbols(store).build();
    let are_gone = || system::children(&waiting_mark).is_empty() && system::zombies() == 0;

    all_sorts(1, &pool, &waiting, &asked).await;
    system::until(are_gone).await;
    let before = system::open_files();
    for round in 2..=11 {
        all_sorts(round, &pool, &waiting, &asked).await;
    }
    system::until(are_gone).await;
    // An idle child has its channel and its standard error. One of the two may be there now that was not before.
    let after = system::open_files();
    assert!(after <= before + 2, "{before} open files became {after}");
    pool.close().await;
    assert_eq!(system::children(&mark), Vec::<u32>::new());
    assert_eq!(system::zombies(), 0);
}
