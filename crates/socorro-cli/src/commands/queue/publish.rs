//! `socorro queue publish`.

use std::{
    error::Error,
    fmt,
    io::{self, IsTerminal as _},
};

use clap::Args;
use socorro_queue::{Job, Lane, RulesetName};

use crate::{
    arguments::QueueArguments, crash_ids::CrashIds, exit::Exit, failure::Failure, input,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro queue publish --queue sqlite:///srv/queue.sqlite de1bb258-cbbf-4589-a673-34f800160918
  socorro queue publish --queue sqlite:///srv/queue.sqlite --lane reprocessing - < ids.txt

Ids may have a bp- prefix, upper case and blanks around them, or be the URL of a report. In a
list, empty lines and lines that begin with # are passed over; ids that come twice are published
once. Prints the ids that were published. Those that were not are told on standard error, and the
exit code is 1.";

/// How many ids are published at a time.
const BATCH: usize = 500;

/// Publish crash ids, so that a processor takes them up.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PublishArguments {
    #[command(flatten)]
    queue: QueueArguments,
    /// Which lane: standard, priority (served first) or reprocessing (served last)
    #[arg(long, value_name = "LANE", default_value_t = Lane::Standard)]
    lane: Lane,
    /// Which ruleset to run
    #[arg(long, value_name = "NAME", default_value_t = RulesetName::DEFAULT)]
    ruleset: RulesetName,
    /// Crash ids; `-`, or nothing with a pipe as standard input, reads them from there, one on each
    /// line
    #[arg(value_name = "CRASHID")]
    ids: Vec<String>,
}

pub(crate) async fn run(
    arguments: &PublishArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let CrashIds { ids, bad } = ids(arguments)?;
    let queue = arguments.queue.open().await?;
    let not_ids = bad.iter();
    let mut failures: Vec<Failure> = not_ids
        .map(|error| Failure::because("not published", error))
        .collect();
    for batch in ids.chunks(BATCH) {
        let jobs = batch
            .iter()
            .map(|id| Job::with_ruleset(*id, arguments.ruleset.clone()));
        match queue
            .publish(arguments.lane, &jobs.collect::<Vec<_>>())
            .await
        {
            Ok(report) => {
                for outcome in report.outcomes() {
                    let id = outcome.job.crash_id;
                    match &outcome.result {
                        Ok(()) => output.line(id)?,
                        Err(error) => failures.push(not_published(id, error)),
                    }
                }
            }
            Err(error) => failures.extend(batch.iter().map(|id| not_published(id, &error))),
        }
    }
    for failure in &failures {
        output.report(failure);
    }
    let (failed, lane) = (failures.len(), arguments.lane);
    tracing::info!(given = ids.len(), failed, %lane, %queue, "published");
    Ok(Exit::failure_if(failed > 0))
}

fn not_published(id: impl fmt::Display, error: &dyn Error) -> Failure {
    Failure::because(format_args!("{id} was not published"), error)
}

/// The ids that are given: as arguments, on standard input, or both.
fn ids(arguments: &PublishArguments) -> Result<CrashIds, Failure> {
    if !arguments.ids.is_empty() {
        return CrashIds::in_arguments(&arguments.ids);
    }
    if io::stdin().is_terminal() {
        return Err(Failure::usage("no crash ids")
            .hint("give them as arguments, or one on each line of standard input"));
    }
    Ok(CrashIds::among(input::stdin_text()?.lines()))
}
