//! The loss test with the collector in front.
//!
//! ```text
//! clients ──HTTP──▶ socorro collector ──▶ faulty proxy ──▶ storage
//!     ids ◀────────        │    kill -9, SIGTERM, outages      queue (locked at times)
//!                        spool
//! ```
//!
//! Clients send reports until each has been given an id. In the end every id that a client was
//! given has to be in storage, whole, and processed or dead-lettered.

mod audit;
mod clients;
mod service;
mod trouble;

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use socorro_queue::{CrashQueue, QueueOptions};
use socorro_storage::{ObjectStorage, testkit::S3Server};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use self::{clients::Accepted, service::Service};
use crate::chaos::{
    crashes::{self, Content},
    random::Random,
    site::{self, KEY, Storages},
    switches::Switches,
};

/// For how long the spool may stay as it is when nothing goes wrong any more.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often to look.
const LOOK: Duration = Duration::from_millis(100);

/// Everything that the collector is given.
pub(crate) struct Site {
    pub(crate) directory: TempDir,
    /// The storage as it is seen from here, without the proxy.
    pub(crate) storage: ObjectStorage,
    /// Its address for the collector.
    pub(crate) storage_address: String,
    pub(crate) queue: Arc<dyn CrashQueue>,
    pub(crate) queue_file: PathBuf,
    pub(crate) contents: Vec<Content>,
    pub(crate) switches: Arc<Switches>,
    pub(crate) random: Random,
    _server: Option<S3Server>,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) problems: Vec<String>,
    /// Reports that clients were given ids for.
    pub(crate) accepted: usize,
    /// Requests without an answer, and answers that said no.
    pub(crate) refused: BTreeMap<String, usize>,
    pub(crate) processed: usize,
    pub(crate) dead_lettered: usize,
    pub(crate) starts: u32,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) took: Duration,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} ids given to clients: {} processed, {} dead-lettered; {} starts of the collector, {:.1} s",
            self.accepted,
            self.processed,
            self.dead_lettered,
            self.starts,
            self.took.as_secs_f64()
        )?;
        for (what, count) in &self.refused {
            writeln!(f, "  {count:6} × {what}")?;
        }
        for (what, count) in &self.faults {
            writeln!(f, "  {count:6} × {what}")?;
        }
        Ok(())
    }
}

impl Site {
    async fn set_up(seed: u64) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let switches = Arc::<Switches>::default();
        let random = Random::new(seed);
        let server = S3Server::start(KEY, KEY)?;
        let endpoint = server.endpoint().to_owned();
        let Storages {
            storages: [storage, ..],
            addresses: [storage_address, ..],
            server,
        } = site::buckets(&endpoint, Some(server), seed, &switches, &random).await?;
        let queue_file = directory.path().join("queue.sqlite");
        let address = format!("sqlite://{}", queue_file.display());
        let queue = socorro_queue::open(&address, QueueOptions::default()).await?;
        Ok(Self {
            directory,
            storage,
            storage_address,
            queue,
            queue_file,
            contents: crashes::contents()?,
            switches,
            random,
            _server: server,
        })
    }

    /// The queue for a process that does not wait long for it.
    pub(crate) fn queue_address(&self) -> String {
        format!("sqlite://{}?busy_timeout=500ms", self.queue_file.display())
    }
}

/// Sends so many reports while everything goes wrong.
///
/// # Errors
///
/// When it cannot be run, or never ends. What went wrong with reports is in the outcome.
pub(crate) async fn run(seed: u64, reports: usize) -> Result<Outcome> {
    let started = Instant::now();
    let site = Site::set_up(seed).await?;
    let service = Service::start(&site)?;
    let calm = CancellationToken::new();
    let troubles = trouble::make(&site, &service, calm.clone());
    let sending = async {
        // However this ends, the trouble ends with it.
        let _calm = calm.clone().drop_guard();
        let accepted = clients::send(&site, &service, reports).await?;
        // Trouble that has not happened yet is waited for.
        while !site.switches.all_happened() {
            tokio::time::sleep(LOOK).await;
        }
        anyhow::Ok(accepted)
    };
    let (troubles, accepted) = tokio::join!(troubles, sending);
    let result = async {
        let accepted = accepted?;
        troubles?;
        wait_for_spool(&site).await?;
        service.stop().await?;
        audit::process(&site).await?;
        finish(&site, &service, accepted, started).await
    };
    let result = result.await;
    if result.as_ref().is_err()
        || result
            .as_ref()
            .is_ok_and(|outcome| !outcome.problems.is_empty())
    {
        let directory = site.directory.keep();
        eprintln!("the logs are in {}", directory.display());
    }
    result
}

async fn finish(
    site: &Site,
    service: &Service,
    accepted: Accepted,
    started: Instant,
) -> Result<Outcome> {
    let audit = audit::look(site, &accepted).await?;
    Ok(Outcome {
        problems: audit.problems,
        accepted: accepted.ids.len(),
        refused: accepted.refused,
        processed: audit.processed,
        dead_lettered: audit.dead_lettered,
        starts: service.starts(),
        faults: site.switches.counts(),
        took: started.elapsed(),
    })
}

/// Waits until nothing is in the spool.
async fn wait_for_spool(site: &Site) -> Result<()> {
    let entries = site.directory.path().join("spool/new");
    let mut last = (usize::MAX, Instant::now());
    loop {
        let left = std::fs::read_dir(&entries)?.count();
        if left == 0 {
            return Ok(());
        }
        if left != last.0 {
            last = (left, Instant::now());
        }
        if last.1.elapsed() > PATIENCE {
            bail!("{left} reports stay in the spool");
        }
        tokio::time::sleep(LOOK).await;
    }
}
