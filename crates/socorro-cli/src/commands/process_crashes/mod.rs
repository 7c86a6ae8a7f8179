//! `socorro process-crashes`.

mod after;
mod before;
mod pause;
mod report;

use std::path::PathBuf;

use clap::Args;
use socorro_core::CrashId;

use self::{after::After, before::Before, pause::Paused, report::Report};
use super::fetch_crash_data::{
    FailedList, NotDone, Target, WorkArguments, conclude, each, warn_of_public_data,
};
use crate::{
    arguments::{
        HostArguments, RulesetArguments, SignatureArguments, StorageArguments, TokenArguments,
        WalkArguments, WalkerArguments,
    },
    crash_ids::CrashIds,
    exit::Exit,
    failure::Failure,
    listing::ListFormat,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  export SOCORRO_STORAGE=s3://dev-bucket SOCORRO_QUEUE=sqlite:///srv/queue.sqlite
  export SOCORRO_API_TOKEN=…
  socorro process-crashes de1bb258-cbbf-4589-a673-34f800160918
  socorro fetch-crashids --num 5 | socorro process-crashes
  socorro process-crashes --pause de1bb258-cbbf-4589-a673-34f800160918
  socorro process-crashes --process --symbols https://symbols.mozilla.org/ @crashids.txt
  socorro process-crashes --from ./crashdata

Each crash is fetched from Crash Stats into the storage, and its id published to the queue, as soon
as it is there; one that fails does not keep the others from it. What is in the storage already is
not fetched again. The storage is made if it is not there. A crash whose dumps were withheld is not
published.

Prints the ids that were published; with --process the id, the signature and where the processed
crash is, with tabs between. Exit code 0: all of them. Exit code 1: some are told on standard error.
Exit code 3: there were no ids.";

/// Fetch crashes from Crash Stats, store them, and publish them for processing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProcessCrashesArguments {
    #[command(flatten)]
    host: HostArguments,
    #[command(flatten)]
    token: TokenArguments,
    #[command(flatten)]
    storage: StorageArguments,
    /// Which queue: sqlite:///FILE, pubsub://PROJECT/TOPIC-PREFIX or sqs://QUEUE-PREFIX
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env_values = true,
        required_unless_present = "process"
    )]
    queue: Option<String>,
    /// Let the crashes be looked at, and changed, before they are stored: they are fetched into
    /// ./crashdata_tryit_tmp, and it goes on when Enter is pressed
    #[arg(long)]
    pause: bool,
    /// Process the crashes here and now, in place of publishing them
    #[arg(long)]
    process: bool,
    /// Take the crashes from this directory, in place of fetching them; all of them when no ids are
    /// given
    #[arg(long, value_name = "DIR", conflicts_with = "pause")]
    from: Option<PathBuf>,
    #[command(flatten)]
    work: WorkArguments,
    /// The form of the list of crashes
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ListFormat,
    #[command(flatten)]
    walk: WalkArguments,
    #[command(flatten)]
    walkers: WalkerArguments,
    #[command(flatten)]
    signature: SignatureArguments,
    #[command(flatten)]
    rulesets: RulesetArguments,
    /// Crash ids, or addresses of reports; `@FILE` is a list of them; `-`, or nothing with a pipe as
    /// standard input, reads them from there
    #[arg(value_name = "CRASHID")]
    ids: Vec<String>,
}

impl ProcessCrashesArguments {
    /// The crashes that are meant.
    fn ids(&self) -> Result<CrashIds, Failure> {
        if let (Some(directory), true) = (&self.from, self.ids.is_empty()) {
            return Ok(CrashIds {
                ids: before::tree(directory)?.ids()?.into_iter().collect(),
                bad: Vec::new(),
            });
        }
        if self.pause && (self.ids.is_empty() || self.ids.iter().any(|id| id == "-")) {
            return Err(
                Failure::usage("--pause needs standard input for the Enter that ends it")
                    .hint("give the crash ids as arguments, or in a list as @FILE"),
            );
        }
        CrashIds::in_arguments(&self.ids)
    }
}

pub(crate) async fn run(
    arguments: &ProcessCrashesArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let CrashIds { mut ids, bad } = arguments.ids()?;
    if ids.is_empty() && bad.is_empty() {
        output.note("no crash ids");
        return Ok(Exit::NothingFound);
    }
    let mut failed = FailedList::open(arguments.work.failed.as_deref())?;
    let mut report = Report::new(arguments.format, arguments.process);
    for error in &bad {
        failed.add_note(&error.to_string());
        output.report(&Failure::because("not processed", error));
    }
    let crash_stats = arguments.host.client(arguments.token.token())?;
    let jobs = arguments.work.jobs(&crash_stats);
    let (storage, _) = arguments.storage.create().await?;
    let after = After::of(arguments, storage.clone(), jobs).await?;
    if arguments.from.is_none() && !crash_stats.has_token() {
        warn_of_public_data();
    }
    let mut paused = None;
    let before = match &arguments.from {
        Some(directory) => Before::Tree(before::tree(directory)?, storage),
        None if arguments.pause => {
            let directory = paused.insert(Paused::new()?);
            let target = Target::directory(directory.path())?;
            let fetcher = before::fetcher(crash_stats, target);
            let fetched = directory.fetch(&fetcher, ids, jobs, &mut failed, output);
            match fetched.await? {
                Ok(there) => ids = there,
                Err(ended) => {
                    let any_failed = failed.finish(&ended.remaining)?;
                    return conclude(ended, any_failed, output);
                }
            }
            Before::Tree(before::tree(directory.path())?, storage)
        }
        None => {
            let target = Target::open(arguments.storage.address()).await?;
            Before::Fetched(before::fetcher(crash_stats, target))
        }
    };
    let ended = each(
        ids,
        jobs,
        arguments.work.fail_fast,
        |id| one(&before, &after, id),
        |id, outcome| report.tell(id, outcome, &mut failed, output),
    )
    .await?;
    before.finish_writing().await;
    report.finish(output)?;
    let any_failed = failed.finish(&ended.remaining)?;
    conclude(ended, any_failed, output)
}

/// Brings one crash into the storage, and on its way.
async fn one(before: &Before, after: &After, id: CrashId) -> Result<after::Done, NotDone> {
    if before.store(id).await?.withheld {
        return Err(
            Failure::new("it is stored without its dumps, and so it is not processed")
                .hint("set SOCORRO_API_TOKEN to a token that may view raw dumps, and run it again")
                .into(),
        );
    }
    after.go_on(id).await
}
