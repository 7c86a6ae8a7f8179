//! Crashes that take down whoever works on them.
//!
//! A queue tells how many deliveries of a message ended without a word ([`Delivery::lapses`]). That
//! may have been the death of a process, of which the crash need not be the reason since everything
//! in work goes down with it; or the network lost a message about the end. So one such end makes a
//! crash a suspect, no more:
//!
//! 1. A suspect is worked on alone: other suspects wait in the queue, where the next death does not
//!    count against them. That the work began is noted in the storage
//!    ([`DocumentKey::suspect`]), and so is its end, unless the process dies.
//! 2. After [`safe_mode_after`](WorkerOptions::safe_mode_after) deaths the crash is processed in
//!    safe mode, without what reads its dumps, and so has a result at last. Stacks are walked only
//!    if that happens in [another process](socorro_stackwalk::Stackwalker::is_isolated).
//! 3. After [`max_attempts`](WorkerOptions::max_attempts) deaths it is dead-lettered.

use serde_json::{Map, Value};
use socorro_core::{
    CrashId, ProcessedCrash,
    json::{self, Form},
    time::Timestamp,
};
use socorro_queue::{Delivery, Lane};
use socorro_storage::{CrashStorage, DocumentKey, Error, ErrorKind};

use super::{failure::Failure, options::WorkerOptions};
use crate::{crash::Crash, rules::breakpad::NOT_WALKED};

/// The largest record of a suspect that is read.
const MAX_RECORD: u64 = 4096;
/// How often it is tried to note that work has ended.
const TRIES: u32 = 3;

/// What became of the message of a crash before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Past {
    /// How often the crash failed by its own fault.
    pub(super) failures: u32,
    /// How many deliveries ended without a word.
    pub(super) lapses: u32,
    /// When the message was published.
    pub(super) published_at: Timestamp,
    /// Where.
    pub(super) lane: Lane,
}

impl Past {
    /// There is no later delivery to wait for a late upload.
    pub(super) const LAST_CHANCE: Self = Self {
        failures: u32::MAX,
        lapses: 0,
        published_at: Timestamp::MAX,
        lane: Lane::Priority,
    };

    pub(super) fn of(delivery: &Delivery) -> Self {
        Self {
            failures: delivery.failures,
            lapses: delivery.lapses,
            published_at: delivery.published_at,
            lane: delivery.lane,
        }
    }
}

/// Whether the crash of a message may be what its last worker died of.
pub(super) fn is_suspect(delivery: &Delivery) -> bool {
    delivery.lapses > 0 && delivery.job().is_some()
}

/// What is noted in storage about a suspect.
#[derive(Debug, Clone)]
pub(super) struct Record {
    key: DocumentKey,
    published_at: Timestamp,
    /// How often work on it began, as a suspect, and did not end.
    unfinished: u32,
}

impl Record {
    /// What is noted about a crash since its message was published.
    pub(super) async fn read(
        storage: &dyn CrashStorage,
        id: &CrashId,
        past: &Past,
    ) -> Result<Self, Failure> {
        let key = DocumentKey::suspect(id);
        let unfinished = match storage.document(&key).await {
            Ok(content) => unfinished(&content, past.published_at),
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(Failure::storage(&error)),
        };
        Ok(Self {
            key,
            published_at: past.published_at,
            unfinished,
        })
    }

    /// How many deaths that makes. The first one made it a suspect.
    pub(super) fn deaths(&self) -> u32 {
        self.unfinished.saturating_add(1)
    }

    /// Why the crash is not worked on any more, if so.
    pub(super) fn hopeless(&self, options: &WorkerOptions) -> Option<Failure> {
        let deaths = self.deaths();
        (deaths >= options.max_attempts).then(|| {
            Failure::worker_died(format!(
                "whoever worked on the crash died, {deaths} times so far, also in safe mode"
            ))
        })
    }

    /// Notes that work begins.
    pub(super) async fn begin(&self, storage: &dyn CrashStorage) -> Result<(), Failure> {
        let begun = self.write(storage, self.deaths()).await;
        begun.map_err(|error| Failure::storage(&error))
    }

    /// Notes that work ended, with whatever result, but for the death of somebody.
    pub(super) async fn end(&self, storage: &dyn CrashStorage, options: &WorkerOptions) {
        for attempt in 1..=TRIES {
            let noted = if self.unfinished == 0 {
                storage.delete_document(&self.key).await
            } else {
                self.write(storage, self.unfinished).await
            };
            match noted {
                Ok(()) => return,
                Err(error) if attempt == TRIES => {
                    tracing::warn!(%error, "cannot note that the work on a suspect has ended");
                }
                Err(_) => tokio::time::sleep(options.ack_retry_delay).await,
            }
        }
    }

    /// Forgets everything, because the message has come to its end.
    pub(super) async fn forget(mut self, storage: &dyn CrashStorage, options: &WorkerOptions) {
        self.unfinished = 0;
        self.end(storage, options).await;
    }

    async fn write(&self, storage: &dyn CrashStorage, unfinished: u32) -> Result<(), Error> {
        let record = Map::from_iter([
            (
                "published_at".to_owned(),
                Value::from(self.published_at.to_string()),
            ),
            ("unfinished".to_owned(), unfinished.into()),
        ]);
        let content = json::to_vec(&record, Form::Processor);
        storage.save_document(&self.key, content.into()).await
    }
}

/// What a record says about a message; nothing where it is about another one or cannot be read.
fn unfinished(record: &[u8], published_at: Timestamp) -> u32 {
    let read = || {
        let record = json::read_object(record, MAX_RECORD).ok()?;
        let about: Timestamp = record.get("published_at")?.as_str()?.parse().ok()?;
        let unfinished = record.get("unfinished")?.as_u64()?;
        (about == published_at).then(|| u32::try_from(unfinished).unwrap_or(u32::MAX))
    };
    read().unwrap_or_default()
}

/// Puts a crash that its workers did not survive into safe mode, where it needs that.
///
/// What is done already is done once more as always: only the ack was missing. A better result of
/// an earlier message is never replaced by one of safe mode.
pub(super) fn entered(crash: Crash, past: &Past, deaths: u32) -> Result<Crash, Failure> {
    match earlier_result(&crash.processed, past) {
        Earlier::OfThisMessage => Ok(crash),
        Earlier::Better => Err(Failure::worker_died(format!(
            "whoever worked on the crash died, {deaths} times so far; the result of an earlier run was kept"
        ))),
        Earlier::None => {
            tracing::warn!(deaths, "safe mode: processors died with this crash");
            let mut crash = crash.in_safe_mode();
            crash.note("Safe mode: processors died while they worked on this crash");
            Ok(crash)
        }
    }
}

/// What is known about a crash already.
enum Earlier {
    /// Nothing, or what a run in safe mode found out.
    None,
    /// What an earlier message led to.
    Better,
    /// What this message led to, although nobody said so.
    OfThisMessage,
}

fn earlier_result(processed: &ProcessedCrash, past: &Past) -> Earlier {
    if processed.as_map().is_empty() {
        return Earlier::None;
    }
    let completed = processed.text("completed_datetime");
    let completed = completed.and_then(|text| text.parse::<Timestamp>().ok());
    // Results tell whole seconds.
    if completed.is_some_and(|at| at.as_second() >= past.published_at.as_second()) {
        Earlier::OfThisMessage
    } else if processed.text("mdsw_status_string") == Some(NOT_WALKED) {
        Earlier::None
    } else {
        Earlier::Better
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socorro_core::{CrashId, Dumps, RawCrash};

    const PUBLISHED: &str = "2026-01-02T03:04:05.9Z";

    fn past() -> Past {
        Past {
            failures: 0,
            lapses: 2,
            published_at: PUBLISHED.parse().unwrap(),
            lane: Lane::Standard,
        }
    }

    fn crash_with(fields: &[(&str, &str)]) -> Crash {
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        let mut processed = ProcessedCrash::new();
        for (name, value) in fields {
            processed.set(*name, *value);
        }
        Crash::new(id, RawCrash::new(), Dumps::new()).with_processed(processed)
    }

    #[test]
    fn a_crash_without_a_result_enters_safe_mode() {
        let crash = entered(crash_with(&[]), &past(), 2).unwrap();
        assert!(crash.is_in_safe_mode());
        assert_eq!(crash.notes().len(), 1);
        let again = crash_with(&[
            ("mdsw_status_string", NOT_WALKED),
            ("completed_datetime", "2026-01-02T03:04:04+00:00"),
        ]);
        assert!(entered(again, &past(), 2).unwrap().is_in_safe_mode());
    }

    #[test]
    fn a_crash_that_only_lacks_its_ack_does_not() {
        let done = crash_with(&[("completed_datetime", "2026-01-02T03:04:05+00:00")]);
        assert!(!entered(done, &past(), 2).unwrap().is_in_safe_mode());
    }

    #[test]
    fn a_better_result_is_kept() {
        for fields in [
            &[("completed_datetime", "2026-01-02T03:04:04+00:00")][..],
            &[("completed_datetime", "yesterday")],
            &[("signature", "f")],
        ] {
            assert!(
                entered(crash_with(fields), &past(), 2).is_err(),
                "{fields:?}"
            );
        }
    }
}
