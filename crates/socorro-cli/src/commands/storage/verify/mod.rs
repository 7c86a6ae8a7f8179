//! `socorro storage verify`.

mod report;

use std::{sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use futures::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use socorro_core::{CrashId, Environment, time::Date};
use socorro_processor::verify::{
    Backlog, Examined, Finding, Lookup, Republished, Verifier, VerifyOptions,
};
use socorro_queue::{CrashQueue, QueueOptions};

use self::report::Report;
use super::days;
use crate::{
    arguments::{self, StorageArguments, values},
    exit::Exit,
    failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro storage verify --date yesterday --storage file:///srv/crashes
  socorro storage verify --date 2026-11-20 --until 2026-11-23 --republish \\
    --storage s3://crashes --queue sqlite:///srv/queue.sqlite
  socorro storage verify --date today --deep --format json | jq .
  socorro storage verify --date today --format ids | socorro queue publish -

Finds raw crashes that were never processed. --republish publishes them to the standard lane; a
crash that is in the queue twice is processed twice, with the same result. Crashes that are dead
letters of the queue are told, and left alone. May be repeated at any time.

Exit code 0: nothing is wrong, or everything that was never processed is published again. Exit
code 1: anything else.";

/// How many crashes are published at a time.
const BATCH: usize = 500;

/// Find crashes that were never processed, and publish them again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    storage: StorageArguments,
    /// The day of the crashes, as their ids have it: YYYY-MM-DD, today or yesterday (UTC)
    #[arg(long, value_name = "DATE", value_parser = days::day)]
    date: Date,
    /// The last day, when it is more than one
    #[arg(long, value_name = "DATE", value_parser = days::day)]
    until: Option<Date>,
    /// Publish what was never processed
    #[arg(long, requires = "queue")]
    republish: bool,
    /// To which queue: sqlite:///FILE
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env_values = true
    )]
    queue: Option<String>,
    /// A crash that was stored less long ago may be in work
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = values::duration)]
    min_age: Duration,
    /// How processed crashes are looked for
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    lookup: How,
    /// Also find processed crashes without a raw crash, and dumps that are listed but not there;
    /// takes some ten requests for each crash
    #[arg(long)]
    deep: bool,
    /// How findings are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// How processed crashes are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum How {
    /// In the list of all processed crashes, of all days: fast in a storage with few days
    #[default]
    Listing,
    /// One by one: better where there are many days
    Each,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each finding, and the numbers of each day
    #[default]
    Text,
    /// The ids of the crashes that were never processed
    Ids,
    /// A JSON object for each finding
    Json,
}

pub(crate) async fn run(arguments: &VerifyArguments, output: &mut Output) -> Result<Exit, Failure> {
    let last = arguments.until.unwrap_or(arguments.date);
    let days = days::span(arguments.date, last)?;
    let storage = arguments.storage.open_existing().await?;
    let queue = match &arguments.queue {
        Some(url) if arguments.republish => Some(Queue::open(url, arguments.min_age).await?),
        _ => None,
    };
    let options = VerifyOptions {
        min_age: arguments.min_age,
        lookup: match arguments.lookup {
            How::Listing => Lookup::Listing,
            How::Each => Lookup::EachCrash,
        },
        deep: arguments.deep,
    };
    let verifier = Verifier::with_options(storage, options, Environment::system());
    let mut problems = false;
    for date in days {
        let mut report = Report::new(arguments.format, date);
        verify(&verifier, date, queue.as_ref(), &mut report, output)
            .await
            .map_err(|failure| {
                failure.hint("what was told before this is right; run it again for the rest")
            })?;
        problems |= report.finish(output)?;
    }
    Ok(Exit::failure_if(problems))
}

/// Looks at one day, and publishes what is to be published.
async fn verify(
    verifier: &Verifier,
    date: Date,
    queue: Option<&Queue>,
    report: &mut Report,
    output: &mut Output,
) -> Result<(), Failure> {
    let progress = progress(date);
    let mut crashes = verifier.day(date);
    let mut lost = Vec::new();
    while let Some(crash) = crashes.try_next().await? {
        progress.inc(1);
        let Examined { id, findings, .. } = crash;
        report.examined += 1;
        for finding in findings {
            if finding == Finding::Unprocessed && queue.is_some() {
                lost.push(id);
            } else {
                progress.suspend(|| report.finding(id, &finding, output))?;
            }
        }
        if lost.len() >= BATCH {
            publish(&mut lost, queue, report, output).await?;
        }
    }
    progress.finish_and_clear();
    publish(&mut lost, queue, report, output).await
}

async fn publish(
    ids: &mut Vec<CrashId>,
    queue: Option<&Queue>,
    report: &mut Report,
    output: &mut Output,
) -> Result<(), Failure> {
    let ids = std::mem::take(ids);
    let Some(Queue { queue, backlog }) = queue else {
        return Ok(());
    };
    let Republished {
        published,
        dead,
        failed,
        ..
    } = backlog.republish(&**queue, &ids).await;
    for id in published {
        report.published(id, output)?;
    }
    for id in dead {
        report.dead(id, output)?;
    }
    for (id, error) in failed {
        report.finding(id, &Finding::Unprocessed, output)?;
        output.report(&Failure::because(
            format_args!("{id} was not published"),
            &error,
        ));
    }
    Ok(())
}

/// Where to publish.
struct Queue {
    queue: Arc<dyn CrashQueue>,
    backlog: Backlog,
}

impl Queue {
    async fn open(url: &str, min_age: Duration) -> Result<Self, Failure> {
        let queue = arguments::open_queue(url, QueueOptions::default()).await?;
        let backlog = Backlog::of(&*queue).await?;
        if let Some(oldest) = backlog.oldest().filter(|oldest| *oldest >= min_age) {
            tracing::warn!(
                ?oldest,
                "the queue is behind: some of the crashes may be in it, and will be processed twice"
            );
        }
        Ok(Self { queue, backlog })
    }
}

/// Shows how far the work is: on a terminal, and unless quiet is wanted.
fn progress(date: Date) -> ProgressBar {
    if !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg}: {pos} crashes {spinner} {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner()
        .with_style(style)
        .with_message(date.to_string())
}
