//! The processor inside a program of one's own: `cargo run --example embed_processor FILE.dmp`
//!
//! Storage and queue are in memory here; one address each makes them a bucket and a durable queue.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use socorro::prelude::*;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<()> {
    // Without a file there is still something to see: a minidump that is none.
    let minidump = match std::env::args_os().nth(1) {
        Some(path) => {
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => b"not a minidump".to_vec(),
    };
    let storage = socorro::storage::open("memory:", StorageOptions::default())?;
    let queue = socorro::queue::open("memory:", QueueOptions::default()).await?;

    // What a collector does: store the report, then publish its id.
    let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
    let mut raw = RawCrash::new();
    raw.set("ProductName", "Example");
    let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(minidump))]);
    storage.save_raw_crash(&id, &raw, &dumps).await?;
    queue
        .publish(Lane::Standard, &[Job::new(id)])
        .await?
        .into_result()?;

    // What the processor does. `run` instead of `drain` goes on until the token is cancelled.
    let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
        Arc::new(InProcessStackwalker::new().symbols(SymbolStore::empty())),
        &Arc::new(SignatureGenerator::default()),
    );
    let worker = Worker::new(Arc::clone(&storage), queue, pipeline);
    let summary = worker.drain(CancellationToken::new()).await;
    ensure!(
        summary.processed == 1,
        "the crash was not processed: {summary}"
    );

    // What everybody else does.
    let crash = storage.processed_crash(&id).await?.value;
    println!("signature: {}", crash.signature().unwrap_or_default());
    println!(
        "stackwalk: {}",
        crash.text("mdsw_status_string").unwrap_or_default()
    );
    for note in crash.processor_notes() {
        println!("note:      {note}");
    }
    Ok(())
}
