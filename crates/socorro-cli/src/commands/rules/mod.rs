//! `socorro rules`: which rules and fields there are, and trying them.

mod catalog;
mod fields;
mod items;
mod list;
mod reference;
mod run;
mod show;
mod validate;

use clap::{Args, Subcommand, ValueEnum};

use crate::{exit::Exit, failure::Failure, output::Output};

/// Show the rules that make processed crashes and the fields they write, and try them.
#[derive(Debug, Args)]
pub(crate) struct RulesCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::ListArguments),
    Show(show::ShowArguments),
    Run(run::RunArguments),
    Fields(fields::FieldsArguments),
    Validate(validate::ValidateArguments),
}

/// How lists are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// Indented JSON
    Json,
    /// A reference page
    Markdown,
}

/// Which kind of document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum DocumentKind {
    /// What the pipeline makes of a report
    #[default]
    Processed,
    /// The annotations of a report
    Raw,
}

impl DocumentKind {
    fn schema(self) -> &'static socorro_core::schema::Schema {
        use socorro_core::schema::Schema;
        match self {
            Self::Processed => Schema::processed_crash(),
            Self::Raw => Schema::raw_crash(),
        }
    }

    /// What people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Processed => "processed crash",
            Self::Raw => "raw crash",
        }
    }
}

pub(crate) async fn run(command: &RulesCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::List(arguments) => list::run(arguments, output),
        Command::Show(arguments) => show::run(arguments, output),
        Command::Run(arguments) => run::run(arguments, output).await,
        Command::Fields(arguments) => fields::run(arguments, output),
        Command::Validate(arguments) => validate::run(arguments, output),
    }
}
