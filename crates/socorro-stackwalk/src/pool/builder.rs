//! What a pool is to be like.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::WalkerPool;
use super::limits::Limits;
use crate::in_process;
use crate::symbols::SymbolStore;

/// How the children of a pool are started, and what they may take.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) children: usize,
    pub(super) walk: in_process::Settings,
    pub(super) grace: Duration,
    pub(super) walks_per_child: u32,
    pub(super) limits: Limits,
    pub(super) confine: bool,
}

/// Lets glibc keep the memory of a walk for the next one. By default it gives it back after each, and getting it anew
/// takes a third of the time of a walk. Other systems do not know the variable.
const KEEP_MEMORY: &str =
    "glibc.malloc.trim_threshold=67108864:glibc.malloc.mmap_threshold=33554432";

impl Settings {
    /// The command for a child whose channel is `channel`.
    pub(super) fn command(&self, channel: OwnedFd) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            // Credentials are handed to programs by their environment; a walker has no use for any of it.
            .env_clear()
            .env("GLIBC_TUNABLES", KEEP_MEMORY)
            .stdin(Stdio::from(channel))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }
}

/// Sets up a [`WalkerPool`].
#[derive(Debug)]
pub struct WalkerPoolBuilder {
    settings: Settings,
    symbols: SymbolStore,
}

impl WalkerPoolBuilder {
    pub(super) fn new(program: PathBuf) -> Self {
        Self {
            settings: Settings {
                program,
                arguments: Vec::new(),
                children: std::thread::available_parallelism().map_or(1, usize::from),
                walk: in_process::Settings::default(),
                grace: Duration::from_secs(3),
                walks_per_child: 1000,
                limits: Limits::default(),
                confine: true,
            },
            symbols: SymbolStore::empty(),
        }
    }

    /// Adds an argument to the command line of the children.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.settings.arguments.push(argument.into());
        self
    }

    /// Takes symbols from `symbols`, which other walkers may share.
    #[must_use]
    pub fn symbols(mut self, symbols: SymbolStore) -> Self {
        self.symbols = symbols;
        self
    }

    /// How many children there are at most, each with one minidump at a time. At least one. Default: the number of
    /// processors.
    #[must_use]
    pub fn children(mut self, children: usize) -> Self {
        self.settings.children = children.max(1);
        self
    }

    /// Bounds the time of one walk, loading of symbols included, from when a child has it. Default: 120 seconds.
    ///
    /// A walk that takes longer has a [partial result](crate::Walked::partial).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.walk.deadline = deadline;
        self
    }

    /// How much longer than its deadline a walk may take before its child is killed. Default: 3 seconds.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// Bounds the size of a minidump, in bytes. Default: 4 GiB.
    #[must_use]
    pub fn max_dump_size(mut self, bytes: u64) -> Self {
        self.settings.walk.max_dump_size = bytes;
        self
    }

    /// Bounds the frames of all threads together. Default: 65,536.
    #[must_use]
    pub fn max_frames(mut self, frames: u64) -> Self {
        self.settings.walk.max_frames = frames;
        self
    }

    /// Bounds the frames of one thread in the document. Default: all are there.
    ///
    /// [`InProcessStackwalker::frames_per_thread`](crate::InProcessStackwalker::frames_per_thread) tells which are kept.
    #[must_use]
    pub fn frames_per_thread(mut self, frames: usize) -> Self {
        self.settings.walk.frames_per_thread = frames;
        self
    }

    /// Bounds the private memory of each child, in bytes. Default: 1 GiB. Minidumps and symbols are mapped from files
    /// and do not count, except for minidumps of which something has to be taken out before they are read: those are
    /// copied as far as that is needed, and counted in full.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.settings.limits.memory = bytes;
        self
    }

    /// How many minidumps a child walks until it is replaced by a fresh one. At least one. Default: 1000.
    #[must_use]
    pub fn walks_per_child(mut self, walks: u32) -> Self {
        self.settings.walks_per_child = walks.max(1);
        self
    }

    /// Whether children give up the right to open files, to use the network, and all system calls that a walk does not
    /// need. Default: yes, as far as the operating system offers it.
    #[must_use]
    pub fn confine(mut self, confine: bool) -> Self {
        self.settings.confine = confine;
        self
    }

    /// The pool. Its children are started when they are needed; [`WalkerPool::check`] tells whether they can be.
    pub fn build(self) -> WalkerPool {
        WalkerPool::new(self.settings, self.symbols)
    }
}
