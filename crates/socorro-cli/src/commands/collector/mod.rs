//! `socorro collector`: the service that takes crash reports over HTTP.

mod check_rules;
mod drain_spool;
mod listener;
mod receiver;
mod reload;
pub(crate) mod uploads;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use socorro_collector::throttle::Rules;
use socorro_core::Environment;
use socorro_queue::{CrashQueue, QueueOptions};
use socorro_storage::{CrashStorage, StorageOptions};

#[cfg(feature = "demo")]
pub(crate) use self::listener::Submit;
pub(crate) use self::{
    listener::Listener,
    receiver::{Admin, Receiver},
    reload::at_hangup as reload_at_hangup,
};
use super::processor::Signals;
use crate::{
    arguments::{
        self, CollectorArguments, MetricsArguments, PlaceArguments, UploadArguments, Verify,
        listen_address, values,
    },
    exit::Exit,
    failure::Failure,
    operations,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro collector
  socorro collector --storage s3://crashes --queue pubsub://project/crashes- --throttle mozilla
  socorro collector --bind 0.0.0.0:8888 --admin-bind 0.0.0.0:8889 --log-format json
  socorro collector --bind unix:/run/socorro/collector.sock
  socorro collector check-rules rules.toml
  socorro collector drain-spool

  curl -F upload_file_minidump=@crash.dmp -F ProductName=MyProduct -F Version=1.0 \\
    http://localhost:8888/submit

A client that is given a crash id can forget its report: it is stored and its id is published, or
it is in the spool on this disk until it is. The first SIGTERM or SIGINT stops taking reports and
finishes those that are being taken; the spool is taken up at the next start. A second one ends the
program at once. SIGHUP reads the settings again: rules, tokens, limits.

Exit code 0: told to stop, and every report that was being taken has its answer. Exit code 1:
anything else.";

/// Take crash reports over HTTP: decide, store, publish.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct CollectorCommand {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    service: ServiceArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    CheckRules(check_rules::CheckRulesArguments),
    DrainSpool(drain_spool::DrainSpoolArguments),
}

/// The service.
#[derive(Debug, Args)]
struct ServiceArguments {
    #[command(flatten)]
    places: PlaceArguments,
    #[command(flatten)]
    collector: CollectorArguments,
    #[command(flatten)]
    uploads: UploadArguments,
    /// Answer health checks, metrics and questions about the spool here, and not where reports are
    /// taken: ADDRESS:PORT, or only a port of the loopback interface
    #[arg(long, value_name = "ADDR", env = "SOCORRO_ADMIN_BIND", value_parser = listen_address)]
    admin_bind: Option<SocketAddr>,
    /// When told to stop, let reports that are being taken go on for this long
    #[arg(long, value_name = "TIME", env = "SOCORRO_SHUTDOWN_GRACE", default_value = "25s", value_parser = values::duration)]
    shutdown_grace: Duration,
    #[command(flatten)]
    metrics: MetricsArguments,
}

impl CollectorCommand {
    /// Whether it goes on until it is told to stop.
    pub(crate) fn is_service(&self) -> bool {
        self.command.is_none()
    }

    /// How reports are taken, for whoever reads the settings again.
    pub(crate) fn collector(&self) -> &CollectorArguments {
        &self.service.collector
    }
}

pub(crate) async fn run(command: &CollectorCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Some(Command::CheckRules(arguments)) => check_rules::run(arguments, output),
        Some(Command::DrainSpool(arguments)) => drain_spool::run(arguments, output).await,
        None => serve(&command.service, output).await,
    }
}

async fn serve(arguments: &ServiceArguments, output: &mut Output) -> Result<Exit, Failure> {
    let collector = &arguments.collector;
    let host = Environment::system();
    let prometheus = operations::send_metrics(&arguments.metrics, true, host.host_name())?;
    let listener = Listener::bind(&collector.bind)?;
    let admin = Admin {
        listener: arguments.admin_bind.map(operations::bind).transpose()?,
        prometheus,
    };
    let places = Places::open(&arguments.places, collector.verify, QueueOptions::default()).await?;
    let receiver = Receiver::open(collector, &places).await?;
    let UploadArguments {
        symbols_upload_token: tokens,
        symbols_store: store,
    } = &arguments.uploads;
    let uploads = if tokens.is_empty() {
        None
    } else {
        let default = || arguments.places.data.join("symbols");
        let store = store.clone().unwrap_or_else(default);
        Some(uploads::router(store, tokens, &places)?)
    };
    let signals = Signals::watch()?;
    reload_at_hangup(receiver.clone())?;
    let submit = listener.shown();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"), %submit, admin = admin.address(),
        storage = %places.storage, queue = %places.queue, throttle = collector.throttle,
        "collector started"
    );
    output.line(format_args!("crash reports   {submit}"))?;
    output.line(format_args!("try it          {}", submit.curl()))?;
    let grace = arguments.shutdown_grace;
    receiver
        .serve(listener, admin, uploads, grace, signals.stop())
        .await?;
    tracing::info!("collector stopped");
    Ok(Exit::Success)
}

/// Where reports go.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) storage: Arc<dyn CrashStorage>,
    pub(crate) queue: Arc<dyn CrashQueue>,
    pub(crate) spool: PathBuf,
}

impl Places {
    /// Opens storage and queue; that they answer is asked for here only if the start is to fail
    /// otherwise.
    ///
    /// # Errors
    ///
    /// When an address cannot be used, or there is no answer where one has to be.
    pub(crate) async fn open(
        arguments: &PlaceArguments,
        verify: Verify,
        options: QueueOptions,
    ) -> Result<Self, Failure> {
        let places = arguments.resolve()?;
        let (storage, queue) = if verify == Verify::Fail {
            (
                arguments::open_storage(&places.storage, StorageOptions::default()).await?,
                arguments::open_queue(&places.queue, options).await?,
            )
        } else {
            arguments::check_storage_address(&places.storage)?;
            arguments::check_queue_address(&places.queue)?;
            (
                socorro_storage::open(&places.storage, StorageOptions::default())?,
                socorro_queue::open(&places.queue, options).await?,
            )
        };
        Ok(Self {
            storage,
            queue,
            spool: places.spool,
        })
    }
}

/// The rules of this name, or in this file.
///
/// # Errors
///
/// When they cannot be used.
fn rules(name: &str) -> Result<Rules, Failure> {
    if let Some(rules) = Rules::preset(name) {
        return Ok(rules);
    }
    Rules::read(name).map_err(|error| {
        let known: Vec<_> = Rules::presets().collect();
        Failure::because(format_args!("cannot use the rules {name}"), &error)
            .into_usage()
            .hint(format!(
                "--throttle names a file of rules, or one of {}; `socorro collector check-rules FILE` checks a file",
                known.join(", ")
            ))
    })
}
