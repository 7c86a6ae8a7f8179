//! How crashes are processed, for every command that runs a worker.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use socorro_processor::{
    Destinations, Pipeline, WorkerOptions,
    destinations::{DestinationOptions, MissingSymbolsIndex},
};
use socorro_queue::{CrashQueue, QueueOptions};
use socorro_signature::SignatureGenerator;
use socorro_stackwalk::DirectorySource;
use socorro_storage::CrashStorage;

use crate::{
    arguments::{
        DestinationArguments, RulesetArguments, SignatureArguments, WalkArguments, WalkerArguments,
        values,
    },
    failure::Failure,
    pipeline::pipeline,
};

/// The name of the destination that keeps the index of missing symbols.
const INDEX: &str = "missing-symbols";

/// How crashes are processed.
#[derive(Debug, Args)]
pub(crate) struct ProcessingArguments {
    #[command(flatten)]
    destinations: DestinationArguments,
    #[command(flatten)]
    walk: WalkArguments,
    #[command(flatten)]
    walkers: WalkerArguments,
    #[command(flatten)]
    signature: SignatureArguments,
    #[command(flatten)]
    rulesets: RulesetArguments,
    #[command(flatten)]
    worker: WorkerArguments,
    /// Note in the storage which crashes lacked which symbols, so that they are processed again when
    /// somebody uploads them
    #[arg(long, env = "SOCORRO_SYMBOLS_INDEX")]
    symbols_index: bool,
}

/// How the worker goes about its work.
#[derive(Debug, Args)]
struct WorkerArguments {
    /// How many crashes are in work at once [default: number of processors]
    #[arg(long, value_name = "N", env = "SOCORRO_WORKERS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// For how long a message is leased at a time, unless the address of the queue tells it
    /// (`?lease=90s`); it is renewed while work goes on
    #[arg(long, value_name = "TIME", env = "SOCORRO_LEASE", default_value = "60s", value_parser = values::duration)]
    lease: Duration,
    /// Give up a crash for this delivery after this time
    #[arg(long, value_name = "TIME", env = "SOCORRO_MAX_PROCESSING", default_value = "15m", value_parser = values::duration)]
    max_processing: Duration,
    /// Dead-letter a crash that has failed by its own fault, or taken processors down, so many
    /// times; outages do not count
    #[arg(long, value_name = "N", env = "SOCORRO_MAX_ATTEMPTS", default_value = "8", value_parser = clap::value_parser!(u32).range(1..))]
    max_attempts: u32,
    /// Wait this long before a failed crash is tried again, and twice as long after each further failure
    #[arg(long, value_name = "TIME", env = "SOCORRO_RETRY_DELAY", default_value = "10s", value_parser = values::duration)]
    retry_delay: Duration,
    /// Never wait longer than this before a failed crash is tried again
    #[arg(long, value_name = "TIME", env = "SOCORRO_MAX_RETRY_DELAY", default_value = "10m", value_parser = values::duration)]
    max_retry_delay: Duration,
    /// Leave out what reads the dumps of a crash with which so many processors have died, but for a
    /// stackwalk in a child process
    #[arg(long, value_name = "N", env = "SOCORRO_SAFE_MODE_AFTER", default_value = "2", value_parser = clap::value_parser!(u32).range(1..))]
    safe_mode_after: u32,
    /// Do not process a crash again that was published twice to the standard lane and is processed
    /// since; messages of other lanes always are
    #[arg(long, env = "SOCORRO_SKIP_PROCESSED")]
    skip_processed: bool,
    /// Look so often for crashes of yesterday and today that were never processed, and publish them
    /// again; of several processors on one storage, one does it each time [default: never]
    #[arg(long, value_name = "TIME", env = "SOCORRO_VERIFY_EVERY", value_parser = values::duration)]
    verify_every: Option<Duration>,
    /// When told to stop, let crashes in work go on for this long
    #[arg(long, value_name = "TIME", env = "SOCORRO_SHUTDOWN_GRACE", default_value = "25s", value_parser = values::duration)]
    shutdown_grace: Duration,
    /// Put dumps of crashes in work here [default: the system's temporary directory]
    #[arg(long, value_name = "DIR", env = "PROCESSOR_TEMPORARY_PATH")]
    temporary_path: Option<PathBuf>,
}

/// What a worker is made of, but for the places that it works between.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) pipeline: Pipeline,
    pub(crate) options: WorkerOptions,
    pub(crate) signatures: Arc<SignatureGenerator>,
}

impl ProcessingArguments {
    /// Makes everything that needs neither storage nor queue, so that what is wrong with it shows
    /// first. `symbols` are places that are asked before those of the settings.
    ///
    /// # Errors
    ///
    /// When lists, rulesets, directories or symbols cannot be used, or children cannot be started.
    pub(crate) async fn prepare(&self, symbols: &[String]) -> Result<Prepared, Failure> {
        let signatures = self.signature.generator()?;
        let options = self.worker.options()?;
        let walker = self.walkers.start(&self.walk, symbols, options.workers);
        let pipeline = pipeline(walker.await?, &signatures, &self.rulesets)?;
        Ok(Prepared {
            pipeline,
            options,
            signatures,
        })
    }

    /// Who gets processed crashes besides the storage: those of the settings, and the index of
    /// missing symbols if it is to be kept.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used.
    pub(crate) async fn destinations(
        &self,
        storage: &Arc<dyn CrashStorage>,
    ) -> Result<Destinations, Failure> {
        let destinations = self.destinations.open(&storage.to_string()).await?;
        if !self.symbols_index {
            return Ok(destinations);
        }
        with_index(destinations, MissingSymbolsIndex::of(Arc::clone(storage)))
    }

    /// The same with the index in any case. Symbols arrive in the directory `symbols` while crashes
    /// are processed, which are published to `queue` again then.
    ///
    /// # Errors
    ///
    /// When one of them, or the directory, cannot be used.
    pub(crate) async fn destinations_with_index(
        &self,
        storage: &Arc<dyn CrashStorage>,
        queue: &Arc<dyn CrashQueue>,
        symbols: &Path,
    ) -> Result<Destinations, Failure> {
        let destinations = self.destinations.open(&storage.to_string()).await?;
        let arrivals = DirectorySource::new(symbols)?;
        let index = MissingSymbolsIndex::of(Arc::clone(storage));
        with_index(
            destinations,
            index.with_arrivals(arrivals, Arc::clone(queue)),
        )
    }

    /// How the queue is opened.
    pub(crate) fn queue_options(&self) -> QueueOptions {
        QueueOptions {
            lease: self.worker.lease,
            ..QueueOptions::default()
        }
    }

    /// Where room on disk is needed.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let temporary = self.worker.temporary_path.clone();
        let mut directories = vec![temporary.unwrap_or_else(std::env::temp_dir)];
        directories.extend(self.walk.symbols.cache().directory());
        directories
    }

    /// For how long what is in work may go on when the program is told to stop.
    pub(crate) fn shutdown_grace(&self) -> Duration {
        self.worker.shutdown_grace
    }
}

/// A crash is never held back for the index.
fn with_index(
    destinations: Destinations,
    index: MissingSymbolsIndex,
) -> Result<Destinations, Failure> {
    let options = DestinationOptions {
        required: false,
        ..DestinationOptions::default()
    };
    destinations
        .with(INDEX, Arc::new(index), options)
        .map_err(|error| Failure::because("cannot keep the index of missing symbols", &error))
}

impl WorkerArguments {
    fn options(&self) -> Result<WorkerOptions, Failure> {
        let mut options = WorkerOptions::default();
        if let Some(workers) = self.workers {
            options.workers = workers.into();
        }
        options.max_processing = self.max_processing;
        options.max_attempts = self.max_attempts;
        options.retry_delay = self.retry_delay;
        options.max_retry_delay = self.max_retry_delay;
        options.safe_mode_after = self.safe_mode_after;
        options.skip_processed = self.skip_processed;
        options.verify_every = self.verify_every.filter(|every| !every.is_zero());
        options.shutdown_grace = self.shutdown_grace;
        options.temporary_path.clone_from(&self.temporary_path);
        if let Some(path) = &self.temporary_path {
            // Found out now, not crash by crash.
            tempfile::tempdir_in(path).map_err(|error| {
                Failure::because(
                    format_args!("cannot use the temporary path {}", path.display()),
                    &error,
                )
                .hint("make the directory, and let this user write to it")
            })?;
        }
        Ok(options)
    }
}
