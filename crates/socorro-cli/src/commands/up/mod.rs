//! `socorro up`: a whole crash server in one process and one directory.

#[cfg(feature = "demo")]
mod demo;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use clap::Args;
use socorro_core::Environment;
use socorro_processor::Worker;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "demo")]
pub(crate) use self::demo::take_over_in_child;
use super::{
    collector::{Admin, Listener, Places, Receiver, reload_at_hangup, uploads},
    processor::{Prepared, ProcessingArguments, Signals, on_hangup},
};
use crate::{
    arguments::{CollectorArguments, OperationsArguments, PlaceArguments, UploadArguments, Verify},
    exit::Exit,
    failure::Failure,
    operations::{Operations, Watched},
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro up
  socorro up --demo
  socorro up --demo --once --data /tmp/crashes
  socorro up --data /srv/socorro --bind 0.0.0.0:8888 --symbols https://symbols.mozilla.org/

Takes crash reports at http://localhost:8888/submit, stores and processes them, and shows what it
does and the crashes that it processed last at http://localhost:8889/, without personal data. All
of it is in one directory, ./socorro-data. Nothing has to be set; what can be is what `socorro
collector` and `socorro processor` know.

Whoever has the token in the file symbols-upload-token of that directory, which is made at the first
start, can bring symbols to http://localhost:8888/symbols/; crashes that lacked them are processed
again.

The first SIGTERM or SIGINT stops taking reports, then lets crashes in work finish; what is not
finished is taken up at the next start. A second one ends the program at once, and loses nothing
either.

Exit code 0: told to stop, or --once: the demonstration was processed. Exit code 1: anything else.";

/// Where the status page is when nobody says.
const STATUS_PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8889);

/// Run a whole crash server: take reports, process them, show them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    places: PlaceArguments,
    /// Crash a program, send its report here, and show what becomes of it
    #[cfg(feature = "demo")]
    #[arg(long)]
    demo: bool,
    /// End when the demonstration is processed
    #[cfg(feature = "demo")]
    #[arg(long, requires = "demo")]
    once: bool,
    #[command(flatten)]
    collector: CollectorArguments,
    #[command(flatten)]
    processing: ProcessingArguments,
    #[command(flatten)]
    uploads: UploadArguments,
    #[command(flatten)]
    operations: OperationsArguments,
}

impl UpArguments {
    /// How reports are taken, for whoever reads the settings again.
    pub(crate) fn collector(&self) -> &CollectorArguments {
        &self.collector
    }
}

pub(crate) async fn run(arguments: &UpArguments, output: &mut Output) -> Result<Exit, Failure> {
    let UpArguments {
        places,
        processing,
        operations,
        uploads,
        ..
    } = arguments;
    let host = Environment::system();
    let listen = operations.listen.unwrap_or(STATUS_PAGE);
    let operations = Operations::prepare(Some(listen), &operations.metrics, host.host_name())?;
    let listener = Listener::bind(&arguments.collector.bind)?;
    let directory = places.directory()?;
    let symbols = uploads.symbols_store.clone();
    let symbols = symbols.unwrap_or_else(|| directory.join("symbols"));
    std::fs::create_dir_all(&symbols).map_err(|error| {
        Failure::because(format_args!("cannot make {}", symbols.display()), &error)
    })?;
    let Prepared {
        pipeline,
        options,
        signatures,
    } = processing.prepare(&[symbols.display().to_string()]).await?;
    let address = places.resolve()?.storage;
    let places = Places::open(places, Verify::Fail, processing.queue_options()).await?;
    let destinations = processing
        .destinations_with_index(&places.storage, &places.queue, &symbols)
        .await?;
    let receiver = Receiver::open(&arguments.collector, &places).await?;
    let (own_token, token_file) = uploads::own_token(&directory)?;
    let mut tokens = uploads.symbols_upload_token.clone();
    tokens.push(own_token);
    let uploads = uploads::router(symbols, &tokens, &places)?;
    let Places {
        storage,
        queue,
        spool,
    } = places;
    let worker = Worker::with_destinations(
        Arc::clone(&storage),
        Arc::clone(&queue),
        pipeline,
        options,
        destinations,
    );
    let signals = Signals::watch()?;
    on_hangup(signatures)?;
    reload_at_hangup(receiver.clone())?;
    let status_page = operations.address();
    let mut directories = processing.directories();
    directories.push(spool);
    operations.watch(Watched {
        worker: worker.clone(),
        storage: Arc::clone(&storage),
        queue,
        directories,
        collector: Some(receiver.collector().clone()),
    })?;

    let submit = listener.shown();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"), %submit, directory = %directory.display(),
        "socorro is up"
    );
    output.line(format_args!("crash reports   {}", submit.url()))?;
    if let Some(address) = status_page {
        output.line(format_args!("status page     http://{address}/"))?;
    }
    output.line(format_args!("everything      {}", directory.display()))?;
    output.line(format_args!("try it          {}", submit.curl()))?;
    output.line(format_args!(
        "bring symbols   {}",
        submit.curl_symbols(&token_file)
    ))?;
    output.line(format_args!(
        "look at one     socorro show CRASHID --storage {address}"
    ))?;

    // The worker stops after the collector: what comes in last is still in the queue then.
    let stop_worker = CancellationToken::new();
    let working = tokio::spawn({
        let (worker, stop) = (worker.clone(), stop_worker.clone());
        async move { worker.run(stop).await }
    });
    let grace = processing.shutdown_grace();
    let stop = signals.stop();
    let serving = receiver.serve(
        listener,
        Admin::default(),
        Some(uploads),
        grace,
        stop.clone(),
    );
    #[cfg(feature = "demo")]
    let (served, shown) = {
        let site = demo::Site {
            submit,
            status_page,
            storage,
            address,
        };
        let demonstration = async {
            if !arguments.demo {
                return Ok(());
            }
            let shown = tokio::select! {
                shown = demo::run(&site, output) => shown,
                () = stop.cancelled() => Ok(()),
            };
            if arguments.once || shown.is_err() {
                stop.cancel();
            }
            shown
        };
        tokio::join!(serving, demonstration)
    };
    #[cfg(not(feature = "demo"))]
    let (served, shown) = (serving.await, Ok(()));
    stop_worker.cancel();
    let summary = working
        .await
        .map_err(|error| Failure::because("the processor broke down", &error))?;
    tracing::info!(
        processed = summary.processed,
        given_back = summary.given_back,
        "stopped"
    );
    served.and(shown).map(|()| Exit::Success)
}
