//! `socorro storage put-crash`.

mod files;
mod tree;

use std::path::PathBuf;

use clap::Args;
use futures::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use socorro_core::{CrashId, Dumps, RawCrash};
use socorro_storage::CrashStorage;

#[cfg(feature = "crash-stats")]
pub(crate) use self::tree::Tree;
use crate::{
    arguments::{FailureArguments, StorageArguments},
    exit::Exit,
    failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  export SOCORRO_STORAGE=file:///srv/crashes
  socorro storage put-crash --annotations raw_crash.json crash.dmp
  socorro storage put-crash tab.dmp upload_file_minidump_browser=browser.dmp
  socorro storage put-crash ./crashdata | socorro queue publish -

A directory is a tree as `fetch_crash_data` and crash storage have it (v1/raw_crash/…,
v1/dump_names/…, v1/dump/…): all crashes in it are put, without what was made of them. Files make
one crash: the first one without a name is the minidump of the process that crashed, the others
need their field names, as NAME=FILE or in their own names (crash.upload_file_minidump_tab.dmp).
Prints the ids of the crashes that are stored. Those that are not are told on standard error, and
the exit code is 1.";

/// How many crashes are written at the same time.
const CONCURRENT: usize = 4;
/// From how many crashes on the work is long enough to show how far it is.
const MANY: usize = 20;

/// Put crashes into a storage: a tree of them, or one from its files.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PutCrashArguments {
    #[command(flatten)]
    storage: StorageArguments,
    /// The crash id [default: the uuid of the annotations, or a new one]
    #[arg(long, value_name = "CRASHID", value_parser = CrashId::parse_lenient)]
    id: Option<CrashId>,
    /// The crash annotations: a JSON object
    #[arg(long, value_name = "FILE")]
    annotations: Option<PathBuf>,
    /// Directories with crashes, or the files of one crash
    #[arg(
        value_name = "DIR|[NAME=]FILE",
        required_unless_present = "annotations"
    )]
    paths: Vec<String>,
    #[command(flatten)]
    failures: FailureArguments,
}

/// A crash to store.
#[derive(Debug)]
pub(crate) struct NewCrash {
    id: CrashId,
    pub(crate) raw: RawCrash,
    pub(crate) dumps: Dumps,
}

pub(crate) async fn run(
    arguments: &PutCrashArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let directories = directories(arguments)?;
    if directories.is_empty() {
        let crash = files::crash(arguments)?;
        let storage = arguments.storage.open().await?;
        put(&*storage, &crash).await?;
        output.line(crash.id)?;
        return Ok(Exit::Success);
    }
    // Both sides are looked at before anything is written.
    let mut crashes = Vec::new();
    for directory in directories {
        let tree = tree::Tree::open(&directory)?;
        let ids = tree.ids()?;
        crashes.extend(ids.into_iter().map(|id| (tree.clone(), id)));
    }
    let storage = arguments.storage.open().await?;
    put_all(&*storage, crashes, arguments.failures.fail_fast(), output).await
}

/// The paths when they are directories, nothing when they are files.
fn directories(arguments: &PutCrashArguments) -> Result<Vec<PathBuf>, Failure> {
    let paths = arguments.paths.iter().map(PathBuf::from);
    let (directories, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    if directories.is_empty() {
        return Ok(directories);
    }
    if !files.is_empty() {
        return Err(Failure::usage(format!(
            "{} is a directory and {} is not",
            directories[0].display(),
            files[0].display()
        ))
        .hint("put directories of crashes, or the files of one crash; not both at once"));
    }
    if arguments.id.is_some() || arguments.annotations.is_some() {
        return Err(
            Failure::usage("--id and --annotations are for one crash made of files")
                .hint("in a directory every crash has its own"),
        );
    }
    Ok(directories)
}

/// Puts crash after crash; one that cannot be put does not keep the others from it.
async fn put_all(
    storage: &dyn CrashStorage,
    crashes: Vec<(tree::Tree, CrashId)>,
    fail_fast: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let progress = progress(crashes.len());
    let mut outcomes = stream::iter(crashes)
        .map(|(tree, id)| async move {
            let result = async { put(storage, &tree.crash(&id).await?).await }.await;
            (id, result)
        })
        .buffered(CONCURRENT);
    let mut failed = 0_usize;
    while let Some((id, result)) = outcomes.next().await {
        progress.suspend(|| match result {
            Ok(()) => output.line(id),
            Err(failure) => {
                failed += 1;
                output.report(&failure.within(format_args!("{id} was not put")));
                Ok(())
            }
        })?;
        progress.inc(1);
        if failed > 0 && fail_fast {
            break;
        }
    }
    progress.finish_and_clear();
    Ok(Exit::failure_if(failed > 0))
}

async fn put(storage: &dyn CrashStorage, crash: &NewCrash) -> Result<(), Failure> {
    let NewCrash { id, raw, dumps } = crash;
    storage.save_raw_crash(id, raw, dumps).await?;
    tracing::info!(%id, dumps = dumps.len(), "stored");
    Ok(())
}

/// Shows how far the work is: on a terminal, where it is long, and unless quiet is wanted.
fn progress(crashes: usize) -> ProgressBar {
    if crashes < MANY || !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{pos}/{len} crashes {wide_bar} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(crashes as u64).with_style(style)
}
