//! Storage, queue and everything else that the processors are given.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use futures::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use socorro_queue::{CrashQueue, QueueOptions};
use socorro_storage::{
    CrashStorage as _, DocumentFolder, ObjectStorage, StorageOptions, testkit::S3Server,
};
use tempfile::TempDir;

use super::{
    Plan, Queue, Store,
    clock::Clock,
    crashes::{self, Content},
    disk::Disk,
    proxy,
    random::Random,
    receiver::Receiver,
    switches::Switches,
};
use crate::minidump;

/// How long a crash is leased to a processor.
pub(crate) const LEASE: Duration = Duration::from_secs(4);
/// The destinations, by name.
pub(crate) const DESTINATIONS: [&str; 3] = ["copy", "telemetry", "hook"];

/// Any key will do for servers that are there for tests.
pub(crate) const KEY: &str = "test";
const REGION: &str = "us-east-1";

/// How to start a processor.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Where symbols are.
    pub(crate) symbols: String,
    pub(crate) directory: PathBuf,
    clock: Option<Clock>,
}

/// Storage, queue and everything else that the processors are given.
#[derive(Debug)]
pub(crate) struct Site {
    // In the order in which it has to go.
    pub(crate) disk: Disk,
    pub(crate) directory: Directory,
    pub(crate) contents: Vec<Content>,
    pub(crate) storage: ObjectStorage,
    pub(crate) copy: ObjectStorage,
    pub(crate) telemetry: ObjectStorage,
    pub(crate) queue: Arc<dyn CrashQueue>,
    pub(crate) queue_file: PathBuf,
    pub(crate) switches: Arc<Switches>,
    pub(crate) receiver: Receiver,
    pub(crate) clock: Option<Clock>,
    pub(crate) command: Arc<Command>,
    _server: Option<S3Server>,
}

/// A directory that goes when it is no longer needed, unless somebody has to look at it.
#[derive(Debug)]
pub(crate) struct Directory(std::sync::Mutex<Option<TempDir>>, PathBuf);

impl Directory {
    fn new() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().to_owned();
        Ok(Self(Some(directory).into(), path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.1
    }
}

/// The storages as they are seen from here, and as processors are told.
pub(crate) struct Storages {
    pub(crate) storages: [ObjectStorage; 3],
    pub(crate) addresses: [String; 3],
    pub(crate) server: Option<S3Server>,
}

impl Site {
    pub(crate) async fn set_up(plan: &Plan, random: &Random) -> Result<Self> {
        let directory = Directory::new()?;
        let small = directory.path().join("disk");
        fs::create_dir(&small)?;
        let disk = match plan.store {
            Store::Directory => Disk::on(&small),
            _ => Disk::None,
        };
        let switches = Arc::<Switches>::default();
        let receiver = Receiver::start(Arc::clone(&switches), *random).await?;
        let Storages {
            storages: [storage, copy, telemetry],
            addresses,
            server,
        } = match &plan.store {
            Store::Directory => directories(&small)?,
            Store::OwnServer => {
                let server = S3Server::start(KEY, KEY)?;
                let endpoint = server.endpoint().to_owned();
                buckets(&endpoint, Some(server), plan.seed, &switches, random).await?
            }
            Store::Server(endpoint) => {
                buckets(endpoint, None, plan.seed, &switches, random).await?
            }
        };
        let Queue::Sqlite = plan.queue;
        let queue_file = small.join("queue.sqlite");
        let queue_address = format!("sqlite://{}?busy_timeout=1s", queue_file.display());
        let options = QueueOptions {
            lease: LEASE,
            ..QueueOptions::default()
        };
        let queue = socorro_queue::open(&queue_address, options).await?;
        let temporary = directory.path().join("work");
        fs::create_dir(&temporary)?;
        let symbols = directory.path().join("symbols");
        let symbol_file = symbols.join(minidump::SYMBOL_FILE);
        fs::create_dir_all(symbol_file.parent().context("a directory")?)?;
        fs::write(&symbol_file, minidump::symbols(minidump::debug_id()))?;
        let clock = Clock::find(directory.path());
        if let Some(clock) = &clock {
            for processor in 0..plan.processors {
                clock.set(processor, 0)?;
            }
        }
        let command = Command {
            program: plan.program.clone(),
            arguments: arguments(&addresses, &queue_address, &receiver, &temporary),
            symbols: symbols.display().to_string(),
            directory: directory.path().to_owned(),
            clock: clock.clone(),
        };
        Ok(Self {
            disk,
            directory,
            contents: crashes::contents()?,
            storage,
            copy,
            telemetry,
            queue,
            queue_file,
            switches,
            receiver,
            clock,
            command: Arc::new(command),
            _server: server,
        })
    }

    /// How many messages, and notes of what destinations did not take, are not settled; `None`
    /// when that cannot be told now.
    pub(crate) async fn left(&self) -> Option<usize> {
        let depth = self.queue.depth().await.ok().flatten()?;
        let mut left = usize::try_from(depth.total().outstanding()).ok()?;
        for name in DESTINATIONS {
            left += self.notes(name).await.ok()?;
        }
        Some(left)
    }

    /// How many crashes are noted for a destination.
    pub(crate) async fn notes(&self, destination: &str) -> Result<usize> {
        let folder = DocumentFolder::outbox(destination)?;
        let notes = self.storage.list_documents(&folder);
        Ok(notes.try_fold(0, async |count, _| Ok(count + 1)).await?)
    }

    /// Keeps the logs for somebody to look at; says where they are.
    pub(crate) fn keep(&self) -> String {
        let mut directory = self
            .directory
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(directory) = directory.take() {
            let _ = directory.keep();
        }
        format!(
            "the logs of the processors are in {}",
            self.directory.1.display()
        )
    }
}

impl Command {
    /// The environment of one processor.
    pub(crate) fn environment(&self, processor: usize) -> Vec<(&'static str, PathBuf)> {
        let mut environment = self
            .clock
            .as_ref()
            .map_or_else(Vec::new, |clock| clock.environment(processor));
        environment.extend([
            ("AWS_ACCESS_KEY_ID", KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", KEY.into()),
            ("PATH", "/usr/bin:/bin".into()),
        ]);
        environment
    }
}

fn arguments(
    [storage, copy, telemetry]: &[String; 3],
    queue: &str,
    receiver: &Receiver,
    temporary: &Path,
) -> Vec<String> {
    let lease = format!("{}s", LEASE.as_secs());
    let copy = format!("copy={copy}");
    let telemetry = format!("telemetry=telemetry+{telemetry}");
    let hook = format!("hook={};everything", receiver.url);
    let temporary = temporary.display().to_string();
    let arguments = [
        ["--storage", storage],
        ["--queue", queue],
        ["--destination", &copy],
        ["--destination", &telemetry],
        ["--destination", &hook],
        ["--workers", "3"],
        ["--lease", &lease],
        ["--retry-delay", "1s"],
        ["--max-retry-delay", "6s"],
        // Who is killed at random is to be blamed on no crash.
        ["--safe-mode-after", "1000"],
        ["--max-attempts", "1000"],
        ["--shutdown-grace", "10s"],
        ["--temporary-path", &temporary],
    ];
    ["processor"]
        .into_iter()
        .chain(arguments.into_iter().flatten())
        .map(str::to_owned)
        .collect()
}

/// Directories on a disk.
fn directories(disk: &Path) -> Result<Storages> {
    let directory = |name| {
        let path = disk.join(name);
        let address = format!("file://{}", path.display());
        let storage = ObjectStorage::directory(path, StorageOptions::default())?;
        anyhow::Ok((storage, address))
    };
    let (crashes, copy) = (directory("crashes")?, directory("copy")?);
    let telemetry = directory("telemetry")?;
    Ok(Storages {
        addresses: [crashes.1, copy.1, telemetry.1],
        storages: [crashes.0, copy.0, telemetry.0],
        server: None,
    })
}

/// Buckets of a server, which processors reach by a proxy only.
pub(crate) async fn buckets(
    endpoint: &str,
    server: Option<S3Server>,
    seed: u64,
    switches: &Arc<Switches>,
    random: &Random,
) -> Result<Storages> {
    // A server that serves others too may hold the buckets of an earlier run.
    let run = format!("{:08x}-{}", seed & 0xffff_ffff, std::process::id());
    let names = ["crashes", "copy", "telemetry"].map(|name| format!("{name}-{run}"));
    let proxy = proxy::start(endpoint, &names[1], Arc::clone(switches), *random).await?;
    let mut storages = Vec::new();
    for name in &names {
        match &server {
            Some(server) => server.create_bucket(name)?,
            None => create_bucket(endpoint, name).await?,
        }
        let bucket = AmazonS3Builder::new()
            .with_endpoint(endpoint)
            .with_allow_http(true)
            .with_bucket_name(name)
            .with_region(REGION)
            .with_access_key_id(KEY)
            .with_secret_access_key(KEY)
            .build()?;
        let shown = format!("s3://{name}");
        let storage = ObjectStorage::over(Arc::new(bucket), shown, StorageOptions::default());
        storage.check().await?;
        storages.push(storage);
    }
    let addresses = names.map(|name| format!("s3://{name}?endpoint={proxy}&region={REGION}"));
    Ok(Storages {
        storages: storages.try_into().ok().context("three storages")?,
        addresses,
        server,
    })
}

/// Makes a bucket on a server that asks for no signature.
async fn create_bucket(endpoint: &str, name: &str) -> Result<()> {
    use http_body_util::Empty;
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};

    let endpoint = endpoint.trim_end_matches('/');
    let request =
        hyper::Request::put(format!("{endpoint}/{name}")).body(Empty::<bytes::Bytes>::new())?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await?;
    anyhow::ensure!(
        response.status().is_success(),
        "cannot make the bucket {name}: {}",
        response.status()
    );
    Ok(())
}
