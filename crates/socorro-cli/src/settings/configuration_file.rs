//! The configuration file: TOML, in sections by subject.

use std::{ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    definition::{Definition, Kind},
    keys::SECTIONS,
    origin::Place,
    suggestion::nearest,
    text,
};
use crate::failure::Failure;

/// What a configuration file says of a setting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The option that the key stands for.
    pub(super) option: String,
    pub(super) values: Vec<String>,
    pub(super) place: Place,
}

/// Reads a configuration file. What is wrong with single keys is told for all of them.
///
/// # Errors
///
/// When the file cannot be read, or is no TOML.
pub(super) fn read(
    path: &Path,
    definitions: &[Definition],
) -> Result<(Vec<Entry>, Vec<String>), Failure> {
    let text = text::read(path, "configuration file")?;
    parse(&text, path, definitions)
}

pub(super) fn parse(
    text: &str,
    path: &Path,
    definitions: &[Definition],
) -> Result<(Vec<Entry>, Vec<String>), Failure> {
    let mut reader = Reader {
        text,
        path,
        definitions,
        entries: Vec::new(),
        problems: Vec::new(),
    };
    let table = DeTable::parse(text).map_err(|error| {
        let place = reader.place(&error.span().unwrap_or_default());
        // The message of the parser does not repeat the line, which may hold a secret.
        Failure::usage(format!(
            "{place}: this is no TOML: {}",
            error.message().replace('\n', ", ")
        ))
        .hint("`socorro config example` prints a file that is right")
    })?;
    for (name, value) in table.get_ref() {
        reader.section(name, value);
    }
    // Tables come sorted by name; people read from top to bottom.
    reader.problems.sort_by_key(|(line, _)| *line);
    let problems = reader.problems.into_iter().map(|(_, problem)| problem);
    Ok((reader.entries, problems.collect()))
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    definitions: &'a [Definition],
    entries: Vec<Entry>,
    problems: Vec<(usize, String)>,
}

type Name<'a> = Spanned<std::borrow::Cow<'a, str>>;

impl Reader<'_> {
    fn section(&mut self, name: &Name<'_>, value: &Spanned<DeValue<'_>>) {
        let section = name.get_ref().as_ref();
        let Some(table) = value.get_ref().as_table() else {
            return self.problem(&name.span(), &self.not_in_a_section(section));
        };
        if !SECTIONS.iter().any(|known| known.name == section) {
            let likely = nearest(section, SECTIONS.iter().map(|section| section.name));
            let problem = format!("there is no section [{section}]{}", did_you_mean(likely));
            return self.problem(&name.span(), &problem);
        }
        for (key, value) in table {
            self.key(section, key, value);
        }
    }

    fn key(&mut self, section: &str, key: &Name<'_>, value: &Spanned<DeValue<'_>>) {
        let definitions = self.definitions;
        let name = key.get_ref().as_ref();
        let in_section = || {
            definitions
                .iter()
                .filter(move |known| known.key.section == section)
        };
        let found =
            in_section().find(|known| known.key.name.as_deref().is_none_or(|known| known == name));
        let Some(definition) = found else {
            let problem = format!(
                "there is no {name} in [{section}]{}",
                self.likely(section, name)
            );
            return self.problem(&key.span(), &problem);
        };
        match values(definition, name, value.get_ref()) {
            Ok(values) => {
                let place = self.place(&key.span());
                self.entries.push(Entry {
                    option: definition.option.clone(),
                    values,
                    place,
                });
            }
            Err(expected) => {
                let found = type_name(value.get_ref());
                let problem = format!("[{section}] {name} is {expected}, not {found}");
                self.problem(&value.span(), &problem);
            }
        }
    }

    /// Where a key was probably meant to be.
    fn likely(&self, section: &str, name: &str) -> String {
        let named = |name: &str| {
            let of_name = |known: &&Definition| {
                known.key.name.as_deref() == Some(name) || known.option.replace('-', "_") == name
            };
            self.definitions
                .iter()
                .find(of_name)
                .map(|known| known.key.to_string())
        };
        let name = name.replace('-', "_");
        if let Some(key) = named(&name) {
            return did_you_mean(Some(&key));
        }
        let here = self
            .definitions
            .iter()
            .filter(|known| known.key.section == section);
        let all = self.definitions.iter();
        let names = |known: &'_ Definition| known.key.name.clone();
        let (here, all): (Vec<_>, Vec<_>) = (
            here.filter_map(names).collect(),
            all.filter_map(names).collect(),
        );
        if let Some(likely) = nearest(&name, here.iter().map(String::as_str)) {
            return did_you_mean(Some(likely));
        }
        let likely = nearest(&name, all.iter().map(String::as_str)).and_then(named);
        did_you_mean(likely.as_deref())
    }

    fn not_in_a_section(&self, name: &str) -> String {
        let is_section = SECTIONS.iter().any(|section| section.name == name);
        if is_section {
            return format!("{name} is a section: write [{name}], and its keys below");
        }
        let likely = self.likely("", name);
        format!("{name} stands outside of all sections{likely}")
    }

    fn problem(&mut self, span: &Range<usize>, problem: &str) {
        let place = self.place(span);
        self.problems
            .push((place.line, format!("{place}: {problem}")));
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        Place {
            file: self.path.to_owned(),
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
        }
    }
}

fn did_you_mean(likely: Option<&str>) -> String {
    likely.map_or_else(String::new, |likely| format!("; did you mean {likely}?"))
}

/// What a value says, or what was expected of it.
fn values(
    definition: &Definition,
    name: &str,
    value: &DeValue<'_>,
) -> Result<Vec<String>, &'static str> {
    match (definition.kind, value) {
        (Kind::Flag, DeValue::Boolean(value)) => Ok(vec![value.to_string()]),
        (Kind::Flag, _) => Err("true or false"),
        (Kind::Text | Kind::Quantity | Kind::List, DeValue::String(text)) => {
            Ok(vec![text.clone().into_owned()])
        }
        (Kind::Table, DeValue::String(text)) => Ok(vec![format!("{name}={text}")]),
        (Kind::Number | Kind::Quantity, DeValue::Integer(number)) if number.radix() == 10 => {
            Ok(vec![number.as_str().to_owned()])
        }
        (Kind::List, DeValue::Array(items)) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or("a list of texts"),
        (Kind::Text | Kind::Table, _) => Err("a text in quotes"),
        (Kind::Quantity, _) => Err("a number, or a text with a number and its unit"),
        (Kind::Number, _) => Err("a number"),
        (Kind::List, _) => Err("a text or a list of texts"),
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
