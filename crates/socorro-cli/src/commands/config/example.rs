//! `socorro config example`.

use std::fmt::Write as _;

use clap::Args;

use crate::{
    exit::Exit,
    failure::Failure,
    output::Output,
    settings::{Definition, Kind, SECTIONS, Section, Settings},
};

const EXAMPLES: &str = "\
Examples:
  socorro config example > socorro.toml
  socorro config check --config socorro.toml";

/// What stands at the top of the file.
const TOP: &str = "\
# Settings of socorro: every setting, with its default or an example. Take away the # before what
# you set. It is read from ./socorro.toml, from the file that SOCORRO_CONFIG names, or from that
# of --config. Options on the command line and variables count before it.
";

/// Values for settings without a default of their own.
const VALUES: [(&str, &str); 17] = [
    ("storage", "s3://crashes?region=us-west-2"),
    ("endpoint-url", "http://localhost:4566"),
    ("region", "us-west-2"),
    ("queue", "sqlite:///srv/socorro/queue.sqlite"),
    ("destination", "copy=file:///mnt/copy;optional"),
    (
        "destination-header",
        "copy=Authorization=env:COPY_AUTHORIZATION",
    ),
    ("workers", "8"),
    ("walkers", "8"),
    ("frames", "500"),
    ("symbols", "https://symbols.mozilla.org/"),
    (
        "version-service",
        "https://crash-stats.mozilla.org/api/VersionString/",
    ),
    ("forbidden", "RemoteType"),
    ("trusted-proxy", "10.0.0.0/8"),
    ("report-token", "0123456789abcdef0123456789abcdef"),
    (
        "view-url",
        "https://crashes.example.org/report/index/{crash_id}",
    ),
    ("rulesets", "/etc/socorro/rulesets.toml"),
    ("log-level", "info"),
];
/// The same for whatever is written like this in help texts.
const VALUES_BY_FORM: [(&str, &str); 12] = [
    ("URL", "https://example.org/"),
    ("DIR", "/srv/socorro"),
    ("FILE", "/srv/socorro/file"),
    ("TIME", "5m"),
    ("RATE", "60/m"),
    ("SIZE", "1gib"),
    ("N", "4"),
    ("ADDR", "127.0.0.1:8001"),
    ("HOST", "localhost"),
    ("PORT", "8125"),
    ("TOKEN", "0123456789abcdef0123456789abcdef"),
    ("DSN", "https://key@sentry.example.org/1"),
];

/// Print a configuration file with all settings and what they are for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExampleArguments {}

pub(super) fn run(
    _: &ExampleArguments,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let definitions: Vec<_> = settings
        .all()
        .iter()
        .map(|setting| &setting.definition)
        .collect();
    output.line(page(&definitions).trim_end())?;
    Ok(Exit::Success)
}

/// The file. Lines that begin with `#` and no blank are those to take the `#` away from.
fn page(definitions: &[&Definition]) -> String {
    let mut page = TOP.to_owned();
    for section in SECTIONS {
        let mut here = definitions
            .iter()
            .filter(|known| known.key.section == section.name);
        let Some(first) = here.next() else { continue };
        // Writing to a string cannot fail.
        let _ = write!(page, "\n{}", section_line(&section));
        for definition in std::iter::once(first).chain(here) {
            let _ = writeln!(page, "\n# {}", told(definition));
            for line in assignment(definition, &sample(definition)).lines() {
                let _ = writeln!(page, "#{line}");
            }
        }
    }
    page
}

/// The purpose, the choices and the other names of a setting.
fn told(definition: &Definition) -> String {
    let mut told = definition.purpose.replace('\n', " ");
    if !definition.choices.is_empty() {
        let _ = write!(told, ": {}", definition.choices.join(", "));
    }
    if let Some(default) = &definition.default {
        let _ = write!(told, ". Default: {default}");
    }
    let _ = write!(told, ". --{}, {}", definition.option, definition.variable);
    textwrap(&told)
}

/// Lines of a comment, at most 100 characters each.
fn textwrap(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 98 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n# ")
}

/// A value that the setting could have: its default where that is one.
fn sample(definition: &Definition) -> Vec<String> {
    let fits = |value: &&str| !value.is_empty() && definition.check(value).is_ok();
    let by_option = VALUES
        .iter()
        .find(|(option, _)| *option == definition.option);
    let form = definition
        .value_name
        .split(|character: char| !character.is_alphabetic())
        .next();
    let by_form = VALUES_BY_FORM
        .iter()
        .find(|(known, _)| Some(*known) == form);
    let candidates = [
        // One that depends on the machine is told in words.
        definition
            .default
            .as_deref()
            .filter(|default| !default.contains(' ')),
        by_option.map(|(_, value)| *value),
        definition.choices.first().map(String::as_str),
        by_form.map(|(_, value)| *value),
        (definition.kind == Kind::Flag).then_some("true"),
    ];
    let value = candidates.into_iter().flatten().find(fits);
    vec![value.unwrap_or("…").to_owned()]
}

/// `[section]` with what it is about.
pub(super) fn section_line(section: &Section) -> String {
    format!("# {}\n[{}]\n", section.about, section.name)
}

/// The lines that set a setting.
pub(super) fn assignment(definition: &Definition, values: &[String]) -> String {
    let Some(key) = &definition.key.name else {
        let entries = values.iter().filter_map(|value| value.split_once('='));
        return entries
            .map(|(name, value)| format!("{name} = {}\n", quoted(value)))
            .collect();
    };
    let first = values.first().map(String::as_str).unwrap_or_default();
    let value = match definition.kind {
        Kind::Flag | Kind::Number => first.to_owned(),
        Kind::List | Kind::Table => {
            let items = values.iter().map(|value| quoted(value)).collect::<Vec<_>>();
            format!("[{}]", items.join(", "))
        }
        Kind::Text | Kind::Quantity => quoted(first),
    };
    format!("{key} = {value}\n")
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_sample_that_can_be_used() {
        for definition in crate::arguments::definitions() {
            let samples = sample(&definition);
            assert_ne!(
                samples,
                ["…"],
                "--{} needs a row in VALUES",
                definition.option
            );
        }
    }

    #[test]
    fn texts_are_quoted_as_toml_wants_it() {
        assert_eq!(quoted("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000A\"");
    }
}
