//! `socorro s3 cat`.

use clap::Args;
use futures::TryStreamExt as _;

use super::{arguments::S3Arguments, failures::fatal, place};
use crate::{exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  ID=de1bb258-cbbf-4589-a673-34f800160918
  socorro s3 cat s3://dev-bucket/v1/processed_crash/$ID | jq .signature
  socorro s3 cat file:///srv/crashes/list-1.txt file:///srv/crashes/list-2.txt

`socorro storage cat processed CRASHID` finds the parts of a crash by itself, and can leave out
what is not public.";

/// Print objects as they are.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CatArguments {
    /// Which ones
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    #[command(flatten)]
    s3: S3Arguments,
}

pub(crate) async fn run(arguments: &CatArguments, output: &mut Output) -> Result<Exit, Failure> {
    let mut failed = false;
    for url in &arguments.urls {
        if let Err(failure) = print(url, &arguments.s3, output).await {
            failed = true;
            output.report(&failure);
        }
    }
    Ok(Exit::failure_if(failed))
}

/// Prints an object.
pub(crate) async fn print(url: &str, s3: &S3Arguments, output: &mut Output) -> Result<(), Failure> {
    let address = place::address(url, s3)?;
    let bucket = place::open(&address)?;
    let failed = |error| fatal(error, "GetObject");
    let mut fetched = bucket.get(address.key()).await.map_err(failed)?;
    while let Some(chunk) = fetched.content.try_next().await.map_err(failed)? {
        output.bytes(&chunk)?;
        if output.is_closed() {
            break;
        }
    }
    Ok(())
}
