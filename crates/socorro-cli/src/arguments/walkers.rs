//! Who walks minidumps.

use std::{str::FromStr, sync::Arc};

use clap::Args;
use socorro_stackwalk::{Stackwalker, SymbolStore};

use super::WalkArguments;
use crate::failure::Failure;

/// Who walks minidumps.
#[derive(Debug, Args)]
pub(crate) struct WalkerArguments {
    /// Walk minidumps in so many child processes, which a hostile minidump may take down without
    /// harm to others; or `in-process` [default: as many as workers]
    #[arg(long, value_name = "N|in-process", env = "SOCORRO_WALKERS")]
    walkers: Option<Walkers>,
}

/// Where minidumps are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walkers {
    /// In this process.
    InProcess,
    /// In so many child processes.
    Children(u16),
}

/// How to do without child processes.
const IN_PROCESS: &str = "in-process";

impl FromStr for Walkers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case(IN_PROCESS) {
            return Ok(Self::InProcess);
        }
        match text.parse() {
            Ok(children @ 1..=1024) => Ok(Self::Children(children)),
            _ => Err(format!("a number from 1 to 1024, or {IN_PROCESS}")),
        }
    }
}

impl WalkerArguments {
    /// Whether minidumps are to be walked in this process.
    pub(crate) fn is_in_process(&self) -> bool {
        cfg!(not(unix)) || self.walkers == Some(Walkers::InProcess)
    }

    /// The walker for so many workers, which asks `symbols` before the places of the settings. Whether child processes can be had is found out now, not crash by crash.
    ///
    /// # Errors
    ///
    /// When a place for symbols cannot be used, or child processes cannot be started.
    pub(crate) async fn start(
        &self,
        walk: &WalkArguments,
        symbols: &[String],
        workers: usize,
    ) -> Result<Arc<dyn Stackwalker>, Failure> {
        let store = walk.store(symbols)?;
        let children = match self.walkers {
            Some(Walkers::InProcess) => return Ok(Arc::new(walk.walker_with(store))),
            Some(Walkers::Children(children)) => children.into(),
            None => workers,
        };
        start_children(walk, store, children).await
    }
}

#[cfg(unix)]
async fn start_children(
    walk: &WalkArguments,
    store: SymbolStore,
    children: usize,
) -> Result<Arc<dyn Stackwalker>, Failure> {
    let pool = walk.pool(children, store)?;
    pool.check().await.map_err(|error| {
        Failure::because("cannot walk in child processes", &error).hint(format!(
            "--walkers {IN_PROCESS} does without, but a hostile minidump then takes down the processor"
        ))
    })?;
    Ok(Arc::new(pool))
}

#[cfg(not(unix))]
async fn start_children(
    walk: &WalkArguments,
    store: SymbolStore,
    _: usize,
) -> Result<Arc<dyn Stackwalker>, Failure> {
    tracing::warn!("walking in this process: child processes for that are only to be had on Unix");
    Ok(Arc::new(walk.walker_with(store)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walkers_are_counted_or_done_without() {
        assert_eq!("In-Process".parse(), Ok(Walkers::InProcess));
        assert_eq!("8".parse(), Ok(Walkers::Children(8)));
        for bad in ["0", "1025", "-1", "", "none"] {
            assert!(bad.parse::<Walkers>().is_err(), "{bad}");
        }
    }
}
