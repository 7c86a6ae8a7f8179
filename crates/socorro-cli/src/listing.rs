//! Lists on standard output, in the forms that people and programs read.

use std::fmt;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use socorro_core::json::{self, Form};

#[cfg(feature = "crash-stats")]
use crate::output::Clean;
use crate::{failure::Failure, output::Output};

/// In which form a list is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A line for each item
    #[default]
    Text,
    /// One array of objects
    Json,
    /// An object on each line
    Ndjson,
    /// For spreadsheets, with a line of column names
    Csv,
}

/// The option of commands that print a list.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// How to print the list
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ListFormat,
}

impl ListArguments {
    /// Begins a list with these columns.
    pub(crate) fn begin(&self, columns: &[&str]) -> Listing {
        Listing::new(self.format, columns.iter().copied())
    }
}

/// The members of an item.
pub(crate) fn members<'a>(
    members: impl IntoIterator<Item = (&'a str, Value)>,
) -> Map<String, Value> {
    let members = members.into_iter();
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A list that is printed item by item.
#[derive(Debug)]
pub(crate) struct Listing {
    format: ListFormat,
    columns: Vec<String>,
    printed: u64,
}

impl Listing {
    pub(crate) fn new<C: Into<String>>(
        format: ListFormat,
        columns: impl IntoIterator<Item = C>,
    ) -> Self {
        Self {
            format,
            columns: columns.into_iter().map(Into::into).collect(),
            printed: 0,
        }
    }

    /// Whether it is for people.
    pub(crate) fn is_text(&self) -> bool {
        self.format == ListFormat::Text
    }

    /// Prints an item: `text` for people, `members` for programs.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(crate) fn item(
        &mut self,
        members: &Map<String, Value>,
        text: impl fmt::Display,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let is_first = self.printed == 0;
        self.printed += 1;
        match self.format {
            ListFormat::Text => output.line(text),
            ListFormat::Ndjson => output.json(members, Form::Processor),
            ListFormat::Json => {
                let before: &[u8] = if is_first { b"[\n" } else { b",\n" };
                let object = json::to_vec(members, Form::Processor);
                output.bytes(&[before, &object].concat())
            }
            ListFormat::Csv => {
                if is_first {
                    self.header(output)?;
                }
                let cells = self.columns.iter().map(|column| cell(members.get(column)));
                output.line(csv(cells))
            }
        }
    }

    /// Prints an item that is for people, too, nothing but its columns.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    #[cfg(feature = "crash-stats")]
    pub(crate) fn row(
        &mut self,
        members: &Map<String, Value>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let cells = self.columns.iter().map(|column| cell(members.get(column)));
        let cells: Vec<String> = cells.map(|cell| Clean(&cell).to_string()).collect();
        self.item(members, cells.join("\t"), output)
    }

    /// Prints what closes the list.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(crate) fn finish(self, output: &mut Output) -> Result<(), Failure> {
        match (self.format, self.printed) {
            (ListFormat::Json, 0) => output.line("[]"),
            (ListFormat::Json, _) => output.line("\n]"),
            (ListFormat::Csv, 0) => self.header(output),
            _ => Ok(()),
        }
    }

    fn header(&self, output: &mut Output) -> Result<(), Failure> {
        output.line(csv(self.columns.iter().cloned()))
    }
}

/// A line of a table, with quotes where they are needed. Source of the form: RFC 4180, but for the ends of lines, which
/// are those of other tools.
fn csv(cells: impl Iterator<Item = String>) -> String {
    let quoted = cells.map(|cell| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    });
    quoted.collect::<Vec<_>>().join(",")
}

/// A value in a cell: text as it is, nothing for nothing, JSON for all else.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => json::to_string(other, Form::Processor),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_quoted_where_they_have_to_be_and_nothing_is_empty() {
        let members = json!({"a": "x \"y\", z", "b": null, "c": 3, "d": true, "f": "a b"});
        let cells = ["a", "b", "c", "d", "e", "f"].map(|name| cell(members.get(name)));
        assert_eq!(csv(cells.into_iter()), "\"x \"\"y\"\", z\",,3,true,,a b");
    }
}
