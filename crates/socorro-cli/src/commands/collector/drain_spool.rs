//! `socorro collector drain-spool`.

use std::sync::Arc;

use clap::Args;
use socorro_collector::{Collector, spool, throttle::Rules};
use socorro_queue::QueueOptions;

use super::Places;
use crate::{
    arguments::{PlaceArguments, Verify},
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
    let places = Places::open(&arguments.places, Verify::Fail, QueueOptions::default()).await?;
    if !places.spool.is_dir() {
        return Err(Failure::nothing_found(format!(
            "there is no spool {}",
            places.spool.display()
        )));
    }
    let collector = Collector::builder()
        .storage(Arc::clone(&places.storage))
        .queue(Arc::clone(&places.queue))
        .throttler(Arc::new(Rules::open()))
        .spool(spool::Options::new(&places.spool))
        .build()
        .await
        .map_err(|error| Failure::because("cannot use the spool", &error))?;
    let signals = Signals::watch()?;
    let drained = collector
        .drain_spool(arguments.quarantine, signals.stop())
        .await
        .map_err(|error| Failure::because("cannot empty the spool", &error))?;
    let spool::Drained {
        delivered,
        quarantined,
        remaining,
        ..
    } = drained;
    output.line(format_args!(
        "{delivered} delivered, {remaining} left, {quarantined} set aside"
    ))?;
    if let Some(signal) = signals.first() {
        return Ok(Exit::Interrupted(signal));
    }
    Ok(Exit::failure_if(remaining + quarantined > 0))
}
