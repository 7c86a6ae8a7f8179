//! What can be said on the command line, as far as commands share it.

mod collector;
#[cfg(feature = "crash-stats")]
mod crash_stats;
mod destinations;
mod failures;
mod operations;
mod permissions;
mod queue;
mod rulesets;
mod signature;
mod stackwalk;
mod storage;
mod symbols;
pub(crate) mod values;
mod walkers;

use std::{env, ffi::OsString, path::PathBuf};

use clap::{
    ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum,
    error::ErrorKind,
};

use crate::{
    commands,
    failure::Failure,
    settings::{self, Definition, FileOptions, Settings},
};

pub(crate) use collector::{
    Bind, ClientArguments, CollectorArguments, PlaceArguments, SpoolMode, UploadArguments, Verify,
};
#[cfg(feature = "crash-stats")]
pub(crate) use crash_stats::{HostArguments, TokenArguments};
pub(crate) use destinations::{DestinationArguments, check as check_destination};
pub(crate) use failures::FailureArguments;
pub(crate) use operations::{MetricsArguments, OperationsArguments, listen_address, reachable};
pub(crate) use permissions::{PermissionArguments, Permissions};
#[cfg(feature = "pubsub")]
pub(crate) use queue::LOOKED_AT;
pub(crate) use queue::{
    QueueArguments, check_address as check_queue_address, create as create_queue,
    open as open_queue,
};
pub(crate) use rulesets::{RulesetArguments, check_version_service};
#[cfg(unix)]
pub(crate) use signature::warn_of_empty_lists;
pub(crate) use signature::{Grouping, SignatureArguments, generator};
#[cfg(unix)]
pub(crate) use stackwalk::WALKER_CHILD;
pub(crate) use stackwalk::WalkArguments;
pub(crate) use storage::{
    OptionalStorageArguments, StorageArguments, check_address as check_storage_address,
    create as create_storage, open as open_storage,
};
pub(crate) use symbols::{
    CacheArguments, SymbolArguments, SymbolTree, check_symbols, source as symbol_source,
};
pub(crate) use walkers::WalkerArguments;

const EXAMPLES: &str = "\
Examples:
  socorro stackwalk crash.dmp --symbols ./symbols
  socorro process crash.dmp --annotations raw_crash.json --summary
  socorro show processed_crash.json --html crash.html
  socorro signature processed_crash.json
  socorro rules list

  export SOCORRO_STORAGE=file:///srv/crashes SOCORRO_QUEUE=sqlite:///srv/queue.sqlite
  socorro storage put-crash crash.dmp --annotations raw_crash.json | socorro queue publish -
  socorro processor --symbols ./symbols --drain
  socorro show de1bb258-cbbf-4589-a673-34f800160918

Every option that has a variable can be set in socorro.toml, too: `socorro config example`.
`socorro COMMAND --help` tells more. Results go to standard output, everything else to standard
error.

Exit codes: 0 all done, 1 something failed (of many items some did), 2 called wrongly, 3 nothing was
found where that matters, 128 + N ended by signal N (130: interrupted).";

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
    /// Read settings from this file [default: socorro.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE.toml", env = "SOCORRO_CONFIG")]
    config: Option<PathBuf>,
    /// Read variables from this file of NAME=value lines, as if they were set; may be repeated, and
    /// the last one counts first. my.env is read in any case, if it is there
    #[arg(long, global = true, value_name = "FILE", action = ArgAction::Append)]
    env_file: Vec<PathBuf>,
    /// What the log tells, before -v and -q [default: info for services, else warning]
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "LEVEL",
        env = "SOCORRO_LOG_LEVEL"
    )]
    pub(crate) log_level: Option<LogLevel>,
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
        value_name = "FORMAT",
        env = "SOCORRO_LOG_FORMAT"
    )]
    pub(crate) log_format: LogFormat,
    /// When to use colour; `auto` looks for a terminal and respects NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// What the log tells. The names are those of Socorro's settings, and the usual other ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    #[value(alias = "critical")]
    Error,
    #[value(alias = "warn")]
    Warning,
    Info,
    Debug,
    Trace,
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

/// Why a command line is not followed.
pub(crate) enum Unreadable {
    /// It makes no sense by itself, or asked for help or the version.
    Words(clap::Error),
    /// Settings cannot be used.
    Settings(Failure),
}

impl From<clap::Error> for Unreadable {
    fn from(error: clap::Error) -> Self {
        Self::Words(error)
    }
}

impl Arguments {
    /// Reads the command line, the environment and files with settings.
    ///
    /// # Errors
    ///
    /// When they make no sense, and when help or version were asked for.
    pub(crate) fn read() -> Result<(Self, Settings), Unreadable> {
        let words: Vec<OsString> = env::args_os().collect();
        let definitions = Definition::all(&Self::command());
        let program = settings::with_settings_as_options(completed(Self::command()), &definitions);
        understand(&program, &words)?;
        let options = FileOptions::among(&words);
        let mut settings = Settings::load(definitions, &options).map_err(Unreadable::Settings)?;
        settings.check_given().map_err(Unreadable::Settings)?;
        let mut shown = program.clone();
        let matches = settings::matches(program, &settings, &words)?;
        let arguments =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut shown))?;
        settings.take_options(&matches);
        Ok((arguments, settings))
    }
}

/// Finds out whether the words by themselves are in order, apart from what settings may add, so
/// that help is there for somebody whose settings are broken.
fn understand(program: &Command, words: &[OsString]) -> Result<(), clap::Error> {
    let checked = settings::deaf(program.clone()).try_get_matches_from(words);
    match checked {
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
        Err(error) if error.use_stderr() => Err(error),
        // Help tells the variables.
        Err(error) => Err(program
            .clone()
            .try_get_matches_from(words)
            .err()
            .unwrap_or(error)),
        Ok(_) => Ok(()),
    }
}

/// The program with all its commands, for what describes it.
pub(crate) fn program() -> Command {
    completed(Arguments::command())
}

/// All settings.
#[cfg(test)]
pub(crate) fn definitions() -> Vec<Definition> {
    Definition::all(&Arguments::command())
}

/// Adds what holds for all commands: names may be written with underscores, and an environment
/// variable that is set to nothing counts as not set.
fn completed(command: Command) -> Command {
    let names = command.get_all_aliases().chain([command.get_name()]);
    let underscored: Vec<String> = names
        .filter(|name| name.contains('-'))
        .map(|name| name.replace('-', "_"))
        .collect();
    let command = command.aliases(underscored);
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
    fn every_setting_has_one_key_and_every_key_one_setting() {
        let all = definitions();
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                assert_ne!(one.key, other.key);
                assert_ne!(
                    one.variable, other.variable,
                    "{} and {}",
                    one.option, other.option
                );
                let whole = one.key.name.is_none() || other.key.name.is_none();
                assert!(
                    !whole || one.key.section != other.key.section,
                    "{}",
                    one.key
                );
            }
        }
    }

    #[test]
    fn an_option_has_the_same_variable_in_every_command() {
        fn check(command: &Command, all: &[Definition]) {
            for argument in command.get_arguments() {
                let named = all
                    .iter()
                    .find(|known| Some(&*known.option) == argument.get_long());
                if let Some(known) = named {
                    let variable = argument.get_env().and_then(|name| name.to_str());
                    let (command, option) = (command.get_name(), &known.option);
                    assert_eq!(variable, Some(&*known.variable), "{command} --{option}");
                }
            }
            for command in command.get_subcommands() {
                check(command, all);
            }
        }
        check(&Arguments::command(), &definitions());
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
