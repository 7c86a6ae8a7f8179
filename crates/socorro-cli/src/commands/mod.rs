//! The subcommands, a file or folder each: read arguments, call the libraries, print.

mod config;
mod doctor;
mod healthcheck;
mod process;
mod processor;
mod queue;
mod rules;
mod show;
mod signature;
mod stackwalk;
mod storage;
mod symbols;

use clap::Subcommand;

use crate::{exit::Exit, failure::Failure, output::Output, settings::Settings};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Stackwalk(stackwalk::StackwalkArguments),
    Process(process::ProcessArguments),
    Show(show::ShowArguments),
    Processor(Box<processor::ProcessorArguments>),
    Signature(signature::SignatureCommand),
    Rules(rules::RulesCommand),
    Queue(queue::QueueCommand),
    Storage(storage::StorageCommand),
    Symbols(symbols::SymbolsCommand),
    Config(config::ConfigCommand),
    Doctor(doctor::DoctorArguments),
    Healthcheck(healthcheck::HealthcheckArguments),
}

impl Command {
    /// Whether this goes on without anybody waiting for a certain result, so that its log is what
    /// there is to see.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self, Self::Processor(arguments) if arguments.is_service())
    }

    /// Whether it only looks at settings.
    pub(crate) fn is_about_settings(&self) -> bool {
        matches!(self, Self::Config(_))
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
            Self::Signature(command) => signature::run(command, output),
            Self::Rules(command) => rules::run(command, output).await,
            Self::Queue(command) => queue::run(command, output).await,
            Self::Storage(command) => storage::run(command, output).await,
            Self::Symbols(command) => symbols::run(command, output).await,
            Self::Config(command) => config::run(command, settings, output),
            Self::Doctor(arguments) => doctor::run(arguments, settings, output).await,
            Self::Healthcheck(arguments) => healthcheck::run(arguments, output).await,
        }
    }
}
