//! `socorro reprocess`.

mod groups;
mod state;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use socorro_core::CrashId;
use socorro_crash_stats::client::{CrashStats, ReprocessingJob, Search};
use socorro_queue::{Job, Lane, QueueOptions, RulesetName};

use self::{groups::Groups, state::State};
use crate::{
    arguments::{self, HostArguments, values},
    crash_ids::CrashIds,
    exit::Exit,
    failure::Failure,
    interrupt,
    output::Output,
    settings::{Origin, Settings},
};

const EXAMPLES: &str = "\
Examples:
  export SOCORRO_REPROCESS_API_TOKEN=…
  socorro reprocess de1bb258-cbbf-4589-a673-34f800160918
  socorro fetch-crashids --signature OOM --num all | socorro reprocess --resume done.txt
  socorro reprocess --ruleset regenerate_signature @crashids.txt
  socorro reprocess --from-search 'https://crash-stats.mozilla.org/search/?product=…' --dry-run
  socorro reprocess --queue sqlite:///srv/queue.sqlite @crashids.txt

Asks Crash Stats for 50 crashes at a time, with a pause between. An id that the server does not take
is told and left out. When it is out of order, or wants fewer requests, it is asked again later.
With --resume, ids that were taken are written to a file, and those in it are passed over: run the
same command again after an interruption.

--queue on the command line publishes to the reprocessing lane of a queue of your own instead.
Prints the ids that were taken; those that were not are told on standard error, and the exit code
is 1. Exit code 3: there were no ids.";

/// Have crashes processed again by Crash Stats, or from a queue.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReprocessArguments {
    #[command(flatten)]
    host: HostArguments,
    /// A token of a user who may have crashes reprocessed; better set the variable, for others can
    /// see what is on a command line
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SOCORRO_REPROCESS_API_TOKEN",
        hide_env_values = true
    )]
    reprocess_api_token: Option<String>,
    /// How long to wait between groups of crashes
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = values::duration)]
    sleep: Duration,
    /// Which ruleset to run [default: that of the server]
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    ruleset: String,
    /// Write the ids that were taken to this file, and pass over those in it
    #[arg(long, value_name = "STATE")]
    resume: Option<PathBuf>,
    /// Print what would be asked for, and ask for nothing
    #[arg(long)]
    dry_run: bool,
    /// Publish to the reprocessing lane of this queue instead: sqlite:///FILE,
    /// pubsub://PROJECT/TOPIC-PREFIX or sqs://QUEUE-PREFIX
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env = true,
        hide_env_values = true
    )]
    queue: Option<String>,
    /// All crashes that a page of Super Search shows: its address
    #[arg(long, value_name = "URL", conflicts_with = "ids")]
    from_search: Option<String>,
    /// Crash ids, or addresses of reports; `@FILE` is a list of them; `-`, or nothing with a pipe as
    /// standard input, reads them from there
    #[arg(value_name = "CRASHID")]
    ids: Vec<String>,
}

impl ReprocessArguments {
    fn ruleset(&self) -> Result<Option<RulesetName>, Failure> {
        if self.ruleset.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.ruleset.parse()?))
    }

    /// The queue that is named on the command line. That other commands have one does not mean that
    /// Crash Stats is not to be asked.
    fn queue(&self, settings: &Settings) -> Option<&str> {
        let setting = settings.get("queue")?;
        let is_named = matches!(setting.origin, Origin::Flag { .. });
        self.queue.as_deref().filter(|_| is_named)
    }

    fn client(&self) -> Result<CrashStats, Failure> {
        self.host.client(self.reprocess_api_token.as_deref())
    }
}

pub(crate) async fn run(
    arguments: &ReprocessArguments,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let ruleset = arguments.ruleset()?;
    let queue = arguments.queue(settings);
    let asks = !arguments.dry_run && queue.is_none();
    if asks && arguments.reprocess_api_token.is_none() {
        return Err(
            Failure::new("reprocessing needs an API token of a user who may do that")
                .hint("set SOCORRO_REPROCESS_API_TOKEN, or name a queue of your own with --queue"),
        );
    }
    let CrashIds { mut ids, bad } = ids(arguments).await?;
    if ids.is_empty() && bad.is_empty() {
        output.note("no crash ids");
        return Ok(Exit::NothingFound);
    }
    for error in &bad {
        output.report(&Failure::because("not reprocessed", error));
    }
    let state = State::open(arguments.resume.as_deref())?;
    let all = ids.len();
    ids.retain(|id| !state.has(id));
    if ids.len() < all {
        output.note(format_args!("{} were taken before", all - ids.len()));
    }
    let jobs = ids.into_iter().map(|id| ReprocessingJob {
        id,
        ruleset: ruleset.as_ref().map(RulesetName::to_string),
    });
    let jobs: Vec<_> = jobs.collect();
    if arguments.dry_run {
        for job in &jobs {
            output.line(job)?;
        }
        return Ok(Exit::failure_if(!bad.is_empty()));
    }
    let failed = match queue {
        Some(queue) => publish(queue, &jobs, ruleset, state, output).await?,
        None => {
            let groups = Groups {
                crash_stats: arguments.client()?,
                sleep: arguments.sleep,
                state,
            };
            tokio::select! {
                failed = groups.ask_for(&jobs, output) => failed?,
                signal = interrupt::signal() => return interrupted(signal?, arguments),
            }
        }
    };
    Ok(Exit::failure_if(failed || !bad.is_empty()))
}

fn interrupted(signal: u8, arguments: &ReprocessArguments) -> Result<Exit, Failure> {
    let way_out = match &arguments.resume {
        Some(_) => "run it again: what was taken is passed over",
        None => "with --resume FILE, what was taken is passed over the next time",
    };
    Err(Failure::new("interrupted: not everything was asked for")
        .hint(way_out)
        .with_exit(Exit::Interrupted(signal)))
}

/// The crashes that are meant: those that are named, or all that a search finds.
async fn ids(arguments: &ReprocessArguments) -> Result<CrashIds, Failure> {
    let Some(url) = &arguments.from_search else {
        return CrashIds::in_arguments(&arguments.ids);
    };
    if !url.contains('?') {
        return Err(
            Failure::usage(format!("there is no search in --from-search {url}"))
                .hint("copy the whole address of a page of Super Search; quote it for the shell"),
        );
    }
    let mut results = arguments.client()?.search(Search::of_url(url));
    let mut found = CrashIds::default();
    while let Some(hits) = results.next_page().await? {
        found.ids.extend(hits.into_iter().map(|hit| hit.id));
    }
    Ok(found)
}

/// Publishes to a queue. Returns whether anything was not.
async fn publish(
    url: &str,
    jobs: &[ReprocessingJob],
    ruleset: Option<RulesetName>,
    mut state: State,
    output: &mut Output,
) -> Result<bool, Failure> {
    /// How many ids are published at a time.
    const BATCH: usize = 500;
    let queue = arguments::open_queue(url, QueueOptions::default()).await?;
    let ruleset = ruleset.unwrap_or(RulesetName::DEFAULT);
    let mut failed = false;
    for batch in jobs.chunks(BATCH) {
        let jobs = batch
            .iter()
            .map(|job| Job::with_ruleset(job.id, ruleset.clone()));
        let report = queue
            .publish(Lane::Reprocessing, &jobs.collect::<Vec<_>>())
            .await?;
        let mut taken: Vec<CrashId> = Vec::new();
        for outcome in report.outcomes() {
            let id = outcome.job.crash_id;
            match &outcome.result {
                Ok(()) => taken.push(id),
                Err(error) => {
                    failed = true;
                    let what = format!("{id} was not published");
                    output.report(&Failure::because(what, error));
                }
            }
        }
        state.add(&taken)?;
        for id in taken {
            output.line(id)?;
        }
    }
    Ok(failed)
}
