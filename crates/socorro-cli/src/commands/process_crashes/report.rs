//! What is told about crashes on their way.

use serde_json::{Value, json};
use socorro_core::CrashId;

use super::{FailedList, after::Done};
use crate::{
    failure::Failure,
    listing::{ListFormat, Listing},
    output::Output,
};

const COLUMNS: [&str; 5] = [
    "crash_id",
    "signature",
    "processed_crash",
    "outcome",
    "error",
];

/// What became of the crashes, told as it comes.
#[derive(Debug)]
pub(super) struct Report {
    listing: Listing,
    done: u64,
    failed: u64,
    what: &'static str,
}

impl Report {
    pub(super) fn new(format: ListFormat, is_processed: bool) -> Self {
        let (columns, what) = match (format, is_processed) {
            (ListFormat::Text, false) => (&COLUMNS[..1], "published"),
            (ListFormat::Text, true) => (&COLUMNS[..3], "processed"),
            (_, false) => (&COLUMNS[..], "published"),
            (_, true) => (&COLUMNS[..], "processed"),
        };
        Self {
            listing: Listing::new(format, columns.iter().copied()),
            done: 0,
            failed: 0,
            what,
        }
    }

    /// What became of a crash.
    pub(super) fn tell(
        &mut self,
        id: CrashId,
        outcome: Result<Done, Failure>,
        failed: &mut FailedList,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut row = match outcome {
            Ok(done) => {
                self.done += 1;
                row(done)
            }
            Err(failure) => {
                self.failed += 1;
                failed.add(id);
                let what = self.what;
                output.report(&failure.clone().within(format_args!("{id} was not {what}")));
                if self.listing.is_text() {
                    return Ok(());
                }
                json!({"outcome": "failed", "error": failure.message()})
            }
        };
        if let Value::Object(row) = &mut row {
            row.insert("crash_id".to_owned(), id.as_str().into());
            self.listing.row(row, output)?;
        }
        Ok(())
    }

    /// Ends the list, and tells the numbers.
    pub(super) fn finish(self, output: &mut Output) -> Result<(), Failure> {
        self.listing.finish(output)?;
        let Self {
            done, failed, what, ..
        } = self;
        output.note(format_args!("crashes: {done} {what}, {failed} failed"));
        Ok(())
    }
}

fn row(done: Done) -> Value {
    match done {
        Done::Published => json!({"outcome": "published"}),
        Done::Processed { signature, place } => {
            json!({"outcome": "processed", "signature": signature, "processed_crash": place})
        }
    }
}
