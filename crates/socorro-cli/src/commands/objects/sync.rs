//! `socorro s3 sync`.

use std::{collections::HashMap, path::Path};

use clap::Args;
use socorro_storage::bucket::ObjectAddress;

use super::{
    arguments::{S3Arguments, WorkArguments},
    compare::Comparison,
    filters::Filters,
    local::Reading,
    place::Place,
    report::Report,
    rm::Removal,
    side::{Entry, Side},
    transfer::Transfer,
};
use crate::{exit::Exit, failure::Failure, interrupt, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro s3 sync ./crashdata s3://dev-bucket/
  socorro s3 sync s3://dev-bucket/v1/ ./crashdata/v1 --exclude '*' --include 'dump/*'
  socorro s3 sync gs://old-crashes/ s3://new-crashes/ --dry-run
  socorro s3 sync ./crashdata s3://dev-bucket/ --delete

What is at the target already is left alone: files of the same size whose checksums agree. The
checksum is the MD5 that servers tell (the ETag of S3); of an upload in parts it is computed for
the sizes of parts that programs use. Where there is none, the time decides: a copy must not be
older than what it is a copy of. A bucket whose objects are encrypted with keys of the customer or
of the key service tells other checksums: use --size-only there.

Raw crashes are copied last, and only when the other files of the crash are there; so a raw crash
that is at the target is complete. Fetched files appear only when they are complete. Run it again
after an interruption: what is complete is not copied again. Lists of both sides are in memory,
some 200 bytes for each file.

Exit code 0: everything is at the target now. Exit code 1: some files could not be copied, the
others are.";

/// Make a bucket or directory the same as another: copy what is new or different.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SyncArguments {
    /// What to copy: a directory, or the address of a bucket or of a part of it
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Where to copy it
    #[arg(value_name = "TARGET")]
    target: String,
    /// Also delete what is only at the target
    #[arg(long)]
    delete: bool,
    #[command(flatten)]
    comparison: Comparison,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    work: WorkArguments,
    #[command(flatten)]
    s3: S3Arguments,
}

pub(crate) async fn run(arguments: &SyncArguments, output: &mut Output) -> Result<Exit, Failure> {
    let source = Place::read(&arguments.source, &arguments.s3)?;
    let target = Place::read(&arguments.target, &arguments.s3)?;
    let (from, to) = sides(&source, &target, &arguments.work)?;
    let (found, there) = tokio::try_join!(from.entries(), to.entries())?;
    let take = |entry: &Entry| arguments.filters.take(&entry.name);
    let entries: Vec<_> = found.entries.into_iter().filter(take).collect();
    let there = there.entries.into_iter().filter(take);
    let present: HashMap<_, _> = there.map(|entry| (entry.name.clone(), entry)).collect();
    let superfluous = superfluous(arguments.delete, &entries, &present);
    let bytes = entries.iter().map(|entry| entry.size).sum();
    let mut report = Report::new(output, &arguments.work, bytes);
    let is_whole = found.problems.is_empty();
    for problem in &found.problems {
        report.failed(problem);
    }
    let transfer = Transfer {
        from: &from,
        to: &to,
        moves: false,
        present: Some((arguments.comparison, present)),
        jobs: arguments.work.jobs.into(),
        dry_run: arguments.work.dry_run,
        fail_fast: arguments.work.failures.fail_fast(),
    };
    let work = async {
        transfer.run(entries, &mut report).await?;
        if !superfluous.is_empty() && !is_whole {
            // It may be there, where nobody could look.
            report.failed(&Failure::new(
                "nothing was deleted, since not all of the source could be read",
            ));
            return Ok(());
        }
        let removal = Removal {
            side: &to,
            dry_run: arguments.work.dry_run,
            fail_fast: arguments.work.failures.fail_fast(),
        };
        removal.run(superfluous, &mut report).await
    };
    let interrupted = tokio::select! {
        result = work => { result?; None }
        signal = interrupt::signal() => Some(signal?),
    };
    Ok(match interrupted {
        Some(signal) => report.interrupted(signal),
        None => report.exit(),
    })
}

/// What is only at the target.
fn superfluous(delete: bool, entries: &[Entry], present: &HashMap<String, Entry>) -> Vec<String> {
    if !delete {
        return Vec::new();
    }
    let wanted: std::collections::HashSet<_> =
        entries.iter().map(|entry| entry.name.as_str()).collect();
    let names = present
        .keys()
        .filter(|name| !wanted.contains(name.as_str()));
    let mut names: Vec<_> = names.cloned().collect();
    names.sort_unstable();
    names
}

/// Both sides, whole.
///
/// # Errors
///
/// When there is no such directory, or what should be one is a file.
pub(super) fn sides(
    source: &Place,
    target: &Place,
    work: &WorkArguments,
) -> Result<(Side, Side), Failure> {
    let reading = Reading {
        follow_links: !work.no_follow_symlinks,
        clear_partial: false,
    };
    if let Place::Local(path) = source {
        require_directory(path)?;
    }
    if let Place::Local(path) = target
        && path.exists()
    {
        require_directory(path)?;
    }
    let from = match (source, target) {
        (Place::Local(path), Place::Local(_)) => Side::whole(&bucket_of(path)?, reading)?,
        _ => Side::whole(source, reading)?,
    };
    let to = Side::whole(
        target,
        Reading {
            clear_partial: !work.dry_run,
            ..reading
        },
    )?;
    Ok((from, to))
}

/// A directory as a bucket, to be read where the target is a directory, too.
pub(super) fn bucket_of(path: &Path) -> Result<Place, Failure> {
    let address = ObjectAddress::parse(&format!("file:{}", path.display()))?;
    Ok(Place::Bucket(address))
}

pub(super) fn require_directory(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Ok(());
    }
    let shown = path.display();
    if path.exists() {
        return Err(Failure::new(format!("{shown} is a file, and no directory"))
            .hint("`socorro s3 cp` copies single files"));
    }
    Err(not_there(path))
}

/// In the words of `aws s3`.
pub(super) fn not_there(path: &Path) -> Failure {
    Failure::verbatim(format!(
        "The user-provided path {} does not exist.",
        path.display()
    ))
}
