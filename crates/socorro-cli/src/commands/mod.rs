//! The subcommands, a file or folder each: read arguments, call the libraries, print.

mod collector;
mod completions;
mod config;
mod doctor;
#[cfg(feature = "crash-stats")]
mod fetch_crash_data;
#[cfg(feature = "crash-stats")]
mod fetch_crashids;
#[cfg(feature = "crash-stats")]
mod fetch_missing;
mod healthcheck;
mod man;
mod objects;
mod process;
#[cfg(feature = "crash-stats")]
mod process_crashes;
mod processor;
mod pubsub;
mod queue;
#[cfg(feature = "crash-stats")]
mod reprocess;
mod rules;
mod setup;
mod show;
mod signature;
mod sqs;
mod stackwalk;
mod storage;
#[cfg(feature = "submit")]
mod submit;
mod symbols;
mod up;
mod waitfor;

use std::fs::File;

use clap::Subcommand;

#[cfg(feature = "demo")]
pub(crate) use up::take_over_in_child;

use crate::{
    arguments::CollectorArguments, exit::Exit, failure::Failure, output::Output, settings::Settings,
};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Stackwalk(stackwalk::StackwalkArguments),
    Process(process::ProcessArguments),
    Show(show::ShowArguments),
    Processor(Box<processor::ProcessorArguments>),
    Collector(Box<collector::CollectorCommand>),
    Up(Box<up::UpArguments>),
    #[cfg(feature = "crash-stats")]
    FetchCrashids(fetch_crashids::FetchCrashidsArguments),
    #[cfg(feature = "crash-stats")]
    FetchCrashData(fetch_crash_data::FetchCrashDataArguments),
    #[cfg(feature = "crash-stats")]
    ProcessCrashes(Box<process_crashes::ProcessCrashesArguments>),
    #[cfg(feature = "crash-stats")]
    Reprocess(reprocess::ReprocessArguments),
    #[cfg(feature = "crash-stats")]
    FetchMissing(fetch_missing::FetchMissingArguments),
    Signature(signature::SignatureCommand),
    Rules(rules::RulesCommand),
    Queue(queue::QueueCommand),
    Pubsub(pubsub::PubsubCommand),
    Sqs(sqs::SqsCommand),
    #[cfg(feature = "submit")]
    Submit(submit::SubmitArguments),
    Storage(storage::StorageCommand),
    S3(objects::S3Command),
    Gcs(objects::GcsCommand),
    Symbols(symbols::SymbolsCommand),
    Setup(setup::SetupArguments),
    Config(config::ConfigCommand),
    Doctor(doctor::DoctorArguments),
    Healthcheck(healthcheck::HealthcheckArguments),
    Waitfor(waitfor::WaitforArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

impl Command {
    /// Whether this goes on without anybody waiting for a certain result, so that its log is what
    /// there is to see.
    pub(crate) fn is_service(&self) -> bool {
        match self {
            Self::Processor(arguments) => arguments.is_service(),
            Self::Collector(command) => command.is_service(),
            Self::Up(_) => true,
            _ => false,
        }
    }

    /// How reports are taken, where they are.
    pub(crate) fn collector(&self) -> Option<&CollectorArguments> {
        match self {
            Self::Collector(command) => Some(command.collector()),
            Self::Up(arguments) => Some(arguments.collector()),
            _ => None,
        }
    }

    /// The file for a log besides that on standard error, if one is wanted.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(crate) fn log_file(&self) -> Result<Option<File>, Failure> {
        match self {
            Self::Stackwalk(arguments) => arguments.log_file(),
            _ => Ok(None),
        }
    }

    /// Whether it only looks at settings.
    pub(crate) fn is_about_settings(&self) -> bool {
        matches!(self, Self::Config(_) | Self::Completions(_) | Self::Man(_))
    }

    /// Whether it tells by itself what is worth knowing about settings.
    pub(crate) fn tells_remarks(&self) -> bool {
        matches!(self, Self::Config(_) | Self::Doctor(_))
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// What kept it from being done; the caller tells the user.
    pub(crate) async fn run(
        &self,
        settings: &Settings,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        match self {
            Self::Stackwalk(arguments) => stackwalk::run(arguments, output).await,
            Self::Process(arguments) => process::run(arguments, output).await,
            Self::Show(arguments) => show::run(arguments, output).await,
            Self::Processor(arguments) => processor::run(arguments, output).await,
            Self::Collector(command) => collector::run(command, output).await,
            Self::Up(arguments) => up::run(arguments, output).await,
            #[cfg(feature = "crash-stats")]
            Self::FetchCrashids(arguments) => fetch_crashids::run(arguments, output).await,
            #[cfg(feature = "crash-stats")]
            Self::FetchCrashData(arguments) => fetch_crash_data::run(arguments, output).await,
            #[cfg(feature = "crash-stats")]
            Self::ProcessCrashes(arguments) => process_crashes::run(arguments, output).await,
            #[cfg(feature = "crash-stats")]
            Self::Reprocess(arguments) => reprocess::run(arguments, settings, output).await,
            #[cfg(feature = "crash-stats")]
            Self::FetchMissing(arguments) => fetch_missing::run(arguments, output).await,
            Self::Signature(command) => signature::run(command, output),
            Self::Rules(command) => rules::run(command, output).await,
            Self::Queue(command) => queue::run(command, output).await,
            Self::Pubsub(command) => pubsub::run(command, settings, output).await,
            Self::Sqs(command) => sqs::run(command, settings, output).await,
            #[cfg(feature = "submit")]
            Self::Submit(arguments) => submit::run(arguments, output).await,
            Self::Storage(command) => storage::run(command, output).await,
            Self::S3(command) => objects::run(command, output).await,
            Self::Gcs(command) => objects::gcs(command, output).await,
            Self::Symbols(command) => symbols::run(command, output).await,
            Self::Setup(arguments) => setup::run(arguments, output).await,
            Self::Config(command) => config::run(command, settings, output),
            Self::Doctor(arguments) => doctor::run(arguments, settings, output).await,
            Self::Healthcheck(arguments) => healthcheck::run(arguments, output).await,
            Self::Waitfor(arguments) => waitfor::run(arguments, output).await,
            Self::Completions(arguments) => completions::run(arguments, output),
            Self::Man(arguments) => man::run(arguments, output),
        }
    }
}
