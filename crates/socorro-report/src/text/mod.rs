//! A report for a terminal.

mod paper;
mod parts;

use std::fmt;

use crate::model::{Report, Walk};
use paper::{Ink, Paper, plain};

/// Lists shown of what keeps frames from having names.
const MOST_CAUSES: usize = 10;
/// What marks the thread that crashed.
const CRASHED: &str = " (crashed)";
/// Characters shown of the value of a field.
const FIELD: usize = 300;

/// A report as text: made by [`Report::text`], written by `Display`.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    report: &'a Report,
    width: Option<usize>,
    color: bool,
    short: bool,
}

impl Report {
    /// The report as text, without colour, and in lines as long as they come.
    #[must_use]
    pub fn text(&self) -> Text<'_> {
        Text {
            report: self,
            width: None,
            color: false,
            short: false,
        }
    }
}

impl<'a> Text<'a> {
    /// Breaks lines at this many columns. Default: lines are not broken.
    #[must_use]
    pub fn width(self, width: Option<usize>) -> Self {
        Self { width, ..self }
    }

    /// Whether to mark parts with terminal colour codes. Default: no.
    #[must_use]
    pub fn color(self, color: bool) -> Self {
        Self { color, ..self }
    }

    /// Leaves out other threads, modules and fields.
    #[must_use]
    pub fn short(self) -> Self {
        Self {
            short: true,
            ..self
        }
    }

    /// Only some threads of the process that crashed, by their indexes, in full.
    ///
    /// # Errors
    ///
    /// The first index that no thread has.
    pub fn threads(self, indexes: &[usize]) -> Result<String, usize> {
        let threads = self.report.walk().map_or(&[][..], |walk| &walk.threads);
        let mut text = String::new();
        for wanted in indexes {
            let thread = threads.iter().find(|thread| thread.index == *wanted);
            let thread = thread.ok_or(*wanted)?;
            let mut paper = Paper::new(&mut text, self.width, self.color);
            // Writing to a text does not fail.
            let mark = if thread.crashed { CRASHED } else { "" };
            let _ = parts::thread(&mut paper, thread, mark);
        }
        Ok(text.trim_start_matches('\n').to_owned())
    }

    fn write(&self, paper: &mut Paper<'_>) -> fmt::Result {
        let report = self.report;
        if let Some(signature) = &report.signature {
            parts::line(paper, "Signature", signature, Ink::Heading)?;
        }
        if let Some(id) = &report.crash_id {
            parts::line(paper, "Crash id", id, Ink::Plain)?;
        }
        parts::facts(paper, &report.what)?;
        parts::line(paper, "Shown", &report.audience.in_words(), Ink::Dim)?;
        if !report.why.is_empty() {
            paper.heading("Why it crashed")?;
            parts::facts(paper, &report.why)?;
        }
        if let Some(stack) = &report.java {
            parts::java(paper, stack)?;
        }
        for walk in &report.walks {
            self.walk(paper, walk)?;
        }
        if !self.short && !report.fields.is_empty() {
            paper.heading(&format!("Other fields ({})", report.fields.len()))?;
            for field in &report.fields {
                parts::field(paper, field, FIELD)?;
            }
        }
        paper.heading("Notes")?;
        for note in &report.notes {
            paper.line(4, &[plain("  "), plain(note)])?;
        }
        Ok(())
    }

    fn walk(&self, paper: &mut Paper<'_>, walk: &Walk) -> fmt::Result {
        if let Some(minidump) = &walk.minidump {
            paper.heading(&format!("Minidump {minidump}"))?;
            if let Some(reason) = &walk.reason {
                parts::line(paper, "Dumped because", reason, Ink::Plain)?;
            }
        }
        if let Some(problem) = &walk.problem {
            paper.gap()?;
            paper.line(2, &[(problem, Ink::Warning)])?;
        }
        if let Some(thread) = walk.crashing_thread() {
            let mark = match walk.minidump {
                None => CRASHED,
                Some(_) => " (dumped)",
            };
            parts::thread(paper, thread, mark)?;
        }
        if !self.short {
            parts::other_threads(paper, walk)?;
        }
        if !walk.unnamed.is_empty() {
            parts::unnamed(paper, walk, MOST_CAUSES)?;
        }
        if self.short {
            return Ok(());
        }
        parts::modules(paper, walk)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(&mut Paper::new(f, self.width, self.color))
    }
}
