//! `socorro storage create`.

use clap::Args;

use crate::{arguments::StorageArguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro storage create --storage file:///srv/crashes
  socorro storage create --storage 's3://dev-bucket?endpoint=http://localhost:4566&region=us-east-1'

A bucket of Google is made in the project that STORAGE_PROJECT_ID or GOOGLE_CLOUD_PROJECT names.
Expiry, encryption and who may read a bucket are up to its owner. May be repeated.";

/// Make the bucket or the directory of a storage, if it is not there.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    storage: StorageArguments,
}

pub(crate) async fn run(arguments: &CreateArguments, output: &mut Output) -> Result<Exit, Failure> {
    let (storage, is_new) = arguments.storage.create().await?;
    let made = if is_new { "was made" } else { "was there" };
    output.line(format_args!("{storage} {made}"))?;
    Ok(Exit::Success)
}
