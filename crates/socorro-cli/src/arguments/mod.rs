//! What can be said on the command line, as far as commands share it.

mod destinations;
mod operations;
mod permissions;
mod queue;
mod rulesets;
mod signature;
mod stackwalk;
mod storage;
pub(crate) mod values;

use std::env;

use clap::{ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};

use crate::commands;

pub(crate) use destinations::DestinationArguments;
pub(crate) use operations::{OperationsArguments, listen_address};
pub(crate) use permissions::PermissionArguments;
pub(crate) use queue::{QueueArguments, open as open_queue};
pub(crate) use rulesets::RulesetArguments;
#[cfg(unix)]
pub(crate) use signature::warn_of_empty_lists;
pub(crate) use signature::{Grouping, SignatureArguments, generator};
pub(crate) use stackwalk::WalkArguments;
pub(crate) use storage::StorageArguments;

const EXAMPLES: &str = "\
Examples:
  socorro stackwalk crash.dmp --symbols ./symbols
  socorro process crash.dmp --annotations raw_crash.json --summary
  socorro signature processed_crash.json
  socorro rules list

  export SOCORRO_STORAGE=file:///srv/crashes SOCORRO_QUEUE=sqlite:///srv/queue.sqlite
  socorro storage put-crash crash.dmp --annotations raw_crash.json | socorro queue publish -
  socorro processor --symbols ./symbols --drain

`socorro COMMAND --help` tells more. Results go to standard output, everything else to standard
error. Exit codes: 0 done, 1 something failed, 2 called wrongly, 128 + N ended by signal N.";

/// Turns crash reports into symbolicated stacks and signatures.
#[derive(Debug, Parser)]
#[command(name = "socorro", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: commands::Command,
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_display_order = 900)]
pub(crate) struct GlobalArguments {
    /// Log more; repeat for still more. RUST_LOG decides alone where it is set
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log less; repeat for nothing at all
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "verbose")]
    pub(crate) quiet: u8,
    /// How the log on standard error is written
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub(crate) log_format: LogFormat,
    /// When to use colour; `auto` looks for a terminal and respects NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// How the log is written: lines for people, or a JSON object on each line, flat or in the form of
/// Mozilla's services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
    Mozlog,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to use colour on something that is, or is not, a terminal.
    pub(crate) fn fits(self, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
                is_terminal && !no_color && !dumb
            }
        }
    }
}

impl Arguments {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    ///
    /// When they make no sense, and when help or version were asked for.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let mut command = completed(Self::command());
        let matches = command.try_get_matches_from_mut(env::args_os())?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }
}

/// Adds what holds for all commands: names may be written with underscores, and an environment
/// variable that is set to nothing counts as not set.
fn completed(command: Command) -> Command {
    let name = command.get_name();
    let command = if name.contains('-') {
        let alias = name.replace('-', "_");
        command.alias(alias)
    } else {
        command
    };
    command
        .mut_args(|argument| {
            let empty = argument
                .get_env()
                .and_then(env::var_os)
                .is_some_and(|value| value.is_empty());
            if empty {
                argument.env(None::<&'static str>)
            } else {
                argument
            }
        })
        .mut_subcommands(completed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        completed(Arguments::command()).debug_assert();
    }

    #[test]
    fn every_command_has_examples_or_subcommands() {
        fn check(command: &Command) {
            let has_help = command.get_after_help().is_some() || command.has_subcommands();
            assert!(has_help, "{} has no examples", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
