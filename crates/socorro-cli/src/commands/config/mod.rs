//! `socorro config`: which settings there are, and what they are set to.

mod check;
mod example;
mod reference;
mod show;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure, output::Output, settings::Settings};

/// Show settings and where they come from, check them, print an example.
#[derive(Debug, Args)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::ShowArguments),
    Check(check::CheckArguments),
    Example(example::ExampleArguments),
    Reference(reference::ReferenceArguments),
}

pub(crate) fn run(
    command: &ConfigCommand,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match &command.command {
        Command::Show(arguments) => show::run(arguments, settings, output),
        Command::Check(arguments) => check::run(arguments, settings, output),
        Command::Example(arguments) => example::run(arguments, settings, output),
        Command::Reference(arguments) => reference::run(arguments, settings, output),
    }
}
