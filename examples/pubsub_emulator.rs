//! A crash through Google Cloud Pub/Sub, on its emulator:
//!
//! ```text
//! eval "$(scripts/services/pubsub-emulator.sh)"
//! cargo run --example pubsub_emulator --features pubsub
//! ```
//!
//! Without `PUBSUB_EMULATOR_HOST` the same code would talk to the service itself.

use std::{path::Path, sync::Arc};

use anyhow::{Result, bail, ensure};
use socorro::{core::time, prelude::*};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::var_os("PUBSUB_EMULATOR_HOST").is_none() {
        let how =
            "PUBSUB_EMULATOR_HOST is not set; run: eval \"$(scripts/services/pubsub-emulator.sh)\"";
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            bail!(how);
        }
        println!("skipped: {how}");
        return Ok(());
    }
    // A fresh bucket, and topics that nobody else uses.
    let bucket = Path::new("target/pubsub_emulator/dev-bucket");
    let _ = std::fs::remove_dir_all(bucket);
    std::fs::create_dir_all(bucket)?;
    let storage = format!("file://{}", bucket.canonicalize()?.display());
    let storage = socorro::storage::open(&storage, StorageOptions::default())?;
    let id = CrashId::mint(time::date(Environment::system().now()), 0);

    println!("- make the topics and subscriptions");
    let queue = format!("pubsub://local-dev/example-{id}-");
    let queue = socorro::queue::open(&queue, QueueOptions::default()).await?;
    queue.create().await?;
    queue.check().await?;

    println!("- store a crash, and publish its id");
    let mut raw = RawCrash::new();
    raw.set("uuid", id.as_str());
    raw.set("ProductName", "Example");
    raw.set("Version", "1.0");
    let minidump = b"not a minidump, which is a result as well".to_vec();
    let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(minidump))]);
    storage.save_raw_crash(&id, &raw, &dumps).await?;
    queue
        .publish(Lane::Standard, &[Job::new(id)])
        .await?
        .into_result()?;

    println!("- process what is in the queue");
    let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
        Arc::new(InProcessStackwalker::new().symbols(SymbolStore::empty())),
        &Arc::new(SignatureGenerator::default()),
    );
    let worker = Worker::new(Arc::clone(&storage), Arc::clone(&queue), pipeline);
    let summary = worker.drain(CancellationToken::new()).await;
    ensure!(
        summary.processed == 1,
        "the crash was not processed: {summary}"
    );

    println!("- read the processed crash back\n");
    let crash = storage.processed_crash(&id).await?.value;
    for field in ["crash_id", "product", "signature", "mdsw_status_string"] {
        println!("{field:<20}{}", crash.text(field).unwrap_or_default());
    }
    Ok(())
}
