//! A real crash, all the way through: `cargo run --release --example quickstart`
//!
//! A small program crashes, its minidump is captured, symbols are made for it, and the report goes
//! through storage, queue, worker and pipeline, on this machine and without any service.

mod crashing;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use dump_syms::dumper::{self, Config, Output};
use socorro::{core::time, prelude::*, stackwalk::TextReport};
use tokio_util::sync::CancellationToken;

fn main() -> Result<()> {
    // Before anything else: in the program that crashes, this does not return.
    crashing::take_over_in_child();
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Result<()> {
    let directory = PathBuf::from("target/quickstart");
    let started = Instant::now();

    // A fresh start each time.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory)?;
    let directory = directory.canonicalize()?;

    step("A program crashes, and its minidump is captured");
    let minidump = crashing::crash_in_child(&directory.join("minidump"))?;

    step("Breakpad symbols are made for the program");
    let symbols = directory.join("symbols");
    make_symbols(&std::env::current_exe()?, &symbols)?;

    step("The report is stored, and its id is published to a queue");
    let storage = format!("file://{}", directory.join("crashes").display());
    let storage = socorro::storage::open(&storage, StorageOptions::default())?;
    let queue = format!("sqlite://{}", directory.join("queue.sqlite").display());
    let queue = socorro::queue::open(&queue, QueueOptions::default()).await?;
    let id = CrashId::mint(time::date(Environment::system().now()), 0);
    let mut raw = RawCrash::new();
    raw.set("uuid", id.as_str());
    raw.set("ProductName", "Quickstart");
    raw.set("Version", env!("CARGO_PKG_VERSION"));
    let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(minidump))]);
    storage.save_raw_crash(&id, &raw, &dumps).await?;
    queue
        .publish(Lane::Standard, &[Job::new(id)])
        .await?
        .into_result()?;

    step("A worker drains the queue");
    let symbols = SymbolStore::new([SymbolSource::directory(&symbols)?]);
    let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
        Arc::new(InProcessStackwalker::new().symbols(symbols)),
        &Arc::new(SignatureGenerator::default()),
    );
    let worker = Worker::new(Arc::clone(&storage), queue, pipeline);
    let summary = worker.drain(CancellationToken::new()).await;
    ensure!(
        summary.processed == 1,
        "the crash was not processed: {summary}"
    );

    let crash = storage.processed_crash(&id).await?.value;
    show(&crash);
    println!("processed crash  {}", path_of(&directory, &id).display());
    println!("all of this took {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn step(what: &str) {
    eprintln!("- {what} …");
}

/// Writes the symbols of a program into a Breakpad symbol tree.
fn make_symbols(program: &Path, tree: &Path) -> Result<()> {
    let config = Config::with_output(Output::Store(tree.to_owned()));
    let program = program
        .to_str()
        .context("the path of this program is not UTF-8")?;
    dumper::single_file(&config, program).context("cannot make symbols")
}

/// What a person wants to know first.
fn show(crash: &ProcessedCrash) {
    let text = |field| crash.text(field).unwrap_or("unknown").to_owned();
    println!();
    println!("signature        {}", text("signature"));
    println!("reason           {}", text("reason"));
    println!("address          {}", text("address"));
    println!("crash id         {}", text("crash_id"));
    println!();
    if let Some(stackwalk) = crash.json_dump() {
        println!("{}", TextReport::new(stackwalk));
    }
}

/// Where file storage keeps the processed crash; see the table of keys in `socorro-storage`.
fn path_of(directory: &Path, id: &CrashId) -> PathBuf {
    directory
        .join("crashes/v1/processed_crash")
        .join(id.as_str())
}
