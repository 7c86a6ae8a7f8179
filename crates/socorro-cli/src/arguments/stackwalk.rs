//! How minidumps are walked.

use std::time::Duration;

use clap::{Args, builder::RangedU64ValueParser};
use socorro_stackwalk::{InProcessStackwalker, SymbolStore};
#[cfg(unix)]
use socorro_stackwalk::{WalkerPool, pool};

use super::{SymbolArguments, values};
use crate::{failure::Failure, input::Limit};

/// The argument with which this program starts itself to walk in a child process.
#[cfg(unix)]
pub(crate) const WALKER_CHILD: &str = "walker-child";

/// How minidumps are walked.
#[derive(Debug, Args)]
pub(crate) struct WalkArguments {
    #[command(flatten)]
    pub(crate) symbols: SymbolArguments,
    /// Give up walking a minidump after this time, loading of symbols included
    #[arg(long, value_name = "TIME", env = "STACKWALKER_KILL_TIMEOUT", default_value = "2m", value_parser = values::duration)]
    deadline: Duration,
    /// Refuse larger minidumps. A file is mapped into memory, of which only what the walk looks at is
    /// read; standard input and pipes are held in memory
    #[arg(long, value_name = "SIZE", env = "SOCORRO_MAX_DUMP_SIZE", default_value = "4gib", value_parser = values::size)]
    max_dump_size: u64,
    /// Keep the first and last half of so many frames of each thread, in place of all. The frames keep
    /// their numbers, and the thread its true count
    #[arg(long, value_name = "COUNT", env = "SOCORRO_STACKWALK_FRAMES", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    frames: Option<usize>,
}

impl WalkArguments {
    /// How large a minidump may be.
    pub(crate) fn limit(&self) -> Limit {
        Limit {
            bytes: self.max_dump_size,
            of: "--max-dump-size",
        }
    }

    /// The walker in this process, with its symbols.
    ///
    /// # Errors
    ///
    /// When a place for symbols, or the directory named for their cache, cannot be used.
    pub(crate) fn walker(&self) -> Result<InProcessStackwalker, Failure> {
        Ok(self.walker_with(self.store(&[])?))
    }

    /// The walker in this process, with these symbols.
    pub(crate) fn walker_with(&self, symbols: SymbolStore) -> InProcessStackwalker {
        InProcessStackwalker::new()
            .symbols(symbols)
            .deadline(self.deadline)
            .max_dump_size(self.max_dump_size)
            .frames_per_thread(self.frames_per_thread())
    }

    /// The walker in child processes.
    ///
    /// # Errors
    ///
    /// When it cannot be told which program this is.
    #[cfg(unix)]
    pub(crate) fn pool(
        &self,
        children: usize,
        symbols: SymbolStore,
    ) -> Result<WalkerPool, Failure> {
        let program = pool::this_program()
            .map_err(|error| Failure::because("cannot tell which program this is", &error))?;
        Ok(WalkerPool::builder(program)
            .argument(WALKER_CHILD)
            .children(children)
            .symbols(symbols)
            .deadline(self.deadline)
            .max_dump_size(self.max_dump_size)
            .frames_per_thread(self.frames_per_thread())
            .build())
    }

    /// The symbols: those of `first`, then those of the settings.
    ///
    /// # Errors
    ///
    /// When a place for symbols, or the directory named for their cache, cannot be used.
    pub(crate) fn store(&self, first: &[String]) -> Result<SymbolStore, Failure> {
        if first.is_empty() && self.symbols.places().is_empty() {
            tracing::info!("no symbols: functions stay unnamed; --symbols says where they are");
        }
        self.symbols.store(first)
    }

    fn frames_per_thread(&self) -> usize {
        self.frames.unwrap_or(usize::MAX)
    }
}
