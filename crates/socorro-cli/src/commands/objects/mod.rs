//! `socorro s3`, `socorro storage` and `socorro gcs`: buckets, and objects by their keys.
//!
//! One set of commands for all kinds of buckets and for directories, in the forms of `aws s3`: the
//! same words, the same lines on standard output.

mod arguments;
mod buckets;
mod cat;
mod compare;
mod copy;
mod du;
mod failures;
mod filters;
mod gcs;
mod local;
mod ls;
mod place;
mod prune;
mod report;
mod rm;
mod shown;
mod side;
mod sync;
mod transfer;

use clap::{Args, Subcommand};

pub(crate) use self::{
    arguments::S3Arguments,
    cat::print as cat,
    gcs::{GcsCommand, run as gcs},
    place::is_address,
};
use super::storage;
use crate::{exit::Exit, failure::Failure, output::Output};

/// Look after buckets and what is in them, as `aws s3` does: s3://, gs://, az:// and file:///.
#[derive(Debug, Args)]
pub(crate) struct S3Command {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Objects(ObjectCommand),
    Cat(cat::CatArguments),
    Verify(storage::VerifyArguments),
    Delete(storage::DeleteArguments),
}

/// What `socorro s3` and `socorro storage` have in common.
#[derive(Debug, Subcommand)]
pub(crate) enum ObjectCommand {
    Mb(buckets::MbArguments),
    Rb(buckets::RbArguments),
    Ls(ls::LsArguments),
    Cp(copy::CpArguments),
    Mv(copy::MvArguments),
    Sync(sync::SyncArguments),
    Rm(rm::RmArguments),
    Du(du::DuArguments),
    Prune(prune::PruneArguments),
}

impl ObjectCommand {
    pub(crate) async fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        match self {
            Self::Mb(arguments) => buckets::make(arguments, output).await,
            Self::Rb(arguments) => buckets::remove(arguments, output).await,
            Self::Ls(arguments) => ls::run(arguments, output).await,
            Self::Cp(arguments) => copy::cp(arguments, output).await,
            Self::Mv(arguments) => copy::mv(arguments, output).await,
            Self::Sync(arguments) => sync::run(arguments, output).await,
            Self::Rm(arguments) => rm::run(arguments, output).await,
            Self::Du(arguments) => du::run(arguments, output).await,
            Self::Prune(arguments) => prune::run(arguments, output).await,
        }
    }
}

pub(crate) async fn run(command: &S3Command, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::Objects(command) => command.run(output).await,
        Command::Cat(arguments) => cat::run(arguments, output).await,
        Command::Verify(arguments) => storage::verify(arguments, output).await,
        Command::Delete(arguments) => storage::delete(arguments, output).await,
    }
}
