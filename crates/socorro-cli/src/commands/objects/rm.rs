//! `socorro s3 rm`.

use std::fs;

use clap::Args;

use super::{
    arguments::S3Arguments,
    failures::{fatal, said},
    filters::Filters,
    local::Reading,
    place::{self, Place},
    report::Report,
    side::{Side, file},
    transfer::{is_raw_crash, not_done},
};
use crate::{
    arguments::FailureArguments, commands::objects::arguments::WorkArguments, exit::Exit,
    failure::Failure, interrupt, output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro s3 rm s3://dev-bucket/v1/dump/de1bb258-cbbf-4589-a673-34f800160918
  socorro s3 rm --recursive s3://dev-bucket/incoming/ --exclude '*.keep'
  socorro s3 rm --recursive s3://dev-bucket/ --dry-run

`socorro storage delete CRASHID` deletes a crash with all its parts. What is not there is deleted
already. Raw crashes are deleted first, so that none is there without its dumps.";

/// How many objects are deleted between two looks at what comes of it.
const BATCH: usize = 1000;

/// Delete an object, or with --recursive all whose keys begin alike.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RmArguments {
    /// What to delete
    #[arg(value_name = "URL")]
    url: String,
    /// Delete everything below it
    #[arg(long)]
    recursive: bool,
    /// Only show what would be deleted
    #[arg(long, alias = "dryrun")]
    dry_run: bool,
    /// Do not print what went well
    #[arg(long)]
    only_show_errors: bool,
    #[command(flatten)]
    failures: FailureArguments,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    s3: S3Arguments,
}

pub(crate) async fn run(arguments: &RmArguments, output: &mut Output) -> Result<Exit, Failure> {
    let address = place::address(&arguments.url, &arguments.s3)?;
    let is_whole = address.key().is_empty() || address.key().ends_with('/');
    if is_whole && !arguments.recursive {
        return Err(Failure::usage(format!("{address} is no single object"))
            .hint("--recursive deletes all that is below it"));
    }
    let place = Place::Bucket(address.clone());
    let side = match arguments.recursive {
        true => Side::whole(&place, Reading::default())?,
        false => Side::Bucket {
            bucket: Box::new(place::open(&address)?),
            root: address,
        },
    };
    let names = match arguments.recursive {
        true => keys(&side, &arguments.filters).await?,
        false => vec![String::new()],
    };
    let work = WorkArguments {
        dry_run: arguments.dry_run,
        only_show_errors: arguments.only_show_errors,
        ..WorkArguments::default()
    };
    let mut report = Report::new(output, &work, 0);
    let removal = Removal {
        side: &side,
        dry_run: arguments.dry_run,
        fail_fast: arguments.failures.fail_fast(),
    };
    let interrupted = tokio::select! {
        result = removal.run(names, &mut report) => { result?; None }
        signal = interrupt::signal() => Some(signal?),
    };
    Ok(match interrupted {
        Some(signal) => report.interrupted(signal),
        None => report.exit(),
    })
}

/// All that is below the root of a side, markers of folders included.
pub(super) async fn keys(side: &Side, filters: &Filters) -> Result<Vec<String>, Failure> {
    use futures::TryStreamExt as _;
    let Side::Bucket { bucket, root } = side else {
        return Ok(Vec::new());
    };
    let length = root.key().len();
    let names = bucket
        .list(root.key())
        .map_ok(|object| object.key[length..].to_owned())
        .try_filter(|name| std::future::ready(filters.take(name)));
    names
        .try_collect()
        .await
        .map_err(|error| fatal(error, "ListObjectsV2"))
}

/// Deleting on one side.
pub(super) struct Removal<'a> {
    pub(super) side: &'a Side,
    pub(super) dry_run: bool,
    /// Whether the first object that cannot be deleted ends the work; those that are asked for
    /// together with it are deleted.
    pub(super) fail_fast: bool,
}

impl Removal<'_> {
    /// Deletes files by their names, raw crashes first.
    pub(super) async fn run(
        &self,
        names: Vec<String>,
        report: &mut Report<'_>,
    ) -> Result<(), Failure> {
        let (first, then): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| is_raw_crash(name));
        for names in [first, then] {
            for names in names.chunks(BATCH) {
                self.batch(names, report).await?;
            }
        }
        Ok(())
    }

    async fn batch(&self, names: &[String], report: &mut Report<'_>) -> Result<(), Failure> {
        if self.dry_run {
            for name in names {
                report.done(&format!("delete: {}", self.side.shown(name)))?;
            }
            return Ok(());
        }
        let deleted = match self.side {
            Side::Local { root, .. } => names
                .iter()
                .map(|name| (name.clone(), fs::remove_file(file(root, name))))
                .map(|(name, outcome)| (name, outcome.map_err(|error| error.to_string())))
                .collect(),
            Side::Bucket { bucket, root } => {
                let keys: Vec<_> = names.iter().map(|name| self.side.key(name)).collect();
                match bucket.delete(keys).await {
                    Ok(deleted) => {
                        let length = root.key().len();
                        let name = |key: String| key.get(length..).unwrap_or_default().to_owned();
                        deleted
                            .into_iter()
                            .map(|(key, outcome)| (name(key), outcome))
                            .collect()
                    }
                    Err(error) => {
                        let said = said(error, "DeleteObjects");
                        names
                            .iter()
                            .map(|name| (name.clone(), Err(said.clone())))
                            .collect::<Vec<_>>()
                    }
                }
            }
        };
        let mut failed = false;
        for (name, outcome) in deleted {
            let shown = self.side.shown(&name);
            match outcome {
                Ok(()) => report.done(&format!("delete: {shown}"))?,
                Err(error) => {
                    failed = true;
                    report.failed(&Failure::verbatim(format!(
                        "delete failed: {shown} {error}"
                    )));
                }
            }
        }
        match failed && self.fail_fast {
            true => Err(not_done()),
            false => Ok(()),
        }
    }
}
