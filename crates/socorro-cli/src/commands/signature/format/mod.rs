//! Printing signatures.

mod csv;
mod json;
mod markdown;
mod text;

pub(super) use self::markdown::code;

use socorro_signature::{SignatureResult, Step};

use super::{crashes::Crash, generate::Format};
use crate::{
    failure::Failure,
    output::{Clean, Output},
};

/// The signature of one crash.
pub(super) struct Report {
    /// The crash id, if there is one.
    crash_id: Option<String>,
    /// The file and line where the crash is.
    source: String,
    /// The signature that it came with.
    old: Option<String>,
    result: SignatureResult,
    /// How it came about, if that was asked for.
    steps: Option<Vec<Step>>,
}

impl Report {
    pub(super) fn new(crash: &Crash<'_>, result: SignatureResult) -> Self {
        Self {
            crash_id: crash.input.crash_id.as_deref().map(str::to_owned),
            source: crash.place.to_string(),
            old: crash
                .input
                .crash
                .original_signature
                .as_deref()
                .map(str::to_owned),
            result,
            steps: None,
        }
    }

    /// Adds how the signature came about.
    pub(super) fn explain(&mut self, steps: Vec<Step>) {
        self.steps = Some(steps);
    }

    /// How the signature came about, a line for each step.
    fn step_lines(&self) -> Vec<String> {
        let steps = self.steps.iter().flatten();
        steps
            .map(|step| Clean(&step.to_string()).to_string())
            .collect()
    }

    /// The crash id, or the place of a crash that has none.
    fn label(&self) -> &str {
        self.crash_id.as_deref().unwrap_or(&self.source)
    }

    fn old(&self) -> &str {
        self.old.as_deref().unwrap_or_default()
    }

    /// Whether the signature is the one that the crash came with.
    fn is_same(&self) -> bool {
        self.old.as_deref() == Some(self.result.signature.as_str())
    }

    /// [`Report::is_same`] as users of earlier programs know it.
    fn same(&self) -> &'static str {
        if self.is_same() { "True" } else { "False" }
    }
}

/// Prints reports one by one.
///
/// One crash alone is printed in another way than one of several, so the first one waits for the second or the end.
pub(super) struct Reports {
    format: Format,
    different_only: bool,
    first: Option<Report>,
    /// How many crashes there were, those included that are not printed.
    crashes: u64,
    printed: u64,
}

impl Reports {
    pub(super) fn new(format: Format, different_only: bool) -> Self {
        Self {
            format,
            different_only,
            first: None,
            crashes: 0,
            printed: 0,
        }
    }

    /// Prints a report, now or later.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(super) fn add(&mut self, report: Report, output: &mut Output) -> Result<(), Failure> {
        self.crashes += 1;
        if self.crashes == 1 {
            self.first = Some(report);
            return Ok(());
        }
        if let Some(first) = self.first.take() {
            self.print_one_of_many(&first, output)?;
        }
        self.print_one_of_many(&report, output)
    }

    /// Prints what is left.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(super) fn finish(mut self, output: &mut Output) -> Result<(), Failure> {
        if let Some(only) = self.first.take() {
            return self.print_only(&only, output);
        }
        match self.format {
            Format::Json => output.line(json::array_end(self.printed)),
            Format::Csv if self.printed == 0 => output.bytes(csv::HEADER.as_bytes()),
            _ => Ok(()),
        }
    }

    fn is_wanted(&self, report: &Report) -> bool {
        !(self.different_only && report.is_same())
    }

    fn print_only(&mut self, report: &Report, output: &mut Output) -> Result<(), Failure> {
        match self.format {
            Format::Text if self.is_wanted(report) => output.bytes(text::only(report).as_bytes()),
            Format::Json if self.is_wanted(report) => output.line(json::only(report)),
            Format::Json => output.line(json::array_end(0)),
            Format::Csv if !self.is_wanted(report) => output.bytes(csv::HEADER.as_bytes()),
            _ => self.print_one_of_many(report, output),
        }
    }

    fn print_one_of_many(&mut self, report: &Report, output: &mut Output) -> Result<(), Failure> {
        if !self.is_wanted(report) {
            return Ok(());
        }
        let text = match self.format {
            Format::Text => text::one_of_many(report, self.printed),
            Format::Json => json::one_of_many(report, self.printed),
            Format::Ndjson => json::line(report),
            Format::Csv => csv::row(report, self.printed),
            Format::Markdown => markdown::one_of_many(report, self.printed),
        };
        self.printed += 1;
        output.bytes(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report of a crash that came with `old`.
    pub(super) fn report(old: Option<&str>, new: &str, notes: &[&str]) -> Report {
        let mut result = SignatureResult::default();
        result.signature = new.to_owned();
        result.notes = notes.iter().map(|note| (*note).to_owned()).collect();
        Report {
            crash_id: None,
            source: "crashes.json:1".to_owned(),
            old: old.map(str::to_owned),
            result,
            steps: None,
        }
    }

    #[test]
    fn a_crash_without_a_signature_before_is_not_the_same() {
        assert!(report(Some("f"), "f", &[]).is_same());
        assert!(!report(Some(""), "f", &[]).is_same());
        assert!(!report(None, "", &[]).is_same());
    }
}
