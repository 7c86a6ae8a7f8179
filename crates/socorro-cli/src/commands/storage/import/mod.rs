//! `socorro storage import`.

mod report;
mod source;
mod transfer;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use socorro_core::{CrashId, time::Date};
use socorro_storage::CrashStorage;

use self::{
    report::Report,
    source::{LayoutName, Source, Which},
    transfer::{Transfer, transfer},
};
use super::days;
use crate::{
    arguments::StorageArguments, crash_ids::CrashIds, exit::Exit, failure::Failure, input,
    interrupt, output::Output,
};

const EXAMPLES: &str = "\
Examples:
  export SOCORRO_STORAGE=s3://crashes
  socorro storage import /srv/old-crashes
  socorro storage import file:///tmp/antenna_crashes --layout collector --date yesterday
  socorro storage import gs://older-crashes --date 2026-11-01 --until 2026-11-23
  socorro storage import /srv/old-crashes --format ids > failed.txt
  socorro storage import /srv/old-crashes --ids failed.txt

Copies raw crashes, their dumps and processed crashes; nothing is changed where they come from. A
crash that the storage has already, with all that the source has of it, is passed over, and a
processed crash that it has is kept: run it again after an interruption. Raw crashes at the key used
until 2022 come to the key of today; legacy_keys=0 in the address leaves them out.

A list of ids may have empty lines, lines that begin with #, and URLs of reports. Dumps on their way
are in a directory for temporary files (TMPDIR).

Exit code 0: everything is in the storage. Exit code 1: a crash is not, or without some of its
dumps.";

/// After so many crashes in a row that failed because of an outage, it is one.
const OUTAGE: usize = 20;

/// Copy crashes from an older directory tree, or from another storage.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    storage: StorageArguments,
    /// Where the crashes are: a directory, or the address of a storage as --storage has it
    #[arg(value_name = "DIR|URL")]
    source: String,
    /// How they lie there [default: found out]
    #[arg(long, value_enum, value_name = "LAYOUT")]
    layout: Option<LayoutName>,
    /// Only those of this day, as their ids have it: YYYY-MM-DD, today or yesterday (UTC); may be
    /// repeated
    #[arg(long, value_name = "DATE", value_parser = days::day)]
    date: Vec<Date>,
    /// The last day, when it is every day from --date on
    #[arg(long, value_name = "DATE", value_parser = days::day, requires = "date")]
    until: Option<Date>,
    /// Only those in this list of crash ids, one on each line; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "date")]
    ids: Option<PathBuf>,
    /// How many crashes are copied at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    concurrency: u8,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// What is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The numbers; on standard error a line for each crash that is not copied, or not whole
    #[default]
    Text,
    /// The ids of these crashes, to be handed to --ids
    Ids,
    /// A JSON object for each crash
    Json,
}

pub(crate) async fn run(arguments: &ImportArguments, output: &mut Output) -> Result<Exit, Failure> {
    let mut report = Report::new(arguments.format);
    let which = which(arguments, &mut report, output)?;
    let is_everything = which == Which::All;
    let source = Source::open(&arguments.source, arguments.layout).await?;
    let storage = arguments.storage.open().await?;

    let work = Work {
        source: &source,
        storage: &*storage,
        concurrency: arguments.concurrency.into(),
    };
    let interrupted = tokio::select! {
        result = work.copy(which, &mut report, output) => {
            result?;
            None
        }
        // What is being copied is dropped, and with it the dumps on their way.
        signal = interrupt::signal() => Some(signal?),
    };
    if is_everything && interrupted.is_none() && report.is_empty() {
        return Err(source.nothing());
    }
    let failed = report.finish(&source, output)?;
    match interrupted {
        Some(signal) => {
            output.report(
                &Failure::new("interrupted: not everything was copied")
                    .hint("run it again: what is in the storage is passed over"),
            );
            Ok(Exit::Interrupted(signal))
        }
        None => Ok(Exit::failure_if(failed)),
    }
}

/// Which crashes are asked for. What is no id is told right away.
fn which(
    arguments: &ImportArguments,
    report: &mut Report,
    output: &Output,
) -> Result<Which, Failure> {
    if let Some(list) = &arguments.ids {
        let CrashIds { ids, bad } = CrashIds::among(input::list(list)?.lines());
        for error in bad {
            report.not_an_id(&error, output);
        }
        return Ok(Which::These(ids));
    }
    match (&arguments.date[..], arguments.until) {
        ([], _) => Ok(Which::All),
        ([first], Some(last)) => Ok(Which::Days(days::span(*first, last)?)),
        (_, Some(_)) => Err(Failure::usage(
            "--until goes with one --date, the first day",
        )),
        (dates, None) => {
            let mut dates = dates.to_vec();
            dates.sort_unstable();
            dates.dedup();
            Ok(Which::Days(dates))
        }
    }
}

/// From where to where.
struct Work<'a> {
    source: &'a Source,
    storage: &'a dyn CrashStorage,
    concurrency: usize,
}

impl Work<'_> {
    /// Copies crash after crash; one that cannot be copied does not keep the others from it.
    async fn copy(
        &self,
        which: Which,
        report: &mut Report,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let progress = progress(&which);
        let mut transfers = self
            .source
            .ids(which)
            .map(|id| async move {
                let id: CrashId = id?;
                Ok::<_, Failure>((id, transfer(self.source.storage(), self.storage, &id).await))
            })
            .buffered(self.concurrency);
        let mut outages = 0;
        while let Some(next) = transfers.next().await {
            let (id, result) = next.map_err(|failure| {
                failure.hint("not everything was found; run it again for the rest")
            })?;
            outages = match &result {
                Transfer::Failed { outage: true, .. } => outages + 1,
                _ => 0,
            };
            progress.inc(1);
            progress.suspend(|| report.tell(id, result, output))?;
            if outages == OUTAGE {
                return Err(Failure::new(format!(
                    "given up after {OUTAGE} crashes in a row that could not be copied"
                ))
                .hint("run it again when source and storage are in order: what is in the storage is passed over"));
            }
        }
        progress.finish_and_clear();
        Ok(())
    }
}

/// Shows how far the work is: on a terminal, and unless quiet is wanted.
fn progress(which: &Which) -> ProgressBar {
    if !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let (bar, template) = match which {
        Which::These(ids) => (
            ProgressBar::new(ids.len() as u64),
            "{pos}/{len} crashes {wide_bar} {eta}",
        ),
        _ => (
            ProgressBar::new_spinner(),
            "{pos} crashes {spinner} {per_sec}",
        ),
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}
