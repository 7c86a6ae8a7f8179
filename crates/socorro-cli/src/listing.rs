//! Lists of things, in the forms that people and programs read.

use clap::ValueEnum;
use serde_json::{Map, Value};
use socorro_core::json::{self, Form};

use crate::{
    failure::Failure,
    output::{Clean, Output},
};

/// The form of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A line for each, with tabs between columns
    #[default]
    Text,
    /// One JSON array
    Json,
    /// A JSON object on each line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

/// A list that is written while it comes.
#[derive(Debug)]
pub(crate) struct Listing {
    format: ListFormat,
    columns: Vec<String>,
    rows: u64,
}

impl Listing {
    pub(crate) fn new<C: Into<String>>(
        format: ListFormat,
        columns: impl IntoIterator<Item = C>,
    ) -> Self {
        Self {
            format,
            columns: columns.into_iter().map(Into::into).collect(),
            rows: 0,
        }
    }

    pub(crate) fn format(&self) -> ListFormat {
        self.format
    }

    /// Writes one row: the columns of the list, as far as it has them.
    pub(crate) fn row(
        &mut self,
        values: &Map<String, Value>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.rows += 1;
        let columns = self.columns.iter();
        let cells = columns.map(|column| values.get(column).unwrap_or(&Value::Null));
        match self.format {
            ListFormat::Text => {
                let cells: Vec<String> = cells.map(|cell| Clean(&text(cell)).to_string()).collect();
                output.line(cells.join("\t"))
            }
            ListFormat::Csv => {
                let line = cells.map(|cell| quoted(&text(cell))).collect::<Vec<_>>();
                if self.rows == 1 {
                    self.header(output)?;
                }
                output.line(line.join(","))
            }
            ListFormat::Ndjson | ListFormat::Json => {
                let columns = self.columns.iter().cloned();
                let object = Map::from_iter(columns.zip(cells.cloned()));
                let object = json::to_string(&object.into(), Form::Processor);
                let before = match (self.format, self.rows) {
                    (ListFormat::Ndjson, _) => "",
                    (_, 1) => "[",
                    _ => ",",
                };
                let end = if self.format == ListFormat::Ndjson {
                    "\n"
                } else {
                    ""
                };
                let separator = if before == "," { "\n " } else { "" };
                output.bytes(format!("{before}{separator}{object}{end}").as_bytes())
            }
        }
    }

    /// Ends the list.
    pub(crate) fn finish(self, output: &mut Output) -> Result<(), Failure> {
        match (self.format, self.rows) {
            (ListFormat::Json, 0) => output.line("[]"),
            (ListFormat::Json, _) => output.line("]"),
            (ListFormat::Csv, 0) => self.header(output),
            _ => Ok(()),
        }
    }

    fn header(&self, output: &mut Output) -> Result<(), Failure> {
        let names: Vec<String> = self.columns.iter().map(|name| quoted(name)).collect();
        output.line(names.join(","))
    }
}

/// A value as text; nothing for nothing.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => json::to_string(other, Form::Processor),
    }
}

/// A field of a CSV file. Source: RFC 4180.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        assert_eq!(quoted("a b"), "a b");
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
    }

    #[test]
    fn values_are_texts() {
        assert_eq!(text(&json!(null)), "");
        assert_eq!(text(&json!("a")), "a");
        assert_eq!(text(&json!(1)), "1");
    }
}
