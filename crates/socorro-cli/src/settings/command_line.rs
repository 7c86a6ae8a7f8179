//! Settings and the command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Arg, ArgMatches, Command,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use super::{
    Settings,
    definition::{Definition, Kind},
    origin::Origin,
};

/// Commands that take every setting as an option, to show what it would change.
const SHOW_ALL: (&str, [&str; 2]) = ("config", ["show", "check"]);

/// The options that say where settings are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FileOptions {
    pub(crate) config: Option<PathBuf>,
    pub(crate) env_files: Vec<PathBuf>,
}

impl FileOptions {
    /// Finds them among `words` that clap has found to be in order. It cannot be asked for them
    /// before settings are known: a required option may be missing until then.
    pub(crate) fn among(words: &[OsString]) -> Self {
        let mut found = Self::default();
        let mut words = words.iter().skip(1).take_while(|word| *word != "--");
        while let Some(word) = words.next() {
            let Some(word) = word.to_str() else { continue };
            let (option, value) = match word.split_once('=') {
                Some((option, value)) => (option, Some(PathBuf::from(value))),
                None => (word, None),
            };
            match option {
                "--config" => found.config = value.or_else(|| words.next().map(PathBuf::from)),
                "--env-file" => {
                    let file = value.or_else(|| words.next().map(PathBuf::from));
                    found.env_files.extend(file);
                }
                _ => {}
            }
        }
        found
    }
}

/// Gives the commands of [`SHOW_ALL`] all settings as options.
pub(crate) fn with_settings_as_options(program: Command, settings: &[Definition]) -> Command {
    let (parent, commands) = SHOW_ALL;
    let options: Vec<_> = settings
        .iter()
        .filter(|definition| !definition.is_global)
        .map(|definition| {
            definition
                .argument()
                .help_heading("Settings")
                .hide_short_help(true)
        })
        .collect();
    program.mut_subcommand(parent, |parent| {
        commands.into_iter().fold(parent, |parent, name| {
            parent.mut_subcommand(name, |command| command.args(options.clone()))
        })
    })
}

/// The program without any knowledge of the environment.
pub(crate) fn deaf(program: Command) -> Command {
    program
        .mut_args(|argument| argument.env(Resettable::Reset))
        .mut_subcommands(deaf)
}

/// The program with what settings say as defaults of its options.
fn told(program: Command, settings: &Settings) -> Command {
    program
        .mut_args(|argument| tell(argument, settings))
        .mut_subcommands(|command| told(command, settings))
}

fn tell(argument: Arg, settings: &Settings) -> Arg {
    let setting = argument.get_long().and_then(|option| settings.get(option));
    let Some(setting) = setting else {
        return argument;
    };
    // What the environment says was heard.
    let argument = argument.env(Resettable::Reset);
    if setting.origin == Origin::Default {
        return argument;
    }
    let takes_values = argument.get_action().takes_values();
    let argument = argument
        .required(false)
        .required_unless_present(Resettable::<clap::Id>::Reset)
        // It may hold a secret, and is not the default of the option.
        .hide_default_value(takes_values);
    argument.default_values(setting.values.clone())
}

/// What the command line says together with settings.
///
/// # Errors
///
/// When something is missing or wrong.
pub(crate) fn matches(
    program: Command,
    settings: &Settings,
    words: &[OsString],
) -> Result<ArgMatches, clap::Error> {
    let told = told(program, settings);
    let error = match told.clone().try_get_matches_from(words) {
        Ok(matches) => return Ok(matches),
        Err(error) => error,
    };
    // An option that needs another one does not see that its default comes from a setting.
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) => missing.as_slice(),
        _ => &[],
    };
    let is_set = |option: &String| {
        let name = option.trim_start_matches('-').split([' ', '=']).next();
        let setting = name.and_then(|name| settings.get(name));
        setting.is_some_and(|setting| setting.origin != Origin::Default)
    };
    if error.kind() == ErrorKind::MissingRequiredArgument && missing.iter().all(is_set) {
        return without_needs(told).try_get_matches_from(words);
    }
    Err(error)
}

/// The program with options that need no others.
fn without_needs(program: Command) -> Command {
    program
        .mut_args(|argument| argument.requires(Resettable::<clap::Id>::Reset))
        .mut_subcommands(without_needs)
}

impl Settings {
    /// Takes over what was given on the command line.
    pub(crate) fn take_options(&mut self, matches: &ArgMatches) {
        for setting in &mut self.settings {
            let definition = &setting.definition;
            let id = definition.argument().get_id().clone();
            let mut level = Some(matches);
            while let Some(matches) = level {
                let known = matches.try_contains_id(id.as_str()).unwrap_or(false);
                let source = known.then(|| matches.value_source(id.as_str())).flatten();
                if source == Some(ValueSource::CommandLine) {
                    let raw = matches.get_raw(id.as_str()).into_iter().flatten();
                    setting.values = match definition.kind {
                        Kind::Flag => vec!["true".into()],
                        _ => raw.map(ToOwned::to_owned).collect(),
                    };
                    setting.origin = Origin::Flag {
                        option: definition.option.clone(),
                    };
                }
                level = matches.subcommand().map(|(_, matches)| matches);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::variables::Variables, *};

    #[test]
    fn what_an_option_needs_may_come_from_a_setting() {
        let program = Command::new("program")
            .arg(Arg::new("queue").long("queue").env("TEST_OF_A_QUEUE"))
            .arg(
                Arg::new("publish")
                    .long("publish")
                    .action(clap::ArgAction::SetTrue)
                    .requires("queue"),
            );
        let words = ["program", "--publish"].map(OsString::from);
        let parsed = |given: &[(&str, &str)]| {
            let settings = Settings::resolved(
                Definition::all(&program),
                &Variables::given(&[given]),
                Vec::new(),
                Vec::new(),
                Vec::new(),
            );
            matches(program.clone(), &settings.unwrap(), &words)
        };
        let error = parsed(&[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
        let found = parsed(&[("TEST_OF_A_QUEUE", "x")]).unwrap();
        assert_eq!(
            found.get_one::<String>("queue").map(String::as_str),
            Some("x")
        );
    }

    #[test]
    fn secrets_are_in_no_debug_output() {
        let program = Command::new("program").arg(Arg::new("queue").long("queue").env("A_QUEUE"));
        let given: &[(&str, &str)] = &[("A_QUEUE", "sesame"), ("AWS_ACCESS_KEY_ID", "sesame")];
        let settings = Settings::resolved(
            Definition::all(&program),
            &Variables::given(&[given]),
            Vec::new(),
            Vec::new(),
            Vec::new(),
        );
        let shown = format!("{:?}", settings.unwrap());
        assert!(
            shown.contains("A_QUEUE") && !shown.contains("sesame"),
            "{shown}"
        );
    }

    #[test]
    fn files_with_settings_are_found_wherever_they_are_named() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let found = FileOptions::among(&words(
            "socorro --env-file a.env processor --config=x.toml --env-file=b.env -- --config y",
        ));
        assert_eq!(found.config, Some("x.toml".into()));
        assert_eq!(found.env_files, ["a.env", "b.env"].map(PathBuf::from));
        assert_eq!(
            FileOptions::among(&words("socorro config show")),
            FileOptions::default()
        );
    }
}
