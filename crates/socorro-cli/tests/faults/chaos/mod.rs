//! The loss test: real processors on one queue and one storage, with everything going wrong.
//!
//! ```text
//! submit ──▶ storage ◀── faulty proxy ◀── socorro processor × N ──▶ copy, telemetry, webhook
//!    └─────▶ queue   ◀────────────────────────┘   ▲
//!                            kill -9, SIGTERM, freezing, clock jumps, outages, full disk
//! ```
//!
//! In the end every crash has to be processed and everywhere, or dead-lettered for a reason that
//! fits, and every result has to be the one that a run without any trouble gives.

mod audit;
mod clock;
pub(crate) mod crashes;
mod disk;
mod fleet;
pub(crate) mod proxy;
pub(crate) mod random;
mod receiver;
mod reference;
mod report;
pub(crate) mod site;
mod submit;
pub(crate) mod switches;
mod trouble;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tokio_util::sync::CancellationToken;

pub(crate) use report::Report;

use self::{
    crashes::Crash, fleet::Fleet, random::Random, reference::References, site::Site,
    trouble::Troublemaker,
};

/// How often to look how far it is.
const LOOK: Duration = Duration::from_millis(250);

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Everything that is decided by chance comes from it.
    pub(crate) seed: u64,
    /// How many crashes.
    pub(crate) crashes: usize,
    /// How many processors at once.
    pub(crate) processors: usize,
    /// Where the crashes are stored.
    pub(crate) store: Store,
    /// Where their ids wait.
    pub(crate) queue: Queue,
    /// The program `socorro`.
    pub(crate) program: PathBuf,
    /// How long no crash may come to an end before it counts as lost.
    pub(crate) patience: Duration,
    /// Whether to say on standard error how far it is.
    pub(crate) progress: bool,
}

/// Where the crashes are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Store {
    /// In buckets of an S3 server in this process.
    OwnServer,
    /// In buckets of the S3 server at this address.
    Server(String),
    /// In directories of a disk that runs full.
    Directory,
}

/// Where the ids of crashes wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Queue {
    /// A file of SQLite.
    Sqlite,
}

/// Runs the loss test.
///
/// # Errors
///
/// When it cannot be run, or never ends. What went wrong with crashes is in the report.
pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let started = Instant::now();
    let random = Random::new(plan.seed);
    let site = Site::set_up(plan, &random).await?;
    let crashes = crashes::all(plan.crashes, &site.contents, &random)?;
    let references = References::of(&site).await?;

    let fleet = Fleet::start(&site, plan.processors);
    let calm = CancellationToken::new();
    let trouble = Troublemaker::new(&site, &fleet, &random);
    let troubles = trouble.run(calm.clone());
    let submitting = submit::all(&site, &crashes, &random);
    let following = follow(plan, &site, &crashes, submitting, &calm);
    let (troubles, followed) = tokio::join!(troubles, following);

    let starts = fleet.stop().await?;
    let result = match followed {
        Ok(()) => audit::look(&site, &crashes, &references).await,
        Err(error) => Err(error),
    };
    troubles?;
    let audit = result.with_context(|| site.keep())?;
    let report = Report {
        plan: plan.clone(),
        took: started.elapsed(),
        faults: site.switches.counts(),
        starts,
        clock_jumps: site.clock.is_some(),
        full_disk: site.disk.kind(),
        audit,
    };
    if !report.problems().is_empty() {
        eprintln!("{}", site.keep());
    }
    Ok(report)
}

/// Waits until every crash has come to its end; calls for calm when most have.
async fn follow(
    plan: &Plan,
    site: &Site,
    crashes: &[Crash],
    submitting: impl Future<Output = Result<()>>,
    calm: &CancellationToken,
) -> Result<()> {
    // However this ends, the trouble ends with it.
    let _calm = calm.clone().drop_guard();
    tokio::pin!(submitting);
    let mut submitted = false;
    let mut last = (0, Instant::now());
    let mut told = Instant::now();
    loop {
        tokio::select! {
            done = &mut submitting, if !submitted => { done?; submitted = true; }
            () = tokio::time::sleep(LOOK) => {}
        }
        let Some(left) = site.left().await else {
            // The queue or the storage is in trouble itself.
            continue;
        };
        if left != last.0 {
            last = (left, Instant::now());
        }
        if plan.progress && told.elapsed() >= Duration::from_secs(5) {
            told = Instant::now();
            eprintln!(
                "{left} messages and notes of {} crashes left",
                crashes.len()
            );
        }
        if submitted && left * 10 <= crashes.len() && site.switches.all_happened() {
            calm.cancel();
        }
        if submitted && left == 0 && calm.is_cancelled() && !submit::replay(site, crashes).await? {
            return Ok(());
        }
        if last.1.elapsed() > plan.patience {
            bail!(
                "{left} messages and notes left, and for {:?} nothing went on",
                plan.patience
            );
        }
    }
}
