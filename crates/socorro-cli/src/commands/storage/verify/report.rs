//! What is told about a day.

use serde_json::{Map, Value};
use socorro_core::{CrashId, json::Form, time::Date};
use socorro_processor::verify::Finding;

use super::Format;
use crate::{failure::Failure, output::Output};

/// The findings of a day, printed as they come, and counted.
#[derive(Debug)]
pub(super) struct Report {
    format: Format,
    date: Date,
    pub(super) examined: u64,
    unprocessed: u64,
    published: u64,
    dead: u64,
    recent: u64,
    incomplete: u64,
}

impl Report {
    pub(super) fn new(format: Format, date: Date) -> Self {
        Self {
            format,
            date,
            examined: 0,
            unprocessed: 0,
            published: 0,
            dead: 0,
            recent: 0,
            incomplete: 0,
        }
    }

    /// Something that was found and stays so.
    pub(super) fn finding(
        &mut self,
        id: CrashId,
        finding: &Finding,
        output: &mut Output,
    ) -> Result<(), Failure> {
        *match finding {
            Finding::Unprocessed => &mut self.unprocessed,
            Finding::Recent => &mut self.recent,
            _ => &mut self.incomplete,
        } += 1;
        match self.format {
            Format::Text if finding.is_problem() => output.line(format_args!("{id} {finding}")),
            Format::Ids if *finding == Finding::Unprocessed => output.line(id),
            Format::Json if finding.is_problem() => {
                let mut members = members(id, finding.kind());
                if let Finding::MissingDumps(names) = finding {
                    let names = names.iter().map(|name| Value::from(name.as_str()));
                    members.insert("dumps".to_owned(), names.collect());
                }
                output.json(&members, Form::Processor)
            }
            _ => Ok(()),
        }
    }

    /// A crash that was never processed, and is in the queue now.
    pub(super) fn published(&mut self, id: CrashId, output: &mut Output) -> Result<(), Failure> {
        self.published += 1;
        self.lost(id, "published", "was never processed: published", output)
    }

    /// A crash that was never processed because it is a dead letter.
    pub(super) fn dead(&mut self, id: CrashId, output: &mut Output) -> Result<(), Failure> {
        self.dead += 1;
        self.lost(
            id,
            "dead_letter",
            "was never processed: it is a dead letter",
            output,
        )
    }

    fn lost(
        &self,
        id: CrashId,
        kind: &str,
        text: &str,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Text => output.line(format_args!("{id} {text}")),
            Format::Ids => output.line(id),
            Format::Json => output.json(&members(id, kind), Form::Processor),
        }
    }

    /// Tells the numbers; returns whether anything is left to be done.
    pub(super) fn finish(self, output: &mut Output) -> Result<bool, Failure> {
        let Self {
            date,
            examined,
            unprocessed,
            published,
            dead,
            recent,
            incomplete,
            ..
        } = self;
        if self.format == Format::Text {
            let mut line = format!("{date}: {examined} crashes");
            for (count, what) in [
                (unprocessed, "never processed"),
                (published, "published again"),
                (dead, "dead letters"),
                (incomplete, "incomplete"),
                (recent, "not processed yet"),
            ] {
                if count > 0 {
                    line = format!("{line}, {count} {what}");
                }
            }
            output.line(line)?;
        }
        tracing::info!(%date, examined, unprocessed, published, dead, incomplete, recent, "verified");
        Ok(unprocessed + dead + incomplete > 0)
    }
}

fn members(id: CrashId, finding: &str) -> Map<String, Value> {
    Map::from_iter([
        ("crash_id".to_owned(), Value::from(id.as_str())),
        ("finding".to_owned(), finding.into()),
    ])
}
