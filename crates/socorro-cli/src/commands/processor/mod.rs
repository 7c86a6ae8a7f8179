//! `socorro processor`: the service that takes crashes off a queue.

mod reload;
mod signals;

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use socorro_core::{CrashId, Environment};
use socorro_processor::{Destinations, Pipeline, Summary, Worker, WorkerOptions};
use socorro_queue::{CrashQueue, QueueOptions};
use socorro_storage::CrashStorage;

use self::signals::Signals;
use crate::{
    arguments::{
        self, DestinationArguments, OperationsArguments, PermissionArguments, RulesetArguments,
        SignatureArguments, StorageArguments, WalkArguments, WalkerArguments, values,
    },
    commands::queue::what_is_left,
    exit::Exit,
    failure::Failure,
    operations::{Operations, Watched},
    output::Output,
    pipeline::pipeline,
    result,
};

const EXAMPLES: &str = "\
Examples:
  socorro processor --storage file:///srv/crashes --queue sqlite:///srv/queue.sqlite --drain
  socorro processor --storage file:///srv/crashes --once de1bb258-cbbf-4589-a673-34f800160918

  export SOCORRO_STORAGE=s3://crashes SOCORRO_QUEUE=sqlite:///srv/queue.sqlite
  socorro processor --symbols https://symbols.mozilla.org/ --symbols-cache /srv/symbols
  socorro processor --workers 8 --log-format json --listen 0.0.0.0:8000
  socorro processor --destination 'copy=file:///mnt/copy' \
    --destination 'telemetry=telemetry+s3://reports;optional'

A crash is acknowledged only after its result is saved and every required destination has it, or
is noted in the storage to get it later. The first SIGTERM or SIGINT stops
receiving and lets crashes in work finish within the grace time; the rest is given back to the
queue. The second one ends the program at once: what was in work is delivered again when its
lease ends. SIGHUP reads the signature lists of --siglists again; crashes in work keep the old ones.
SIGUSR1 writes what is going on to the log.

Exit code 0: told to stop, and what was in work was finished (--drain: the queue is empty and every
destination has everything; --once: the result is saved). Exit code 1: anything else.";

/// Process crashes from a queue: fetch, walk, run the rules, save, acknowledge.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProcessorArguments {
    #[command(flatten)]
    storage: StorageArguments,
    /// Which queue: sqlite:///FILE
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env_values = true,
        required_unless_present = "once"
    )]
    queue: Option<String>,
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
    /// End when the queue has nothing to do any more
    #[arg(long)]
    drain: bool,
    /// Process this crash straight from storage, without the queue, and print the result
    #[arg(long, value_name = "CRASHID", value_parser = CrashId::parse_lenient, conflicts_with = "drain")]
    once: Option<CrashId>,
    #[command(flatten)]
    permissions: PermissionArguments,
    #[command(flatten)]
    worker: WorkerArguments,
    #[command(flatten)]
    operations: OperationsArguments,
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

impl ProcessorArguments {
    /// Where room on disk is needed.
    fn directories(&self) -> Vec<PathBuf> {
        let temporary = self.worker.temporary_path.clone();
        let mut directories = vec![temporary.unwrap_or_else(std::env::temp_dir)];
        directories.extend(self.walk.symbols.cache().directory());
        directories
    }

    /// Whether it works off a queue, with nobody waiting for one certain crash.
    pub(crate) fn is_service(&self) -> bool {
        self.once.is_none()
    }
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

pub(crate) async fn run(
    arguments: &ProcessorArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let operations = if arguments.is_service() {
        let host = Environment::system();
        Some(Operations::prepare(
            &arguments.operations,
            host.host_name(),
        )?)
    } else {
        None
    };
    let signatures = arguments.signature.generator()?;
    let options = arguments.worker.options()?;
    let walkers = &arguments.walkers;
    let walker = walkers.start(&arguments.walk, options.workers).await?;
    let pipeline = pipeline(walker, &signatures, &arguments.rulesets)?;
    let storage = arguments.storage.open().await?;
    let destinations = arguments.destinations.open(&storage.to_string()).await?;
    match (&arguments.once, &arguments.queue) {
        (Some(id), _) => {
            let permissions = &arguments.permissions;
            once(
                *id,
                storage,
                pipeline,
                options,
                destinations,
                permissions,
                output,
            )
            .await
        }
        (None, Some(url)) => {
            let queue_options = QueueOptions {
                lease: arguments.worker.lease,
                ..QueueOptions::default()
            };
            let queue = arguments::open_queue(url, queue_options).await?;
            let signals = Signals::watch()?;
            reload::on_hangup(signatures)?;
            tracing::info!(
                version = env!("CARGO_PKG_VERSION"), %storage, %queue, %destinations,
                workers = options.workers,
                "processor started"
            );
            let directories = arguments.directories();
            let worker = Worker::with_destinations(
                Arc::clone(&storage),
                Arc::clone(&queue),
                pipeline,
                options,
                destinations.clone(),
            );
            if let Some(operations) = operations {
                operations.watch(Watched {
                    worker: worker.clone(),
                    storage: Arc::clone(&storage),
                    queue: Arc::clone(&queue),
                    directories,
                })?;
            }
            if arguments.drain {
                let left = Left {
                    storage,
                    queue,
                    destinations,
                };
                drain(&worker, &left, signals, output).await
            } else {
                serve(&worker, signals).await
            }
        }
        (None, None) => Err(Failure::usage("no queue: --queue says which")),
    }
}

/// Processes one crash, without the queue.
async fn once(
    id: CrashId,
    storage: Arc<dyn CrashStorage>,
    pipeline: Pipeline,
    options: WorkerOptions,
    destinations: Destinations,
    permissions: &PermissionArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let shown = storage.to_string();
    let no_queue = socorro_queue::open("memory:", QueueOptions::default()).await?;
    let worker = Worker::with_destinations(storage, no_queue, pipeline, options, destinations);
    let signals = Signals::watch()?;
    let processed = tokio::select! {
        processed = worker.process(id) => processed,
        signal = signals.received() => return Ok(Exit::Interrupted(signal)),
    };
    let processed = processed.map_err(|failure| {
        let error = Failure::new(format!("cannot process crash {id}: {failure}"));
        if failure.is_outage() {
            error.hint("nothing was changed; try again when this is repaired")
        } else {
            error.hint(format!(
                "nothing was changed; `socorro storage cat raw {id} --storage {shown}` shows what is there"
            ))
        }
    })?;
    result::print(output, &permissions.processed(processed), false)?;
    Ok(Exit::Success)
}

/// Works until told to stop.
async fn serve(worker: &Worker, signals: Signals) -> Result<Exit, Failure> {
    let summary = worker.run(signals.stop()).await;
    tracing::info!(
        processed = summary.processed,
        dead_lettered = summary.dead_lettered,
        given_back = summary.given_back,
        abandoned = summary.abandoned,
        "processor stopped"
    );
    if summary.abandoned == 0 {
        return Ok(Exit::Success);
    }
    Err(Failure::new(format!(
        "{} in work when the grace time was over: given back to the queue unfinished",
        crashes(summary.abandoned)
    ))
    .hint("--shutdown-grace sets the time"))
}

/// Works until the queue is empty.
async fn drain(
    worker: &Worker,
    left: &Left,
    signals: Signals,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let summary = worker.drain(signals.stop()).await;
    output.line(summary)?;
    if let Some(signal) = signals.first() {
        return Ok(Exit::Interrupted(signal));
    }
    not_drained(&summary, left)
        .await
        .map_or(Ok(Exit::Success), Err)
}

/// Where something may be left.
struct Left {
    storage: Arc<dyn CrashStorage>,
    queue: Arc<dyn CrashQueue>,
    destinations: Destinations,
}

/// Why the queue cannot be called drained, if so.
async fn not_drained(summary: &Summary, left: &Left) -> Option<Failure> {
    let Left {
        storage,
        queue,
        destinations,
    } = left;
    let mut problems = Vec::new();
    if summary.dead_lettered > 0 {
        problems.push(format!("{} dead-lettered", crashes(summary.dead_lettered)));
    }
    if summary.given_back > 0 {
        problems.push(format!(
            "{} given back for a later try",
            crashes(summary.given_back)
        ));
    }
    match queue.depth().await {
        Ok(Some(depth)) => problems.extend(what_is_left(&depth.total())),
        Ok(None) => {}
        Err(error) => problems.push(format!("cannot tell what is left in the queue: {error}")),
    }
    match destinations.noted(&**storage).await {
        Ok(0) => {}
        Ok(noted) => problems.push(format!(
            "{noted} noted for destinations that did not take it"
        )),
        Err(error) => problems.push(format!(
            "cannot tell what is noted for destinations: {error}"
        )),
    }
    if problems.is_empty() {
        return None;
    }
    let failure = Failure::new(format!("not all done: {}", problems.join("; ")));
    Some(
        if summary.dead_lettered > 0 && queue.dead_letters().is_some() {
            failure.hint(format!(
                "`socorro queue dead list --queue {queue}` shows what was dead-lettered, and why"
            ))
        } else {
            failure.hint(format!(
                "the warnings above say why; `socorro queue status --queue {queue}` shows the queue"
            ))
        },
    )
}

fn crashes(count: u64) -> String {
    match count {
        1 => "1 crash was".to_owned(),
        _ => format!("{count} crashes were"),
    }
}
