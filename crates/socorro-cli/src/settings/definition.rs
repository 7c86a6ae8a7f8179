//! What can be set, read off the command line's own definition.

use std::{any::TypeId, path::PathBuf};

use clap::{Arg, ArgAction, Command, error::ContextKind, error::ContextValue};

use super::keys::Key;
use crate::failure::with_causes;

/// Options with a variable that say where settings are, and are none themselves.
const NO_SETTINGS: [&str; 2] = ["config", "env-file"];

/// A setting: an option that can also be given by an environment variable. To add one, give the
/// option a long name and an `env`; nothing else is to be done.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// The option, without its dashes.
    pub(crate) option: String,
    pub(crate) variable: String,
    pub(crate) key: Key,
    pub(crate) kind: Kind,
    /// What stands for the value in help texts.
    pub(crate) value_name: String,
    /// What it is for: one paragraph.
    pub(crate) purpose: String,
    /// What holds when nobody says anything, in words where it depends.
    pub(crate) default: Option<String>,
    /// Values to choose from, where there are only a few.
    pub(crate) choices: Vec<String>,
    /// The commands that know it.
    pub(crate) commands: Vec<String>,
    /// Whether all commands know it.
    pub(crate) is_global: bool,
    argument: Arg,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// On or off.
    Flag,
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A number with a unit, or bare.
    Quantity,
    /// Any number of texts.
    List,
    /// Any number of named texts.
    Table,
}

impl Definition {
    /// All settings of a program, by section, each as its first command has it.
    pub(crate) fn all(program: &Command) -> Vec<Self> {
        let mut found = Vec::new();
        visit(program, "", &mut found);
        found.sort_by_key(|definition| definition.key.order());
        found
    }

    fn of(argument: &Arg) -> Option<Self> {
        let option = argument.get_long()?.to_owned();
        let variable = argument.get_env()?.to_str()?.to_owned();
        if NO_SETTINGS.contains(&option.as_str()) {
            return None;
        }
        let value_names = argument.get_value_names().unwrap_or_default();
        let value_name = value_names
            .iter()
            .map(clap::builder::Str::as_str)
            .collect::<String>();
        let help = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let defaults = argument.get_default_values().iter();
        let default = defaults
            .map(|value| value.to_string_lossy())
            .collect::<Vec<_>>();
        // Defaults that depend on the machine are told in the help text.
        let (purpose, told) = match help.rsplit_once(" [default: ") {
            Some((purpose, told)) => (purpose.to_owned(), told.strip_suffix(']')),
            None => (help.clone(), None),
        };
        let choices = argument.get_possible_values();
        let key = Key::of(&option);
        let kind = kind(argument, &key, !choices.is_empty());
        Some(Self {
            key,
            kind,
            purpose,
            default: told
                .map(str::to_owned)
                .or_else(|| (kind != Kind::Flag && !default.is_empty()).then(|| default.join(","))),
            choices: choices
                .iter()
                .map(|choice| choice.get_name().to_owned())
                .collect(),
            commands: Vec::new(),
            is_global: argument.is_global_set(),
            argument: free(argument.clone()),
            option,
            variable,
            value_name,
        })
    }

    /// The option alone, which needs no other and excludes none.
    pub(crate) fn argument(&self) -> Arg {
        self.argument.clone()
    }

    /// The values that one text from the environment stands for.
    ///
    /// # Errors
    ///
    /// When it is to be on or off, and the text is neither.
    pub(crate) fn values(&self, text: &str) -> Result<Vec<String>, String> {
        match (self.kind, self.argument.get_value_delimiter()) {
            (Kind::Flag, _) => Ok(vec![boolean(text)?.to_string()]),
            (Kind::List | Kind::Table, Some(delimiter)) => Ok(text
                .split(delimiter)
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()),
            _ => Ok(vec![text.trim().to_owned()]),
        }
    }

    /// Whether the option takes a value, as the command line would.
    ///
    /// # Errors
    ///
    /// Why it does not. The message does not repeat the value.
    pub(crate) fn check(&self, value: &str) -> Result<(), String> {
        if self.kind == Kind::Flag {
            return boolean(value).map(|_| ());
        }
        let argument = self.argument();
        let written = format!("--{}={value}", self.option);
        let parsed = Command::new("check")
            .no_binary_name(true)
            .arg(argument)
            .try_get_matches_from([written]);
        let Err(error) = parsed else {
            return Ok(());
        };
        if !self.choices.is_empty() {
            let choices = self.choices.join(", ");
            return Err(match error.get(ContextKind::SuggestedValue) {
                Some(ContextValue::String(likely)) => {
                    format!("it is one of {choices}; did you mean {likely}?")
                }
                _ => format!("it is one of {choices}"),
            });
        }
        Err(std::error::Error::source(&error)
            .map_or_else(|| "it has to have a value".to_owned(), with_causes))
    }
}

fn visit(command: &Command, path: &str, found: &mut Vec<Definition>) {
    for argument in command.get_arguments() {
        let Some(definition) = Definition::of(argument) else {
            continue;
        };
        let position = found
            .iter()
            .position(|known| known.option == definition.option);
        let position = position.unwrap_or_else(|| {
            found.push(definition);
            found.len() - 1
        });
        found[position].commands.push(path.to_owned());
    }
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name();
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path} {name}")
        };
        visit(subcommand, &path, found);
    }
}

/// An option that stands on its own.
fn free(argument: Arg) -> Arg {
    use clap::{Id, builder::Resettable};

    argument
        .required(false)
        .required_unless_present(Resettable::<Id>::Reset)
        .requires(Resettable::<Id>::Reset)
        .conflicts_with(Resettable::<Id>::Reset)
        .env(Resettable::Reset)
        .global(false)
}

fn kind(argument: &Arg, key: &Key, has_choices: bool) -> Kind {
    let value = argument.get_value_parser().type_id();
    let is = |id: TypeId| value == id;
    let many = matches!(argument.get_action(), ArgAction::Append);
    if !argument.get_action().takes_values() {
        Kind::Flag
    } else if key.name.is_none() {
        Kind::Table
    } else if many || argument.get_value_delimiter().is_some() {
        Kind::List
    } else if is(TypeId::of::<u16>()) || is(TypeId::of::<u32>()) || is(TypeId::of::<usize>()) {
        Kind::Number
    } else if is(TypeId::of::<bool>()) {
        Kind::Flag
    } else if has_choices || is(TypeId::of::<String>()) || is(TypeId::of::<PathBuf>()) {
        Kind::Text
    } else {
        Kind::Quantity
    }
}

/// The forms of Socorro's settings.
fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" | "on" => Ok(true),
        "false" | "f" | "0" | "no" | "off" | "n" => Ok(false),
        _ => Err("it is true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Parser};

    use super::*;

    /// What a colleague adds: a long name and an `env`, nothing else.
    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        operations: Operations,
    }

    #[derive(Debug, Args)]
    struct Operations {
        /// Whether to look into everything
        #[arg(long, env = "SOCORRO_VERIFY_DEEP")]
        verify_deep: bool,
        /// How many at once [default: as many as fit]
        #[arg(
            long,
            value_name = "N",
            env = "SOCORRO_AT_ONCE",
            requires = "verify_deep"
        )]
        at_once: Option<u16>,
        /// Who is told
        #[arg(long, value_name = "WHOM", env = "SOCORRO_TELL", value_delimiter = ',')]
        tell: Vec<String>,
        /// No setting
        #[arg(long)]
        once: bool,
    }

    fn definition(option: &str) -> Definition {
        let all = Definition::all(&<Program as clap::CommandFactory>::command());
        assert_eq!(all.len(), 3);
        all.into_iter()
            .find(|definition| definition.option == option)
            .unwrap()
    }

    #[test]
    fn an_option_with_a_variable_is_a_setting_without_further_work() {
        let deep = definition("verify-deep");
        assert_eq!(
            (deep.key.to_string().as_str(), deep.kind),
            ("verify.deep", Kind::Flag)
        );
        assert_eq!(
            (deep.variable.as_str(), deep.default),
            ("SOCORRO_VERIFY_DEEP", None)
        );
        let at_once = definition("at-once");
        assert_eq!(at_once.key.to_string(), "processor.at_once");
        assert_eq!(at_once.kind, Kind::Number);
        assert_eq!(at_once.default.as_deref(), Some("as many as fit"));
        assert_eq!(at_once.purpose, "How many at once");
        assert_eq!(definition("tell").kind, Kind::List);
    }

    #[test]
    fn values_are_taken_as_the_command_line_takes_them() {
        let at_once = definition("at-once");
        assert_eq!(at_once.check("8"), Ok(()));
        assert!(at_once.check("many").unwrap_err().contains("digit"));
        assert!(at_once.check("70000").unwrap_err().contains("0..=65535"));
    }

    #[test]
    fn booleans_and_lists_have_the_forms_of_socorros_settings() {
        let deep = definition("verify-deep");
        for text in ["true", "T", "1", "Yes", "y", "ON"] {
            assert_eq!(deep.values(text), Ok(vec!["true".to_owned()]), "{text}");
        }
        for text in ["false", "F", "0", "no", "N", "off"] {
            assert_eq!(deep.values(text), Ok(vec!["false".to_owned()]), "{text}");
        }
        assert!(deep.values("2").is_err());
        assert!(deep.values("").is_err());
        let items = definition("tell").values(" a, b ,,c");
        assert_eq!(items, Ok(["a", "b", "c"].map(str::to_owned).to_vec()));
    }
}
