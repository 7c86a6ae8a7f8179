//! Putting a collector together.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use socorro_core::{DumpName, Environment};
use socorro_queue::{CrashQueue, Lane};
use socorro_storage::CrashStorage;
use tokio_util::task::TaskTracker;

use super::{
    Collector, Error, Shared,
    breaker::Breaker,
    dedupe::Dedupe,
    delivery::{Delivery, Patience},
    health::LastHealth,
};
use crate::{
    Limits, MemoryBudget, parse, report,
    spool::{self, Mode, Spool, SpoolHooks, hooks::Machine},
    throttle::{Draws, RandomDraws, Rules, Throttler},
};

/// Makes a [`Collector`].
///
/// Storage and queue have to be given; everything else has a default.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    storage: Option<Arc<dyn CrashStorage>>,
    queue: Option<Arc<dyn CrashQueue>>,
    throttler: Arc<dyn Throttler>,
    limits: Limits,
    memory: MemoryBudget,
    report: report::Options,
    spool: Option<spool::Options>,
    scratch: Option<PathBuf>,
    scratch_threshold: usize,
    save_budget: Duration,
    lane: Lane,
    main_dump: DumpName,
    decode_percent_names: bool,
    observations: bool,
    environment: Environment,
    draws: BoxedDraws,
    dedupe_window: Option<Duration>,
    hooks: Arc<dyn SpoolHooks>,
}

/// Draws, which tell nothing about themselves.
pub(super) struct BoxedDraws(pub(super) Box<dyn Draws>);

impl std::fmt::Debug for BoxedDraws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draws")
    }
}

/// Most minidumps fit: a file on disk costs as much time as all the rest.
const SCRATCH_THRESHOLD: usize = 2 << 20;
const SAVE_BUDGET: Duration = Duration::from_secs(5);
const MEMORY: u64 = 512 << 20;

impl Default for Builder {
    fn default() -> Self {
        Self {
            storage: None,
            queue: None,
            throttler: Arc::new(Rules::open()),
            limits: Limits::default(),
            memory: MemoryBudget::new(MEMORY),
            report: report::Options::default(),
            spool: None,
            scratch: None,
            scratch_threshold: SCRATCH_THRESHOLD,
            save_budget: SAVE_BUDGET,
            lane: Lane::Standard,
            main_dump: DumpName::main(),
            decode_percent_names: false,
            observations: true,
            environment: Environment::system(),
            draws: BoxedDraws(Box::new(RandomDraws)),
            dedupe_window: None,
            hooks: Arc::new(Machine),
        }
    }
}

impl Builder {
    /// Where reports are stored.
    pub fn storage(mut self, storage: Arc<dyn CrashStorage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Where ids are published.
    pub fn queue(mut self, queue: Arc<dyn CrashQueue>) -> Self {
        self.queue = Some(queue);
        self
    }

    /// What decides which reports to keep. Default: [`Rules::open`], which keeps all.
    pub fn throttler(mut self, throttler: Arc<dyn Throttler>) -> Self {
        self.throttler = throttler;
        self
    }

    /// Bounds of a report.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What all reports may hold in memory together. Default: 512 MiB.
    pub fn memory(mut self, memory: MemoryBudget) -> Self {
        self.memory = memory;
        self
    }

    /// How raw crashes are made. Default: for clients of all kinds.
    pub fn report(mut self, report: report::Options) -> Self {
        self.report = report;
        self
    }

    /// Keeps reports on disk that cannot be delivered. Without, none are; with [`Mode::Off`] neither.
    pub fn spool(mut self, spool: spool::Options) -> Self {
        self.spool = Some(spool);
        self
    }

    /// A directory for large files of reports while there is no spool, whose own is used otherwise.
    /// Without one they stay in memory.
    pub fn scratch(mut self, directory: impl Into<PathBuf>) -> Self {
        self.scratch = Some(directory.into());
        self
    }

    /// So many bytes of the files of a report stay in memory; a file beyond that is written to disk while it
    /// comes. Default: 2 MiB.
    pub fn scratch_threshold(mut self, bytes: usize) -> Self {
        self.scratch_threshold = bytes;
        self
    }

    /// How long a client waits at most for its report to be stored, and again for its id to be published,
    /// before it goes to the spool. Default: 5 s.
    pub fn save_budget(mut self, budget: Duration) -> Self {
        self.save_budget = budget;
        self
    }

    /// The lane to publish to. Default: the standard one.
    pub fn lane(mut self, lane: Lane) -> Self {
        self.lane = lane;
        self
    }

    /// The field that holds the main minidump. Default: `upload_file_minidump`.
    pub fn main_dump(mut self, name: DumpName) -> Self {
        self.main_dump = name;
        self
    }

    /// Whether field names are decoded as Crashpad writes them. Default: no.
    pub fn decode_percent_names(mut self, decode: bool) -> Self {
        self.decode_percent_names = decode;
        self
    }

    /// Whether notes tell also of what Mozilla's collector passes over in silence. Default: yes.
    pub fn observations(mut self, observations: bool) -> Self {
        self.observations = observations;
        self
    }

    /// Clock and host name.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Where samples come from. Default: at random.
    pub fn draws(mut self, draws: impl Draws + 'static) -> Self {
        self.draws = BoxedDraws(Box::new(draws));
        self
    }

    /// For so long, a report with the same main minidump and product as an earlier one gets the id of
    /// that one, and is not stored again. Default: off.
    pub fn dedupe_window(mut self, window: Option<Duration>) -> Self {
        self.dedupe_window = window;
        self
    }

    /// Stands between the collector and the machine.
    #[doc(hidden)]
    pub fn hooks(mut self, hooks: Arc<dyn SpoolHooks>) -> Self {
        self.hooks = hooks;
        self
    }

    /// Makes it: opens the spool, and finds what waits there. Nothing is delivered from the spool
    /// unless [`Collector::replay`] runs.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], [`Error::SpoolInUse`], [`Error::Spool`].
    pub async fn build(self) -> Result<Collector, Error> {
        let missing = |what| Error::Missing { what };
        let delivery = Delivery {
            storage: self.storage.ok_or_else(|| missing("storage"))?,
            queue: self.queue.ok_or_else(|| missing("queue"))?,
            lane: self.lane,
            storage_breaker: Breaker::new("storage"),
            queue_breaker: Breaker::new("queue"),
        };
        let spool = match self.spool {
            Some(options) if options.mode != Mode::Off => {
                Some(Spool::open(options, self.hooks.clone(), self.environment.clone()).await?)
            }
            Some(options) => {
                spool::warn_of_entries(&options.directory);
                None
            }
            None => None,
        };
        let directory = match &spool {
            Some(spool) => Some(spool.scratch()),
            None => self.scratch.map(Arc::new),
        };
        let parse = parse::Options {
            limits: self.limits,
            scratch: parse::Scratch {
                directory,
                threshold: self.scratch_threshold,
            },
            memory: self.memory,
            main_dump: self.main_dump,
            decode_percent_names: self.decode_percent_names,
            observations: self.observations,
        };
        let patience = Patience {
            budget: self.save_budget,
            again: true,
            heed_breaker: spool.is_some(),
        };
        Ok(Collector(Arc::new(Shared {
            delivery: Arc::new(delivery),
            patience,
            throttler: RwLock::new(self.throttler),
            parse,
            report: self.report,
            spool,
            environment: self.environment,
            draws: Mutex::new(self.draws),
            dedupe: self.dedupe_window.map(Dedupe::new),
            hooks: self.hooks,
            health: LastHealth::default(),
            running: TaskTracker::new(),
        })))
    }
}
