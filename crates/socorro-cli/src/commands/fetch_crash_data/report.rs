//! What is told about a fetch.

use std::time::Duration;

use serde_json::{Value, json};
use socorro_core::{CrashId, Error};
use socorro_crash_stats::client::CrashStats;

use super::{FailedList, Fetched};
use crate::{
    failure::Failure,
    listing::{ListFormat, Listing},
    output::Output,
};

const COLUMNS: [&str; 5] = ["crash_id", "outcome", "dumps", "bytes", "error"];

/// What became of the crashes, told as it comes, and counted.
#[derive(Debug)]
pub(super) struct Report {
    listing: Listing,
    fetched: u64,
    present: u64,
    withheld: u64,
    failed: u64,
    dumps: u64,
    bytes: u64,
}

impl Report {
    pub(super) fn new(format: ListFormat) -> Self {
        let columns = match format {
            ListFormat::Text => &COLUMNS[..1],
            _ => &COLUMNS[..],
        };
        Self {
            listing: Listing::new(format, columns.iter().copied()),
            fetched: 0,
            present: 0,
            withheld: 0,
            failed: 0,
            dumps: 0,
            bytes: 0,
        }
    }

    /// Something among the ids that is none.
    pub(super) fn not_an_id(&mut self, error: &Error, failed: &mut FailedList, output: &Output) {
        self.failed += 1;
        failed.add_note(&error.to_string());
        output.report(&Failure::because("not fetched", error));
    }

    /// What became of a crash.
    pub(super) fn tell(
        &mut self,
        id: CrashId,
        outcome: &Result<Fetched, Failure>,
        failed: &mut FailedList,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let row = match outcome {
            Ok(fetched) => self.count(fetched),
            Err(failure) => {
                self.failed += 1;
                failed.add(id);
                output.report(&failure.clone().within(format_args!("{id} was not fetched")));
                json!({"outcome": "failed", "error": failure.message()})
            }
        };
        if outcome.is_err() && self.listing.is_text() {
            return Ok(());
        }
        let Value::Object(mut row) = row else {
            return Ok(());
        };
        row.insert("crash_id".to_owned(), id.as_str().into());
        self.listing.row(&row, output)
    }

    fn count(&mut self, fetched: &Fetched) -> Value {
        let (counter, outcome) = match fetched {
            Fetched { withheld: true, .. } => (&mut self.withheld, "withheld"),
            Fetched { is_new: true, .. } => (&mut self.fetched, "fetched"),
            _ => (&mut self.present, "present"),
        };
        *counter += 1;
        self.dumps += fetched.dumps;
        self.bytes += fetched.bytes;
        json!({"outcome": outcome, "dumps": fetched.dumps, "bytes": fetched.bytes})
    }

    /// Tells how much was fetched, and how fast.
    pub(super) fn stats(&self, crash_stats: &CrashStats, time: Duration, output: &Output) {
        let (requests, retries) = crash_stats.requests();
        let seconds = time.as_secs_f64().max(0.001);
        let per_second = (self.fetched + self.withheld) as f64 / seconds;
        for (name, value) in [
            ("crashes fetched", self.fetched.to_string()),
            ("there before", self.present.to_string()),
            ("without dumps", self.withheld.to_string()),
            ("failed", self.failed.to_string()),
            ("dumps", self.dumps.to_string()),
            ("bytes of dumps", self.bytes.to_string()),
            ("requests", requests.to_string()),
            ("tried again", retries.to_string()),
            ("seconds", format!("{seconds:.1}")),
            ("crashes per second", format!("{per_second:.1}")),
        ] {
            output.note(format_args!("{name:>18}: {value}"));
        }
    }

    /// Ends the list, and tells the numbers.
    pub(super) fn finish(self, remaining: &[CrashId], output: &mut Output) -> Result<(), Failure> {
        let mut parts = Vec::new();
        for (count, what) in [
            (self.fetched, "fetched"),
            (self.present, "there before"),
            (self.withheld, "without dumps"),
            (self.failed, "failed"),
            (remaining.len() as u64, "not tried to the end"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        self.listing.finish(output)?;
        output.note(format_args!("crashes: {}", parts.join(", ")));
        Ok(())
    }
}
