//! Lists in forms for programs.

use clap::ValueEnum;
use serde_json::{Map, Value};
use socorro_core::json::{self, Form};

use crate::{failure::Failure, output::Output};

/// How a list is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people, in the form of `aws s3`
    #[default]
    Text,
    /// One JSON array
    Json,
    /// A JSON object on each line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

/// A list that is printed row by row, in any form but text.
pub(super) struct Rows {
    format: ListFormat,
    count: usize,
}

impl Rows {
    pub(super) fn new(format: ListFormat) -> Self {
        Self { format, count: 0 }
    }

    /// Prints a row. All have the same names.
    pub(super) fn row<const N: usize>(
        &mut self,
        output: &mut Output,
        values: [(&str, Value); N],
    ) -> Result<(), Failure> {
        let is_first = self.count == 0;
        self.count += 1;
        if self.format == ListFormat::Csv {
            if is_first {
                output.line(values.each_ref().map(|(name, _)| *name).join(","))?;
            }
            return output.line(values.map(|(_, value)| cell(&value)).join(","));
        }
        let object: Map<_, _> = values
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect();
        let line = json::to_vec(&object, Form::Processor);
        let before: &[u8] = match (self.format, is_first) {
            (ListFormat::Json, true) => b"[\n",
            (ListFormat::Json, false) => b",\n",
            _ => b"",
        };
        let after: &[u8] = match self.format {
            ListFormat::Json => b"",
            _ => b"\n",
        };
        output.bytes(&[before, &line, after].concat())
    }

    /// Ends the list.
    pub(super) fn finish(self, output: &mut Output) -> Result<(), Failure> {
        match (self.format, self.count) {
            (ListFormat::Json, 0) => output.line("[]"),
            (ListFormat::Json, _) => output.bytes(b"\n]\n"),
            _ => Ok(()),
        }
    }
}

/// RFC 4180.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}
