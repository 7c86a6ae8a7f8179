//! The signals that ask the processor to stop.

use std::{
    io, process,
    sync::{Arc, OnceLock},
};

use tokio_util::sync::CancellationToken;

use crate::{exit::Exit, failure::Failure};

/// Numbers of signals, the same on every Unix.
const SIGINT: u8 = 2;
#[cfg(unix)]
const SIGTERM: u8 = 15;

/// Stop signals: the first one asks, the second one ends the program on the spot.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    stop: CancellationToken,
    first: Arc<OnceLock<u8>>,
}

impl Signals {
    /// Begins to watch. From now on such signals no longer end the program by themselves.
    ///
    /// # Errors
    ///
    /// When the operating system does not allow it.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let mut source =
            Source::new().map_err(|error| Failure::because("cannot watch for signals", &error))?;
        let signals = Self {
            stop: CancellationToken::new(),
            first: Arc::default(),
        };
        let watched = signals.clone();
        tokio::spawn(async move {
            let signal = source.next().await;
            tracing::info!("detected {}", name(signal));
            tracing::info!(
                signal,
                "told to stop: finishing what is in work; a second signal stops at once"
            );
            let _ = watched.first.set(signal);
            watched.stop.cancel();
            let signal = source.next().await;
            tracing::warn!(
                signal,
                "stopped at once: what was in work is delivered again when its lease ends"
            );
            process::exit(Exit::Interrupted(signal).code().into());
        });
        Ok(signals)
    }

    /// Cancelled by the first signal.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Waits for the first signal.
    pub(crate) async fn received(&self) -> u8 {
        self.stop.cancelled().await;
        self.first().unwrap_or(SIGINT)
    }

    /// The first signal, if there was one.
    pub(crate) fn first(&self) -> Option<u8> {
        self.first.get().copied()
    }
}

/// The name of a signal as operators know it.
fn name(signal: u8) -> &'static str {
    if signal == SIGINT {
        "SIGINT"
    } else {
        "SIGTERM"
    }
}

/// Where signals come from.
#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => SIGINT,
            _ = self.terminate.recv() => SIGTERM,
        }
    }
}

/// Where signals come from.
#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> u8 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        SIGINT
    }
}
