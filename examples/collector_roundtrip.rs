//! A crash report over HTTP, from the request to the processed crash, in one process:
//! `cargo run --example collector_roundtrip --features collector`
//!
//! The minidump is that of a program that really crashes, for this purpose.

#[path = "quickstart/crashing.rs"]
mod crashing;

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use socorro::{
    collector::{Collector, form::Form, http, spool, throttle::Rules},
    prelude::*,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

fn main() -> Result<()> {
    // Before anything else: in the program that crashes, this does not return.
    crashing::take_over_in_child();
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = format!("file://{}", directory.path().join("crashes").display());
    let storage = socorro::storage::open(&storage, StorageOptions::default())?;
    let queue = format!(
        "sqlite://{}",
        directory.path().join("queue.sqlite").display()
    );
    let queue = socorro::queue::open(&queue, QueueOptions::default()).await?;

    // A collector, and what it needs to lose nothing when storage or queue are down.
    let collector = Collector::builder()
        .storage(Arc::clone(&storage))
        .queue(Arc::clone(&queue))
        .throttler(Arc::new(Rules::open()))
        .spool(spool::Options::new(directory.path().join("spool")))
        .build()
        .await?;
    let options = http::Options::default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = http::router(collector.clone(), &options);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let server =
        tokio::spawn(
            async move { http::serve(listener, router, &options, stopped.cancelled()).await },
        );

    // A client, after a crash.
    let minidump = crashing::crash_in_child(&directory.path().join("minidump"))?;
    let form = Form::new()
        .annotation("ProductName", "Roundtrip")
        .annotation("Version", env!("CARGO_PKG_VERSION"))
        .file("upload_file_minidump", "crash.dmp", minidump);
    let body = form.to_bytes()?;
    let mut client = TcpStream::connect(address).await?;
    let head = format!(
        "POST /submit HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {}\r\n\
         Content-Length: {}\r\n\r\n",
        form.content_type(),
        body.len()
    );
    client.write_all(head.as_bytes()).await?;
    client.write_all(&body).await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    let (_, answer) = answer.split_once("\r\n\r\n").context("an answer")?;
    println!("the collector says  {answer}");
    let id = answer.trim_end().strip_prefix("CrashID=bp-");
    let id = CrashId::parse(id.context("a crash id")?)?;

    // A processor.
    let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
        Arc::new(InProcessStackwalker::new()),
        &Arc::new(SignatureGenerator::default()),
    );
    let worker = Worker::new(Arc::clone(&storage), queue, pipeline);
    let summary = worker.drain(CancellationToken::new()).await;
    ensure!(summary.processed == 1, "not processed: {summary}");
    let crash = storage.processed_crash(&id).await?.value;
    for field in [
        "product",
        "version",
        "submitted_timestamp",
        "reason",
        "signature",
    ] {
        println!("{field:<20}{}", crash.text(field).unwrap_or("–"));
    }

    stop.cancel();
    server.await??;
    collector.finish().await;
    Ok(())
}
