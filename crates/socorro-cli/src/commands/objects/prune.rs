//! `socorro storage prune`.

use std::{collections::BTreeSet, time::Duration};

use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use socorro_core::{
    CrashId, Environment,
    time::{self, Date, Timestamp},
};
use socorro_storage::{StorageOptions, bucket::ObjectAddress};

use super::{arguments::S3Arguments, failures::fatal, place};
use crate::{
    arguments::{FailureArguments, values},
    commands::storage::Deletion,
    exit::Exit,
    failure::Failure,
    interrupt,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro storage prune s3://dev-bucket/ --older-than 180d
  socorro storage prune file:///srv/crashes/ --older-than 26w --yes

Shows the crashes that are older, by the day in their ids; --yes deletes them with all their
parts, as `socorro storage delete` does. Objects that belong to no crash stay. The ids are in
memory. May be repeated, and run at any time.

Buckets can do that by themselves: a lifecycle rule costs less, where there are many crashes.";

/// How many crashes are deleted at the same time.
const CONCURRENT: usize = 4;

/// Delete crashes that are older than a time.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PruneArguments {
    /// Where the crashes are: s3://BUCKET[/PREFIX], file:///DIR
    #[arg(value_name = "URL")]
    url: String,
    /// How old a crash may be: 180d, 26w
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    older_than: Duration,
    /// Delete them, and do not only show them
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    failures: FailureArguments,
    #[command(flatten)]
    s3: S3Arguments,
}

pub(crate) async fn run(arguments: &PruneArguments, output: &mut Output) -> Result<Exit, Failure> {
    let address = place::address(&arguments.url, &arguments.s3)?;
    let first_kept = first_kept(Environment::system().now(), arguments.older_than);
    let ids = older(&address, first_kept).await?;
    let options = StorageOptions {
        create: false,
        ..StorageOptions::default()
    };
    let storage = socorro_storage::ObjectStorage::open(&address.of_bucket(), options)?;
    let storage = storage.below(address.key())?;
    let (storage, dry_run) = (&storage, !arguments.yes);
    let fail_fast = arguments.failures.fail_fast();
    let count = ids.len();
    let work = async {
        let mut failed = false;
        let mut deletions = stream::iter(ids)
            .map(|id| async move { (id, Deletion::of(storage, &id, dry_run).await) })
            .buffered(CONCURRENT);
        while let Some((id, result)) = deletions.next().await {
            match result {
                Ok(deletion) => {
                    failed |= !deletion.is_complete();
                    deletion.tell_text(id, output)?;
                }
                Err(error) => {
                    failed = true;
                    let failure = Failure::from(error);
                    output.report(&failure.within(format_args!("{id} was not deleted")));
                }
            }
            if failed && fail_fast {
                break;
            }
        }
        Ok::<_, Failure>(Exit::failure_if(failed))
    };
    let exit = tokio::select! {
        result = work => result?,
        signal = interrupt::signal() => Exit::Interrupted(signal?),
    };
    tracing::info!(count, dry_run, %first_kept, "pruned");
    Ok(exit)
}

/// The first day whose crashes are young enough.
fn first_kept(now: Timestamp, older_than: Duration) -> Date {
    let oldest = now.checked_sub(older_than).unwrap_or(Timestamp::MIN);
    time::date(oldest)
}

/// The crashes of earlier days, by any object that is left of them.
async fn older(address: &ObjectAddress, first_kept: Date) -> Result<BTreeSet<CrashId>, Failure> {
    let bucket = place::open(address)?;
    let below = super::side::as_folder(address.key());
    let mut ids = BTreeSet::new();
    // Today's keys, and those until 2022.
    for folder in ["v1/", "v2/"] {
        let prefix = format!("{below}{folder}");
        let mut objects = bucket.list(&prefix);
        let failed = |error| fatal(error, "ListObjectsV2");
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            let name = object.key.rsplit('/').next().unwrap_or_default();
            ids.extend(
                CrashId::parse(name)
                    .ok()
                    .filter(|id| id.date() < first_kept),
            );
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_as_long_as_any_of_it_is_young_enough() {
        let now = "2026-11-26T12:00:00Z".parse().unwrap();
        let day = Duration::from_secs(86_400);
        assert_eq!(first_kept(now, day).to_string(), "2026-11-25");
        assert_eq!(first_kept(now, day * 180).to_string(), "2026-05-30");
        let _ = first_kept(now, Duration::MAX);
    }
}
