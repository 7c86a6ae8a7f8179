//! `socorro queue publish`.

use clap::Args;
use serde_json::{Map, Value};
use socorro_queue::{Job, Lane, RulesetName};

use super::jobs::{self, Jobs};
use crate::{
    arguments::{FailureArguments, QueueArguments},
    exit::Exit,
    failure::Failure,
    listing::{ListArguments, Listing},
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro queue publish --queue sqlite:///srv/queue.sqlite de1bb258-cbbf-4589-a673-34f800160918
  socorro queue publish --queue sqlite:///srv/queue.sqlite --lane reprocessing - < ids.txt
  socorro queue publish --queue sqs://crashes- --print-failed < ids.txt > failed.txt

Ids may have a bp- prefix, upper case and blanks around them, or be the URL of a report; a ruleset
may follow behind a colon. In a list, empty lines and lines that begin with # are passed over; what
comes twice is published once. Prints the ids that were published. Those that were not are told on
standard error, and the exit code is 1.";

/// What is told of a job.
const COLUMNS: [&str; 5] = ["crash_id", "ruleset", "lane", "published", "error"];

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
    /// Print the ids that were not published, in place of those that were
    #[arg(long, conflicts_with = "format")]
    print_failed: bool,
    #[command(flatten)]
    failures: FailureArguments,
    #[command(flatten)]
    list: ListArguments,
    /// Crash ids; `-`, or nothing with a pipe as standard input, reads them from there, one on each
    /// line
    #[arg(value_name = "CRASHID")]
    ids: Vec<String>,
}

pub(crate) async fn run(
    arguments: &PublishArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let Jobs { jobs, bad } = Jobs::given(&arguments.ids, &arguments.ruleset)?;
    let mut teller = Teller {
        arguments,
        listing: arguments.list.begin(&COLUMNS),
        failures: Vec::new(),
    };
    let mut failed = !bad.is_empty();
    for (text, failure) in bad {
        teller.bad(&text, failure, output)?;
    }
    if !(failed && arguments.failures.fail_fast()) {
        let queue = arguments.queue.open().await?;
        let (lane, fail_fast) = (arguments.lane, arguments.failures.fail_fast());
        let all = jobs::publish(&*queue, lane, &jobs, fail_fast, |job, result| {
            teller.job(job, result, output)
        });
        failed |= !all.await?;
        tracing::info!(given = jobs.len(), failed, %lane, %queue, "published");
    }
    teller.finish(output)?;
    Ok(Exit::failure_if(failed))
}

/// Tells what became of each job; what went wrong comes after all else.
struct Teller<'a> {
    arguments: &'a PublishArguments,
    listing: Listing,
    failures: Vec<Failure>,
}

impl Teller<'_> {
    /// A text that is no crash id.
    fn bad(&mut self, text: &str, failure: Failure, output: &mut Output) -> Result<(), Failure> {
        if self.arguments.print_failed {
            output.line(Clean(text))?;
        }
        self.failures.push(failure);
        Ok(())
    }

    fn job(
        &mut self,
        job: &Job,
        result: Result<(), Failure>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let print_failed = self.arguments.print_failed;
        let error = result.as_ref().err().map(Failure::message);
        let members = Map::from_iter([
            ("crash_id".to_owned(), Value::from(job.crash_id.as_str())),
            ("ruleset".to_owned(), job.ruleset.as_str().into()),
            ("lane".to_owned(), self.arguments.lane.as_str().into()),
            ("published".to_owned(), error.is_none().into()),
            ("error".to_owned(), error.into()),
        ]);
        if error.is_some() == print_failed || !self.listing.is_text() {
            self.listing.item(&members, job, output)?;
        }
        self.failures.extend(result.err());
        Ok(())
    }

    fn finish(self, output: &mut Output) -> Result<(), Failure> {
        self.listing.finish(output)?;
        for failure in &self.failures {
            output.report(failure);
        }
        Ok(())
    }
}
