//! `socorro s3 cp` and `socorro s3 mv`.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Args;
use socorro_storage::{Error, bucket::ObjectAddress};

use super::{
    arguments::{S3Arguments, WorkArguments},
    cat,
    failures::fatal,
    filters::Filters,
    local::{self, Reading},
    place::{self, Place, is_address},
    report::Report,
    side::{self, Entry, Side},
    sync::{bucket_of, not_there, sides},
    transfer::Transfer,
};
use crate::{exit::Exit, failure::Failure, interrupt, output::Output};

const CP_EXAMPLES: &str = "\
Examples:
  socorro s3 cp crash.dmp s3://dev-bucket/v1/dump/
  socorro s3 cp s3://dev-bucket/v1/dump/de1bb258-cbbf-4589-a673-34f800160918 crash.dmp
  socorro s3 cp --recursive ./crashdata s3://dev-bucket/
  socorro s3 cp s3://dev-bucket/list.txt - | sort

Copies whatever is there already; `sync` does not. A target that ends with / is a folder. A single
- is standard input or output. Raw crashes are copied last.

Exit code 0: everything is copied. Exit code 1: some files could not be copied, the others are.";

const MV_EXAMPLES: &str = "\
Examples:
  socorro s3 mv crash.dmp s3://dev-bucket/v1/dump/
  socorro s3 mv --recursive s3://dev-bucket/incoming/ s3://dev-bucket/v1/

Each file is deleted at the source once it is copied. Run it again after an interruption.";

/// Copy a file, or with --recursive all files of a directory or a part of a bucket.
#[derive(Debug, Args)]
#[command(after_help = CP_EXAMPLES)]
pub(crate) struct CpArguments {
    #[command(flatten)]
    copy: CopyArguments,
}

/// The same, and delete what was copied.
#[derive(Debug, Args)]
#[command(after_help = MV_EXAMPLES)]
pub(crate) struct MvArguments {
    #[command(flatten)]
    copy: CopyArguments,
}

#[derive(Debug, Args)]
struct CopyArguments {
    /// What to copy: a path, or the address of an object
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Where to copy it
    #[arg(value_name = "TARGET")]
    target: String,
    /// Copy everything below the source
    #[arg(long)]
    recursive: bool,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    work: WorkArguments,
    #[command(flatten)]
    s3: S3Arguments,
}

pub(crate) async fn cp(arguments: &CpArguments, output: &mut Output) -> Result<Exit, Failure> {
    let copy = &arguments.copy;
    match (copy.source.as_str(), copy.target.as_str()) {
        ("-", target) => from_stdin(copy, target, output).await,
        (source, "-") => {
            cat::print(source, &copy.s3, output).await?;
            Ok(Exit::Success)
        }
        _ => run(copy, false, output).await,
    }
}

pub(crate) async fn mv(arguments: &MvArguments, output: &mut Output) -> Result<Exit, Failure> {
    run(&arguments.copy, true, output).await
}

/// Copies between two places, and gives back how the program ends. For other commands of buckets.
pub(super) async fn copy_places(
    source: &Place,
    target: &Place,
    recursive: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let plan = Plan {
        source,
        target,
        recursive,
        moves: false,
        filters: &Filters::default(),
        work: &WorkArguments::default(),
    };
    plan.run(output).await
}

async fn run(arguments: &CopyArguments, moves: bool, output: &mut Output) -> Result<Exit, Failure> {
    let plan = Plan {
        source: &Place::read(&arguments.source, &arguments.s3)?,
        target: &Place::read(&arguments.target, &arguments.s3)?,
        recursive: arguments.recursive,
        moves,
        filters: &arguments.filters,
        work: &arguments.work,
    };
    plan.run(output).await
}

struct Plan<'a> {
    source: &'a Place,
    target: &'a Place,
    recursive: bool,
    moves: bool,
    filters: &'a Filters,
    work: &'a WorkArguments,
}

impl Plan<'_> {
    async fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let ((from, to), entries, problems) = if self.recursive {
            let (from, to) = sides(self.source, self.target, self.work)?;
            let found = from.entries().await?;
            let take = |entry: &Entry| self.filters.take(&entry.name);
            let entries = found.entries.into_iter().filter(take).collect();
            ((from, to), entries, found.problems)
        } else {
            let (from, to, entry) = self.single().await?;
            ((from, to), vec![entry], Vec::new())
        };
        let is_itself = from.is_bucket_of(&to) && from.key("") == to.key("");
        if self.moves && is_itself {
            return Err(Failure::usage("source and target are the same"));
        }
        let bytes = entries.iter().map(|entry: &Entry| entry.size).sum();
        let mut report = Report::new(output, self.work, bytes);
        for problem in &problems {
            report.failed(problem);
        }
        let transfer = Transfer {
            from: &from,
            to: &to,
            moves: self.moves,
            present: None,
            jobs: self.work.jobs.into(),
            dry_run: self.work.dry_run,
            fail_fast: self.work.failures.fail_fast(),
        };
        let interrupted = tokio::select! {
            result = transfer.run(entries, &mut report) => { result?; None }
            signal = interrupt::signal() => Some(signal?),
        };
        Ok(match interrupted {
            Some(signal) => report.interrupted(signal),
            None => report.exit(),
        })
    }

    /// A single file: both sides are exactly it, so its name below them is empty.
    async fn single(&self) -> Result<(Side, Side, Entry), Failure> {
        let (from, entry, name) = match (self.source, self.target) {
            (Place::Local(path), target) => {
                let metadata = path.metadata().map_err(|_| not_there(path))?;
                if metadata.is_dir() {
                    let shown = path.display();
                    return Err(Failure::usage(format!("{shown} is a directory"))
                        .hint("--recursive copies all that is in it"));
                }
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let from = match target {
                    Place::Local(_) => exactly(&bucket_of(path)?)?,
                    Place::Bucket(_) => exactly(self.source)?,
                };
                let entry = local::entry(String::new(), &metadata);
                (from, entry, name.into_owned())
            }
            (Place::Bucket(address), _) => {
                let entry = head(address).await?;
                let name = address.key().rsplit('/').next().unwrap_or_default();
                (exactly(self.source)?, entry, name.to_owned())
            }
        };
        let to = match self.target {
            Place::Local(path) => Place::Local(into_directory(path, &name)?),
            Place::Bucket(address) if address.key().is_empty() || address.key().ends_with('/') => {
                Place::Bucket(address.with_key(format!("{}{name}", address.key())))
            }
            target @ Place::Bucket(_) => target.clone(),
        };
        Ok((from, exactly(&to)?, entry))
    }
}

/// The side that is a single file.
fn exactly(place: &Place) -> Result<Side, Failure> {
    Ok(match place {
        Place::Local(path) => Side::Local {
            root: path.clone(),
            reading: Reading::default(),
        },
        Place::Bucket(address) => Side::Bucket {
            bucket: Box::new(place::open(address)?),
            root: address.clone(),
        },
    })
}

/// The path of a file that is copied to a path, which may be a directory.
fn into_directory(path: &Path, name: &str) -> Result<PathBuf, Failure> {
    let is_directory = path.is_dir() || path.to_string_lossy().ends_with('/');
    if !is_directory {
        return Ok(path.to_owned());
    }
    if !side::stays_below(name) {
        return Err(Failure::usage(format!("{name:?} is no name of a file"))
            .hint("name the file to be written"));
    }
    Ok(path.join(name))
}

/// What a single object is.
async fn head(address: &ObjectAddress) -> Result<Entry, Failure> {
    if address.key().is_empty() || address.key().ends_with('/') {
        return Err(Failure::usage(format!("{address} is no single object"))
            .hint("--recursive copies all that is below it"));
    }
    let bucket = place::open(address)?;
    match bucket.head(address.key()).await {
        Ok(object) => Ok(side::entry(address.key(), &object)),
        Err(Error::NotFound { .. }) => Err(Failure::verbatim(format!(
            "fatal error: An error occurred (404) when calling the HeadObject operation: Key \"{}\" does not exist",
            address.key().escape_debug()
        ))),
        Err(error) => Err(fatal(error, "HeadObject")),
    }
}

/// An object of unknown size: it lies in a temporary file until it is complete.
async fn from_stdin(
    arguments: &CopyArguments,
    target: &str,
    output: &mut Output,
) -> Result<Exit, Failure> {
    if !is_address(target) || target.ends_with('/') {
        return Err(Failure::usage(
            "standard input is copied to the address of an object",
        ));
    }
    let address = place::address(target, &arguments.s3)?;
    let failed = |error: io::Error| Failure::because("cannot read standard input", &error);
    let mut spool = tempfile::NamedTempFile::new().map_err(failed)?;
    io::copy(&mut io::stdin().lock(), &mut spool).map_err(failed)?;
    spool.flush().map_err(failed)?;
    let bucket = place::open(&address)?;
    let put = bucket.put_file(address.key(), spool.path(), &|_| ());
    put.await.map_err(|error| fatal(error, "PutObject"))?;
    if !arguments.work.only_show_errors {
        output.line(format_args!("upload: - to {address}"))?;
    }
    Ok(Exit::Success)
}
