//! `socorro config reference`.

use std::fmt::Write as _;

use clap::Args;

use crate::{
    exit::Exit,
    failure::Failure,
    output::Output,
    settings::{Definition, Meaning, ROWS, SECTIONS, Settings},
};

const EXAMPLES: &str = "\
Examples:
  socorro config reference > configuration.md";

const INTRODUCTION: &str = include_str!("reference.md");

/// Print the reference page of all settings.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReferenceArguments {}

pub(super) fn run(
    _: &ReferenceArguments,
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

fn page(definitions: &[&Definition]) -> String {
    let mut page = format!("{INTRODUCTION}\n## All settings\n");
    for section in SECTIONS {
        let mut here = definitions
            .iter()
            .filter(|known| known.key.section == section.name)
            .peekable();
        if here.peek().is_none() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n### `[{}]`\n\nThis is {}.\n\n| Key | Option | Variable | Default | Meaning |\n|---|---|---|---|---|\n",
            section.name,
            cell(section.about),
        );
        for definition in here {
            let _ = writeln!(page, "{}", row(definition));
        }
    }
    page.push_str("\n## Names of Mozilla's processor\n\n| Name | Here |\n|---|---|\n");
    for known in ROWS {
        let _ = writeln!(
            page,
            "| `{}` | {} |",
            known.name,
            cell(&meaning(known.meaning))
        );
    }
    page
}

fn row(definition: &Definition) -> String {
    let key = definition.key.name.as_deref().unwrap_or("NAME");
    let default = definition
        .default
        .as_deref()
        .map_or_else(String::new, |default| {
            if default.contains(' ') {
                default.to_owned()
            } else {
                format!("`{default}`")
            }
        });
    let mut purpose = cell(&definition.purpose.replace('\n', " "));
    if !definition.choices.is_empty() {
        let _ = write!(purpose, ": `{}`", definition.choices.join("`, `"));
    }
    format!(
        "| `{key}` | `--{}` | `{}` | {} | {purpose} |",
        definition.option,
        definition.variable,
        cell(&default)
    )
}

fn meaning(meaning: Meaning) -> String {
    match meaning {
        Meaning::Option(option) => format!("`--{option}`"),
        Meaning::Part(part) => part.meaning().to_owned(),
        Meaning::Client(variable) => format!("as the variable `{variable}`"),
        Meaning::Ignored(why) => format!("no effect: {why}"),
        Meaning::Unsupported(why) => format!("a warning: {why}"),
    }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
