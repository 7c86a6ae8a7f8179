//! Symbols that arrive after the crash was processed.

use std::{fs, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::TryStreamExt as _;
use socorro_core::{
    CrashId, Dump, DumpName, Dumps, Environment, ProcessedCrash, RawCrash, time::Date,
};
use socorro_processor::{
    Destinations, Pipeline, Worker, WorkerOptions,
    destinations::{DestinationOptions, MissingSymbolsIndex},
};
use socorro_queue::{CrashQueue, Job, Lane, Message, QueueOptions};
use socorro_signature::SignatureGenerator;
use socorro_stackwalk::{
    DirectorySource, FetchSymbols, FoundSymbols, InProcessStackwalker, SymbolError, SymbolRequest,
    SymbolSource, SymbolStore,
};
use socorro_storage::{CrashStorage, MissingModule, MissingSymbols, StorageOptions};
use tokio_util::sync::CancellationToken;

use crate::{
    corpus::{self, SymbolFile},
    forms::zip,
    server::{Answer, Server},
};

const DAY: Date = Date::constant(2026, 11, 20);

/// A symbol server that has nothing, which a walk remembers.
#[derive(Debug)]
struct Nothing;

#[async_trait]
impl FetchSymbols for Nothing {
    async fn fetch(&self, _: &SymbolRequest<'_>) -> Result<Option<FoundSymbols>, SymbolError> {
        Ok(None)
    }

    fn place(&self) -> String {
        "https://nothing.example/".to_owned()
    }
}

/// A directory with crashes and a queue, a server that takes symbols, and a worker.
struct System {
    server: Server,
    worker: Worker,
    _data: tempfile::TempDir,
}

impl System {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let at = |name: &str| data.path().join(name).display().to_string();
        let crashes = format!("file://{}", at("crashes"));
        fs::create_dir(at("crashes")).unwrap();
        let storage = socorro_storage::open(&crashes, StorageOptions::default()).unwrap();
        let queue = format!("sqlite://{}", at("queue.sqlite"));
        let queue = socorro_queue::open(&queue, QueueOptions::default());
        let server = Server::over(storage, queue.await.unwrap(), |_| {}).await;
        let worker = worker(&server);
        Self {
            server,
            worker,
            _data: data,
        }
    }

    async fn crash(&self, dump: &Path) -> CrashId {
        let id = CrashId::mint(DAY, 0);
        let mut raw = RawCrash::new();
        raw.set("ProductName", "Example");
        let dump = Dump::from(fs::read(dump).unwrap());
        let dumps = Dumps::from_iter([(DumpName::main(), dump)]);
        let storage = &self.server.storage;
        storage.save_raw_crash(&id, &raw, &dumps).await.unwrap();
        self.publish(id).await;
        id
    }

    async fn publish(&self, id: CrashId) {
        let jobs = [Job::new(id)];
        let published = self.server.queue.publish(Lane::Standard, &jobs).await;
        published.unwrap().into_result().unwrap();
    }

    async fn work(&self, processed: u64) {
        let summary = self.worker.drain(CancellationToken::new()).await;
        assert_eq!(summary.processed, processed, "{summary}");
    }

    async fn processed(&self, id: &CrashId) -> ProcessedCrash {
        self.server.storage.processed_crash(id).await.unwrap().value
    }

    /// What is in the reprocessing lane, which is put back.
    async fn waiting(&self) -> Vec<CrashId> {
        let queue = &self.server.queue;
        let mut ids = Vec::new();
        for delivery in queue.receive(100, Duration::ZERO).await.unwrap() {
            assert_eq!(delivery.lane, Lane::Reprocessing);
            let Ok(Message::Process(job)) = &delivery.message else {
                panic!("{:?}", delivery.message)
            };
            ids.push(job.crash_id);
            let back = queue.nack(
                &delivery.receipt,
                Duration::ZERO,
                socorro_queue::Blame::Nobody,
            );
            back.await.unwrap();
        }
        ids.sort_unstable();
        ids
    }

    async fn lacking(&self, file: &SymbolFile) -> Vec<CrashId> {
        let (debug_file, _) = file.name.split_once('/').unwrap();
        let module = MissingModule::new(debug_file, file.debug_id()).unwrap();
        let index = MissingSymbols::of(Arc::clone(&self.server.storage));
        let mut ids: Vec<_> = index.crashes(&module).try_collect().await.unwrap();
        ids.sort_unstable();
        ids
    }
}

fn worker(server: &Server) -> Worker {
    let Server {
        storage,
        queue,
        store,
        ..
    } = server;
    let symbols = SymbolStore::new([
        SymbolSource::directory(store.path()).unwrap(),
        SymbolSource::custom(Nothing),
    ]);
    let walker = InProcessStackwalker::new().symbols(symbols);
    let pipeline = Pipeline::new(Environment::system())
        .with_default_rulesets(Arc::new(walker), &Arc::new(SignatureGenerator::default()));
    let index = MissingSymbolsIndex::of(Arc::clone(storage)).with_arrivals(
        DirectorySource::new(store.path()).unwrap(),
        Arc::clone(queue),
    );
    let options = DestinationOptions {
        required: false,
        ..DestinationOptions::default()
    };
    let destinations = Destinations::none()
        .with("missing-symbols", Arc::new(index), options)
        .unwrap();
    Worker::with_destinations(
        Arc::clone(storage),
        Arc::clone(queue),
        pipeline,
        WorkerOptions::default(),
        destinations,
    )
}

/// The names of the functions on the crashing thread.
fn functions(crash: &ProcessedCrash) -> Vec<String> {
    let dump = crash.get("json_dump").unwrap();
    let frames = dump["crashing_thread"]["frames"].as_array().unwrap();
    let named = frames.iter().filter_map(|frame| frame["function"].as_str());
    named.map(str::to_owned).collect()
}

fn sorted(mut ids: Vec<CrashId>) -> Vec<CrashId> {
    ids.sort_unstable();
    ids
}

fn told(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["crashes"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_crashes_that_lacked_the_symbols_are_processed_again() {
    let (Some(corpus), Some(file)) = (corpus::find(), SymbolFile::of("signals")) else {
        return;
    };
    let system = System::start().await;
    let dump = |name: &str| corpus.join("dumps").join(name);
    let lacking = sorted(vec![
        system.crash(&dump("c-null-deref.dmp")).await,
        system.crash(&dump("c-guard-page.dmp")).await,
    ]);
    let other = system.crash(&dump("nofp-cfi.dmp")).await;
    let deleted = system.crash(&dump("c-null-deref.dmp")).await;
    system.work(4).await;
    for id in &lacking {
        assert_eq!(functions(&system.processed(id).await), [""; 0]);
    }
    assert_eq!(
        system.lacking(&file).await,
        sorted([&lacking[..], &[deleted]].concat())
    );
    let before = system.processed(&other).await;
    system.server.storage.delete(&deleted).await.unwrap();

    let answer = system.server.post("", file.text.clone()).await;
    assert_eq!(told(&answer), 2);
    assert_eq!(system.waiting().await, lacking);
    assert_eq!(system.lacking(&file).await, []);

    system.work(2).await;
    for id in &lacking {
        let processed = system.processed(id).await;
        assert!(
            functions(&processed)
                .iter()
                .any(|name| name.contains("main")),
            "{:?}",
            functions(&processed)
        );
    }
    assert_eq!(system.processed(&other).await, before);
    assert_eq!(system.lacking(&file).await, []);
    assert_eq!(system.waiting().await, []);

    // They lack nothing that comes once more.
    let again = system.server.post("", file.text.clone()).await;
    assert_eq!(told(&again), 0);
    assert_eq!(system.waiting().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_that_lacked_two_files_of_a_zip_is_processed_again_once() {
    let (Some(corpus), Some(program), Some(libc)) = (
        corpus::find(),
        SymbolFile::of("signals"),
        SymbolFile::of("libc.so.6"),
    ) else {
        return;
    };
    let system = System::start().await;
    let id = system.crash(&corpus.join("dumps/c-null-in-libc.dmp")).await;
    system.work(1).await;
    assert_eq!(system.lacking(&libc).await, [id]);
    let archive = zip(&[(&program.name, &program.text), (&libc.name, &libc.text)]);
    let answer = system.server.post("", archive).await;
    assert_eq!(told(&answer), 1);
    assert_eq!(system.waiting().await, [id]);
    system.work(1).await;
    assert!(!functions(&system.processed(&id).await).is_empty());
    assert_eq!(system.lacking(&libc).await, []);
}

/// An upload that was killed between putting the file and publishing is repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_repeated_finishes_what_was_begun() {
    let (Some(corpus), Some(file)) = (corpus::find(), SymbolFile::of("signals")) else {
        return;
    };
    let system = System::start().await;
    let id = system.crash(&corpus.join("dumps/c-null-deref.dmp")).await;
    system.work(1).await;
    let place = system.server.store.path().join(&file.name);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, &file.text).unwrap();
    let answer = system.server.post("", file.text.clone()).await;
    assert_eq!(answer.results(), [format!("unchanged {}", file.name)]);
    assert_eq!(told(&answer), 1);
    assert_eq!(system.waiting().await, [id]);
}
