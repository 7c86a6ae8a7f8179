//! Lists on standard output, in the forms that commands have for them.

use std::fmt;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use socorro_core::json::{self, Form};

use crate::{failure::Failure, output::Output};

/// In which form a list is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A line for each item
    #[default]
    Text,
    /// An array of objects
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
    pub(crate) fn begin(&self, columns: &'static [&'static str]) -> Listing {
        Listing::new(self.format, columns)
    }
}

/// A list that is printed item by item.
#[derive(Debug)]
pub(crate) struct Listing {
    format: ListFormat,
    columns: &'static [&'static str],
    printed: u64,
}

impl Listing {
    pub(crate) fn new(format: ListFormat, columns: &'static [&'static str]) -> Self {
        Self {
            format,
            columns,
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
        let first = self.printed == 0;
        self.printed += 1;
        match self.format {
            ListFormat::Text => output.line(text),
            ListFormat::Ndjson => output.json(members, Form::Processor),
            ListFormat::Json => {
                let before = if first { "[\n  " } else { ",\n  " };
                // Texts have their line breaks escaped: all others are those of the indentation.
                let object = json::to_vec(members, Form::Pretty);
                let object = String::from_utf8_lossy(&object).replace('\n', "\n  ");
                output.bytes(format!("{before}{object}").as_bytes())
            }
            ListFormat::Csv => {
                if first {
                    self.header(output)?;
                }
                let values = self.columns.iter().map(|column| cell(members.get(*column)));
                output.bytes(csv_line(values).as_bytes())
            }
        }
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
        let names = self.columns.iter().map(|name| (*name).to_owned());
        output.bytes(csv_line(names).as_bytes())
    }
}

/// A line of a table with all cells quoted. Source of the form: RFC 4180.
fn csv_line(cells: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = cells
        .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
        .collect();
    format!("{}\r\n", quoted.join(","))
}

/// A value in a cell: text as it is, nothing for nothing, JSON for all else.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_quoted_and_nothing_is_empty() {
        let members = json!({"a": "x \"y\", z", "b": null, "c": 3, "d": true});
        let cells = ["a", "b", "c", "d", "e"].map(|name| cell(members.get(name)));
        assert_eq!(
            csv_line(cells.into_iter()),
            "\"x \"\"y\"\", z\",\"\",\"3\",\"true\",\"\"\r\n"
        );
    }
}
