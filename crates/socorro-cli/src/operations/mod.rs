//! How the service is watched: metrics, health, a status page, and what the log says about it all.
//!
//! ```text
//! libraries ──metrics──▶ exporters ──▶ /metrics, DogStatsD
//! Worker::status ──┐
//! storage, queue ──┴─▶ observer, every 10 s ──▶ Observation ──▶ server: /__heartbeat__, /, /status.json
//!                                                         └──▶ log: a line each minute, a table at SIGUSR1
//! ```

mod checks;
mod exporters;
mod journal;
mod observer;
mod page;
#[cfg(feature = "sentry")]
mod sentry;
mod server;
mod statsd;
mod status;
mod table;
mod version;

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use metrics_exporter_prometheus::PrometheusHandle;
use socorro_collector::Collector;
use socorro_processor::Worker;
use socorro_queue::CrashQueue;
use socorro_storage::CrashStorage;

pub(crate) use self::{server::bind, version::version};
#[cfg(feature = "sentry")]
pub(crate) use sentry::Errors;

use self::observer::Observer;
use crate::{arguments::MetricsArguments, failure::Failure};

/// What is ready to watch a worker, once there is one.
#[derive(Debug)]
pub(crate) struct Operations {
    listener: Option<TcpListener>,
    prometheus: Option<PrometheusHandle>,
}

/// Lets metrics and errors go where they are wanted. The handle renders metrics for Prometheus, if
/// anybody is to ask for them.
///
/// # Errors
///
/// When the DogStatsD server has no address, or that of Sentry is none.
pub(crate) fn send_metrics(
    arguments: &MetricsArguments,
    for_prometheus: bool,
    host: &str,
) -> Result<Option<PrometheusHandle>, Failure> {
    #[cfg(feature = "sentry")]
    if let Some(dsn) = &arguments.sentry_dsn {
        sentry::send_to(dsn, host)?;
    }
    let statsd = arguments.statsd();
    exporters::install(for_prometheus, statsd.as_deref(), host)
}

/// Finishes what is left to do when the program ends.
pub(crate) fn close() {
    #[cfg(feature = "sentry")]
    sentry::close();
}

/// What is to be watched.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The worker.
    pub(crate) worker: Worker,
    /// Its storage.
    pub(crate) storage: Arc<dyn CrashStorage>,
    /// Its queue.
    pub(crate) queue: Arc<dyn CrashQueue>,
    /// Directories that need room.
    pub(crate) directories: Vec<PathBuf>,
    /// The collector in the same process, if there is one.
    pub(crate) collector: Option<Collector>,
}

impl Operations {
    /// Takes the address to listen at, and lets metrics go where they are wanted, before anything
    /// else is opened: what is wrong with that shows at once.
    ///
    /// # Errors
    ///
    /// When the address is taken or not one of this machine, or the DogStatsD server has none.
    pub(crate) fn prepare(
        listen: Option<SocketAddr>,
        metrics: &MetricsArguments,
        host: &str,
    ) -> Result<Self, Failure> {
        let listener = listen.map(server::bind).transpose()?;
        let prometheus = send_metrics(metrics, listener.is_some(), host)?;
        Ok(Self {
            listener,
            prometheus,
        })
    }

    /// Where the pages are, if they are anywhere.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Watches from now on, until the program ends.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub(crate) fn watch(self, watched: Watched) -> Result<(), Failure> {
        let observer = Arc::new(Observer::new(watched));
        tokio::spawn(Arc::clone(&observer).observe(self.prometheus.clone()));
        tokio::spawn(journal::every_minute(Arc::clone(&observer)));
        journal::at_signal(Arc::clone(&observer))?;
        if let Some(listener) = self.listener {
            server::serve(listener, observer, self.prometheus)?;
        }
        Ok(())
    }
}
