//! What is told about an import.

use std::fmt;

use serde_json::{Map, Value};
use socorro_core::{CrashId, DumpName, json::Form};
use socorro_storage::FetchedDumps;

use super::{Format, Transfer};
use crate::{failure::Failure, output::Output};

/// What became of the crashes, told as it comes, and counted.
#[derive(Debug)]
pub(super) struct Report {
    format: Format,
    copied: u64,
    present: u64,
    incomplete: u64,
    failed: u64,
}

impl Report {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            copied: 0,
            present: 0,
            incomplete: 0,
            failed: 0,
        }
    }

    /// Something in the list of ids that is none.
    pub(super) fn not_an_id(&mut self, error: &socorro_core::Error, output: &Output) {
        self.failed += 1;
        output.report(&Failure::because("not copied", error));
    }

    /// What became of a crash.
    pub(super) fn tell(
        &mut self,
        id: CrashId,
        transfer: Transfer,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let outcome = Outcome::of(&transfer);
        *match outcome {
            Outcome::Copied => &mut self.copied,
            Outcome::Present => &mut self.present,
            Outcome::Incomplete => &mut self.incomplete,
            Outcome::Failed => &mut self.failed,
        } += 1;
        if let Transfer::Copied(copied) = &transfer
            && !copied.dumps.skipped.is_empty()
        {
            let count = copied.dumps.skipped.len();
            tracing::warn!(%id, count, "dumps whose names cannot be are left out");
        }
        match self.format {
            Format::Json => return output.json(&members(id, outcome, &transfer), Form::Processor),
            Format::Ids if outcome.is_problem() => output.line(id)?,
            Format::Ids | Format::Text => {}
        }
        match transfer {
            Transfer::Copied(copied) if outcome.is_problem() => {
                output.report(&incomplete(id, &copied.dumps));
            }
            Transfer::Failed { failure, .. } => {
                output.report(&failure.within(format_args!("{id} was not copied")));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether there was nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.copied + self.present + self.incomplete + self.failed == 0
    }

    /// Tells the numbers; returns whether anything is left to be done.
    pub(super) fn finish(
        self,
        source: impl fmt::Display,
        output: &mut Output,
    ) -> Result<bool, Failure> {
        let Self {
            format,
            copied,
            present,
            incomplete,
            failed,
        } = self;
        if format == Format::Text {
            let all = copied + present + incomplete + failed;
            let mut line = format!("{source}: {all} crashes");
            for (count, what) in [
                (copied, "copied"),
                (present, "there before"),
                (incomplete, "copied without some of their dumps"),
                (failed, "not copied"),
            ] {
                if count > 0 {
                    line = format!("{line}, {count} {what}");
                }
            }
            output.line(line)?;
        }
        tracing::info!(%source, copied, present, incomplete, failed, "imported");
        Ok(incomplete + failed > 0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Copied,
    Present,
    Incomplete,
    Failed,
}

impl Outcome {
    fn of(transfer: &Transfer) -> Self {
        match transfer {
            Transfer::Present => Self::Present,
            Transfer::Failed { .. } => Self::Failed,
            Transfer::Copied(copied) => {
                let FetchedDumps {
                    missing, too_large, ..
                } = &copied.dumps;
                if missing.is_empty() && too_large.is_empty() {
                    Self::Copied
                } else {
                    Self::Incomplete
                }
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Present => "present",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }

    fn is_problem(self) -> bool {
        matches!(self, Self::Incomplete | Self::Failed)
    }
}

fn incomplete(id: CrashId, dumps: &FetchedDumps) -> Failure {
    let mut reasons = Vec::new();
    for (names, why) in [
        (&dumps.missing, "listed, but not there"),
        (&dumps.too_large, "too large"),
    ] {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(DumpName::as_str).collect();
            reasons.push(format!("{} ({why})", names.join(", ")));
        }
    }
    Failure::new(format!("{id} was copied without {}", reasons.join(", ")))
}

fn members(id: CrashId, outcome: Outcome, transfer: &Transfer) -> Map<String, Value> {
    let mut members = Map::from_iter([
        ("crash_id".to_owned(), Value::from(id.as_str())),
        ("outcome".to_owned(), outcome.name().into()),
    ]);
    match transfer {
        Transfer::Present => {}
        Transfer::Copied(copied) => {
            let FetchedDumps {
                dumps,
                missing,
                too_large,
                skipped,
            } = &copied.dumps;
            let names = |names: &[DumpName]| names.iter().map(DumpName::as_str).collect();
            let fetched: Value = dumps.iter().map(|(name, _)| name.as_str()).collect();
            members.insert("dumps".to_owned(), fetched);
            members.insert("processed_crash".to_owned(), copied.processed_crash.into());
            members.insert("missing_dumps".to_owned(), names(missing));
            members.insert("too_large_dumps".to_owned(), names(too_large));
            let skipped = skipped.iter().map(String::as_str).collect();
            members.insert("skipped_names".to_owned(), skipped);
        }
        Transfer::Failed { failure, .. } => {
            members.insert("error".to_owned(), failure.message().into());
        }
    }
    members
}
