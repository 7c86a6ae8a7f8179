//! `socorro config show`.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use socorro_core::json::Form;

use super::example::{assignment, section_line};
use crate::{
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
    settings::{Origin, SECTIONS, Setting, Settings, shown},
};

const EXAMPLES: &str = "\
Examples:
  socorro config show
  socorro config show --config staging.toml --env-file staging.env
  socorro config show --workers 8 --format json | jq '.settings[] | select(.origin != \"default\")'

Shows what every command would take, and from where: an option, a variable, a line of a file, or
the default. Secrets are shown as ***. Settings given as options are shown as if they were given to
the command that they are for.";

/// Show every setting, its value, and where that comes from.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArguments {
    /// How it is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// Indented JSON
    Json,
    /// A configuration file that says the same, secrets aside
    Toml,
}

pub(super) fn run(
    arguments: &ShowArguments,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match arguments.format {
        Format::Text => text(settings, output)?,
        Format::Json => output.json(&to_json(settings), Form::Pretty)?,
        Format::Toml => output.line(to_toml(settings).trim_end())?,
    }
    Ok(Exit::Success)
}

/// A line of the list.
struct Line {
    name: String,
    value: String,
    origin: String,
}

fn text(settings: &Settings, output: &mut Output) -> Result<(), Failure> {
    let own = settings.all().iter().map(|setting| Line {
        name: setting.definition.key.to_string(),
        value: value_or_default(setting),
        origin: setting.origin.to_string(),
    });
    let clients = settings.clients().iter().map(|client| Line {
        name: client.name.clone(),
        value: shown(&client.name, &client.value.to_string_lossy()),
        origin: client.origin.to_string(),
    });
    let lines: Vec<_> = own.chain(clients).collect();
    let width = |of: fn(&Line) -> &str, most: usize| {
        let widths = lines.iter().map(|line| of(line).chars().count());
        widths.filter(|width| *width <= most).max().unwrap_or(0)
    };
    let (name_width, value_width) = (width(|line| &line.name, 40), width(|line| &line.value, 60));
    for line in &lines {
        output.line(format_args!(
            "{:<name_width$}  {:<value_width$}  {}",
            line.name,
            Clean(&line.value).to_string(),
            Clean(&line.origin),
        ))?;
    }
    for remark in settings.remarks() {
        output.line(format_args!("# {}", Clean(&remark.text)))?;
    }
    Ok(())
}

fn value_or_default(setting: &Setting) -> String {
    let default = || setting.definition.default.clone();
    setting
        .shown()
        .or_else(default)
        .unwrap_or_else(|| "-".to_owned())
}

fn to_json(settings: &Settings) -> Map<String, Value> {
    let own = settings.all().iter().map(|setting| {
        let definition = &setting.definition;
        let mut object = json!({
            "key": definition.key.to_string(),
            "option": definition.option,
            "variable": definition.variable,
            "value": setting.shown(),
            "default": definition.default,
        });
        add_origin(&mut object, &setting.origin);
        object
    });
    let clients = settings.clients().iter().map(|client| {
        let value = shown(&client.name, &client.value.to_string_lossy());
        let mut object = json!({"variable": client.name, "value": value});
        add_origin(&mut object, &client.origin);
        object
    });
    let files = settings
        .files()
        .iter()
        .map(|file| file.display().to_string());
    let remarks = settings.remarks().iter().map(|remark| remark.text.as_str());
    Map::from_iter([
        ("settings".to_owned(), own.collect()),
        ("clients".to_owned(), clients.collect()),
        ("files".to_owned(), files.collect()),
        ("remarks".to_owned(), remarks.collect()),
    ])
}

fn add_origin(object: &mut Value, origin: &Origin) {
    object["origin"] = origin.kind().into();
    if let Some(name) = origin.name() {
        object["from"] = name.into();
    }
    if let Some(place) = origin.place() {
        object["file"] = place.file.display().to_string().into();
        object["line"] = place.line.into();
    }
}

fn to_toml(settings: &Settings) -> String {
    let mut file = String::new();
    for section in SECTIONS {
        let set: Vec<_> = settings
            .all()
            .iter()
            .filter(|setting| setting.definition.key.section == section.name)
            .filter(|setting| setting.origin != Origin::Default)
            .collect();
        if set.is_empty() {
            continue;
        }
        file.push_str(&section_line(&section));
        for setting in set {
            file.push_str(&format!("# {}\n", Clean(&setting.origin.to_string())));
            file.push_str(&assignment(&setting.definition, &setting.shown_items()));
        }
        file.push('\n');
    }
    file
}
