//! `socorro processor`: the service that takes crashes off a queue.

mod processing;
mod reload;
mod signals;

use std::sync::Arc;

use clap::Args;
use socorro_core::{CrashId, Environment};
use socorro_processor::{Destinations, Pipeline, Summary, Worker, WorkerOptions};
use socorro_queue::{CrashQueue, QueueOptions};
use socorro_storage::CrashStorage;

pub(crate) use self::{
    processing::{Prepared, ProcessingArguments},
    reload::on_hangup,
    signals::Signals,
};
use crate::{
    arguments::{self, OperationsArguments, PermissionArguments, StorageArguments},
    commands::queue::what_is_left,
    exit::Exit,
    failure::Failure,
    operations::{Operations, Watched},
    output::Output,
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
    processing: ProcessingArguments,
    /// End when the queue has nothing to do any more
    #[arg(long)]
    drain: bool,
    /// Process this crash straight from storage, without the queue, and print the result
    #[arg(long, value_name = "CRASHID", value_parser = CrashId::parse_lenient, conflicts_with = "drain")]
    once: Option<CrashId>,
    #[command(flatten)]
    permissions: PermissionArguments,
    #[command(flatten)]
    operations: OperationsArguments,
}

impl ProcessorArguments {
    /// Whether it works off a queue, with nobody waiting for one certain crash.
    pub(crate) fn is_service(&self) -> bool {
        self.once.is_none()
    }
}

pub(crate) async fn run(
    arguments: &ProcessorArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let operations = if arguments.is_service() {
        let host = Environment::system();
        let OperationsArguments { listen, metrics } = &arguments.operations;
        Some(Operations::prepare(*listen, metrics, host.host_name())?)
    } else {
        None
    };
    let processing = &arguments.processing;
    let Prepared {
        pipeline,
        options,
        signatures,
    } = processing.prepare(&[]).await?;
    let storage = arguments.storage.open().await?;
    let destinations = processing.destinations(&storage).await?;
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
            let queue = arguments::open_queue(url, processing.queue_options()).await?;
            let signals = Signals::watch()?;
            on_hangup(signatures)?;
            tracing::info!(
                version = env!("CARGO_PKG_VERSION"), %storage, %queue, %destinations,
                workers = options.workers,
                "processor started"
            );
            let directories = processing.directories();
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
                    collector: None,
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
