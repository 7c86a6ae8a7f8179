//! A crash report over HTTP, from the request to the processed crash, in one process:
//! `cargo run --example collector_roundtrip --features collector`
//!
//! The minidump is that of a program that really crashed, if one is given as an argument.

use std::{path::PathBuf, sync::Arc};

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

#[tokio::main]
async fn main() -> Result<()> {
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

    // A client.
    let form = Form::new()
        .annotation("ProductName", "Roundtrip")
        .annotation("Version", env!("CARGO_PKG_VERSION"))
        .file("upload_file_minidump", "crash.dmp", minidump()?);
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

/// The minidump that is named on the command line, or that of a crash of the recorded corpus.
fn minidump() -> Result<Vec<u8>> {
    let corpus =
        std::env::var_os("SOCORRO_CORPUS").map_or("../shared/corpus".into(), PathBuf::from);
    let path = match std::env::args_os().nth(1) {
        Some(path) => path.into(),
        None => smallest_in(&corpus)
            .with_context(|| format!("no minidump in {}; name one", corpus.display()))?,
    };
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn smallest_in(directory: &std::path::Path) -> Option<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).ok()?.flatten() {
            let (path, metadata) = (entry.path(), entry.metadata().ok()?);
            if metadata.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "dmp") {
                found.push((metadata.len(), path));
            }
        }
    }
    found.into_iter().min().map(|(_, path)| path)
}
