//! `socorro storage check`.

use clap::Args;

use crate::{arguments::StorageArguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro storage check --storage file:///srv/crashes
  socorro storage check --storage 's3://crashes?endpoint=http://localhost:4566'";

/// Ask a storage for a sign of life; writes nothing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    storage: StorageArguments,
}

pub(crate) async fn run(arguments: &CheckArguments, output: &mut Output) -> Result<Exit, Failure> {
    let storage = arguments.storage.open().await?;
    output.line(format_args!("{storage} answers"))?;
    Ok(Exit::Success)
}
