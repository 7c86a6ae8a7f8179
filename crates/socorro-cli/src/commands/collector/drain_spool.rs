//! `socorro collector drain-spool`.

use clap::Args;

use super::{Receiver, places_of};
use crate::{
    arguments::{CollectorArguments, PlaceArguments, Verify},
    commands::processor::Signals,
    exit::Exit,
    failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro collector drain-spool
  socorro collector drain-spool --spool /var/lib/socorro/spool --storage s3://crashes --queue sqs://
  socorro collector drain-spool --quarantine

A collector does the same by itself all the time; this is for a spool that is left over, while no
collector works with it. What cannot be stored or published stays in the spool.

Exit code 0: the spool is empty. Exit code 1: something is left.";

/// Store and publish what is in a spool.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DrainSpoolArguments {
    #[command(flatten)]
    places: PlaceArguments,
    /// Try again what was set aside because it cannot be stored
    #[arg(long)]
    quarantine: bool,
}

pub(super) async fn run(
    arguments: &DrainSpoolArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let places = places_of(&arguments.places, Default::default()).await?;
    let receiver = Receiver::to_drain(&places).await?;
    let signals = Signals::watch()?;
    let drained = receiver
        .collector()
        .drain_spool(arguments.quarantine, signals.stop())
        .await
        .map_err(|error| Failure::because("cannot empty the spool", &error))?;
    output.line(format_args!("{drained:?}"))?;
    Ok(Exit::Success)
}
