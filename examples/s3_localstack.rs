//! A crash through a bucket of S3: make the bucket, store the crash, publish its id, process it,
//! read the processed crash back.
//!
//! ```text
//! eval "$(scripts/services/s3-localstack.sh start)"
//! cargo run --example s3_localstack --features s3 -- FILE.dmp
//! ```
//!
//! Any server of the S3 protocol will do: `AWS_ENDPOINT_URL` (without it LocalStack's own
//! `http://127.0.0.1:4566`), `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` say which. On Amazon
//! itself, leave the endpoint out of the address.

use std::{env, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use socorro::prelude::*;
use tokio_util::sync::CancellationToken;

const BUCKET: &str = "dev-bucket";

#[tokio::main]
async fn main() -> Result<()> {
    // Without a file there is still something to see: a minidump that is none.
    let minidump = match env::args_os().nth(1) {
        Some(path) => {
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => b"not a minidump".to_vec(),
    };
    let endpoint = ["AWS_ENDPOINT_URL", "SOCORRO_TEST_S3_ENDPOINT"]
        .into_iter()
        .find_map(|name| env::var(name).ok())
        .unwrap_or_else(|| "http://127.0.0.1:4566".to_owned());
    let address = format!("s3://{BUCKET}?endpoint={endpoint}&region=us-east-1");

    let made = socorro::storage::create(&address)
        .await
        .with_context(|| format!("is there an S3 server at {endpoint}?"))?;
    println!(
        "bucket:    {BUCKET}{}",
        if made { "" } else { " (was there)" }
    );
    let storage = socorro::storage::open(&address, StorageOptions::default())?;

    // The queue is a file. It may as well be a topic: see the example pubsub_emulator.
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("queue.sqlite");
    let queue_address = format!("sqlite://{}", file.display());
    let queue = socorro::queue::open(&queue_address, QueueOptions::default()).await?;

    let id = CrashId::mint(Date::constant(2026, 11, 24), 0);
    let mut raw = RawCrash::new();
    raw.set("ProductName", "Example");
    let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(minidump))]);
    storage.save_raw_crash(&id, &raw, &dumps).await?;
    println!("stored:    {id}");
    let published = queue.publish(Lane::Standard, &[Job::new(id)]).await?;
    published.into_result()?;

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

    let crash = storage.processed_crash(&id).await?.value;
    println!("processed: {summary}");
    println!("signature: {}", crash.signature().unwrap_or_default());
    Ok(())
}
