//! `socorro fetch-crash-data`.

mod each;
mod failed;
mod fetcher;
mod report;
mod target;

use std::{path::PathBuf, time::Instant};

use clap::Args;
use socorro_crash_stats::client::CrashStats;

use self::report::Report;
pub(crate) use self::{
    each::{Ended, How, NotDone, each},
    failed::FailedList,
    fetcher::{Dumps, Fetched, Fetcher, Wanted},
    target::Target,
};
use crate::{
    arguments::{HostArguments, TokenArguments},
    crash_ids::CrashIds,
    exit::Exit,
    failure::Failure,
    listing::ListFormat,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  export SOCORRO_API_TOKEN=…
  socorro fetch-crash-data ./crashdata de1bb258-cbbf-4589-a673-34f800160918
  socorro fetch-crash-data ./crashdata @crashids.txt --failed failed.txt
  socorro fetch-crashids --num 10 | socorro fetch-crash-data s3://dev-bucket/
  socorro fetch-crash-data ./crashdata --public-only --processed < crashids.txt

Crash ids may be addresses of reports, @FILE stands for a list of them, and - for standard input;
in lists, empty lines and lines that begin with # are passed over. Prints the ids of the crashes
that are there now.

What is there already is not fetched again: a raw crash is written after its dumps, and dumps are
compared with the SHA-256 that it tells. So run it again after an interruption or a failure.

Dumps need a token of a user who may view raw dumps. Without a token a crash is fetched with its
public fields only, and its raw crash notes that dumps were withheld (metadata.dumps_withheld), so
that a processor does not take it for one without a minidump: it becomes a dead letter. Fetched
again with a token, it is completed.

Exit code 0: all are there. Exit code 1: some are not. Exit code 3: there were no ids.";

/// How many crashes are fetched at the same time.
const JOBS: u8 = 4;
const JOBS_WITH_TOKEN: u8 = 8;

/// Fetch raw crashes, dumps and processed crashes from Crash Stats.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FetchCrashDataArguments {
    #[command(flatten)]
    host: HostArguments,
    #[command(flatten)]
    token: TokenArguments,
    /// Where the crashes go: a directory, or the address of a bucket or storage
    #[arg(value_name = "OUTPUTDIR|URL")]
    output: String,
    /// Crash ids, or addresses of reports; `@FILE` is a list of them; `-`, or nothing with a pipe as
    /// standard input, reads them from there
    #[arg(value_name = "CRASHID")]
    ids: Vec<String>,
    /// Fetch raw crashes: the default
    #[arg(long, overrides_with = "no_raw")]
    raw: bool,
    /// Do not fetch raw crashes
    #[arg(long, overrides_with = "raw")]
    no_raw: bool,
    /// Fetch dumps: the default
    #[arg(long, overrides_with = "no_dumps")]
    dumps: bool,
    /// Do not fetch dumps
    #[arg(long, overrides_with = "dumps")]
    no_dumps: bool,
    /// Fetch processed crashes, too
    #[arg(long, overrides_with = "no_processed")]
    processed: bool,
    /// Do not fetch processed crashes: the default
    #[arg(long, overrides_with = "processed")]
    no_processed: bool,
    /// Fetch what everybody may see, without dumps, even with a token
    #[arg(long, conflicts_with = "require_dumps")]
    public_only: bool,
    /// Fail where dumps cannot be had
    #[arg(long, conflicts_with = "no_dumps")]
    require_dumps: bool,
    /// Fetch again what is there
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    work: WorkArguments,
    /// Tell how much was fetched, and how fast
    #[arg(long)]
    stats: bool,
    /// The form of the list of crashes
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ListFormat,
}

/// How to work on many crashes.
#[derive(Debug, Args)]
pub(crate) struct WorkArguments {
    /// How many crashes are fetched at the same time [default: 4, or 8 with a token]
    #[arg(long, visible_alias = "workers", value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: Option<u8>,
    /// Write the ids of the crashes that did not work to this file, to be given as @FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) failed: Option<PathBuf>,
    /// Go on with the others when one fails: the default
    #[arg(long, overrides_with = "fail_fast")]
    keep_going: bool,
    /// End at the first failure
    #[arg(long, overrides_with = "keep_going")]
    pub(crate) fail_fast: bool,
}

impl WorkArguments {
    pub(crate) fn jobs(&self, crash_stats: &CrashStats) -> usize {
        let usual = if crash_stats.has_token() {
            JOBS_WITH_TOKEN
        } else {
            JOBS
        };
        self.jobs.unwrap_or(usual).into()
    }
}

impl FetchCrashDataArguments {
    fn wanted(&self, crash_stats: &CrashStats) -> Result<Wanted, Failure> {
        let (raw, mut dumps) = (!self.no_raw, !self.no_dumps);
        if !raw && self.dumps {
            return Err(
                Failure::usage("dumps cannot be fetched without raw crashes")
                    .hint("take --no-raw or --dumps out"),
            );
        }
        if !raw && !self.processed {
            return Err(Failure::usage("nothing is to be fetched")
                .hint("with --no-raw, processed crashes are left: --processed"));
        }
        dumps &= raw && crash_stats.has_token();
        Ok(Wanted {
            raw,
            dumps: if dumps {
                Dumps::Fetched
            } else {
                Dumps::Withheld
            },
            processed: self.processed,
            overwrite: self.overwrite,
        })
    }

    /// A client; without the token when only public data is wanted.
    fn client(&self) -> Result<CrashStats, Failure> {
        let token = self.token.token().filter(|_| !self.public_only);
        let crash_stats = self.host.client(token)?;
        if crash_stats.has_token() || self.public_only || self.no_dumps || self.no_raw {
            return Ok(crash_stats);
        }
        if self.require_dumps {
            return Err(Failure::new("dumps cannot be had without an API token")
                .hint("set SOCORRO_API_TOKEN to one with the permission View Raw Dumps"));
        }
        warn_of_public_data();
        Ok(crash_stats)
    }
}

/// Warns that without a token crashes are not whole.
pub(crate) fn warn_of_public_data() {
    tracing::warn!(
        "no API token: only public data is fetched, without dumps, and such crashes cannot be processed; \
         SOCORRO_API_TOKEN sets a token, --public-only says that this is meant"
    );
}

pub(crate) async fn run(
    arguments: &FetchCrashDataArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let CrashIds { ids, bad } = CrashIds::in_arguments(&arguments.ids)?;
    let crash_stats = arguments.client()?;
    let wanted = arguments.wanted(&crash_stats)?;
    let mut failed = FailedList::open(arguments.work.failed.as_deref())?;
    let target = Target::open(&arguments.output).await?;
    if ids.is_empty() && bad.is_empty() {
        output.note("no crash ids");
        return Ok(Exit::NothingFound);
    }
    let mut report = Report::new(arguments.format);
    for error in &bad {
        report.not_an_id(error, &mut failed, output);
    }
    let jobs = arguments.work.jobs(&crash_stats);
    let fetcher = Fetcher::new(crash_stats, target, wanted);
    let ended = each(
        ids,
        jobs,
        arguments.work.fail_fast,
        |id| fetcher.fetch(id),
        |id, outcome| report.tell(id, &outcome, &mut failed, output),
    )
    .await?;
    fetcher.finish_writing().await;
    if arguments.stats {
        report.stats(&fetcher.crash_stats, begin.elapsed(), output);
    }
    report.finish(&ended.remaining, output)?;
    let any_failed = failed.finish(&ended.remaining)?;
    conclude(ended, any_failed, output)
}

/// Tells how the work ended, and the exit code.
pub(crate) fn conclude(ended: Ended, any_failed: bool, output: &Output) -> Result<Exit, Failure> {
    let left = ended.remaining.len();
    match ended.how {
        How::Through => Ok(Exit::failure_if(any_failed)),
        How::GivenUp(failure) if left > 0 => {
            output.note(format_args!("{left} crashes were not done"));
            Err(failure)
        }
        How::GivenUp(failure) => Err(failure),
        How::Interrupted(signal) => {
            output.report(
                &Failure::new(format!("interrupted: {left} crashes were not done"))
                    .hint("run it again: what is there is passed over"),
            );
            Ok(Exit::Interrupted(signal))
        }
    }
}
