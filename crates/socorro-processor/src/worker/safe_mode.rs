//! Crashes that take down whoever works on them.
//!
//! A queue tells how many deliveries of a message ended without a word ([`Delivery::lapses`]): the
//! process was gone before it could ack, give back or dead-letter. Outages and orderly ends are not
//! among them. One such end makes a crash a suspect, no more, since everything that is in work goes
//! down with the process:
//!
//! 1. A suspect is worked on alone: other suspects wait in the queue, where the next death does not
//!    count against them.
//! 2. After [`safe_mode_after`](WorkerOptions::safe_mode_after) deaths it is processed in safe mode,
//!    without the walk, and so has a result at last.
//! 3. After [`max_attempts`](WorkerOptions::max_attempts) deaths it is dead-lettered.

use socorro_core::{ProcessedCrash, time::Timestamp};
use socorro_queue::Delivery;

use super::{failure::Failure, options::WorkerOptions};
use crate::{crash::Crash, rules::breakpad::NOT_WALKED};

/// What became of the message of a crash before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Past {
    /// How often the crash failed by its own fault.
    pub(super) failures: u32,
    /// How often whoever worked on it died.
    pub(super) lapses: u32,
    /// When the message was published.
    pub(super) published_at: Timestamp,
}

impl Past {
    /// There is no later delivery to wait for a late upload.
    pub(super) const LAST_CHANCE: Self = Self {
        failures: u32::MAX,
        lapses: 0,
        published_at: Timestamp::MAX,
    };

    pub(super) fn of(delivery: &Delivery) -> Self {
        Self {
            failures: delivery.failures,
            lapses: delivery.lapses,
            published_at: delivery.published_at,
        }
    }
}

/// Whether the crash of a message may be what its last worker died of.
pub(super) fn is_suspect(delivery: &Delivery) -> bool {
    delivery.lapses > 0 && delivery.job().is_some()
}

/// Why a crash is not worked on any more, if so.
pub(super) fn hopeless(delivery: &Delivery, options: &WorkerOptions) -> Option<Failure> {
    let lapses = delivery.lapses;
    (lapses >= options.max_attempts).then(|| {
        Failure::worker_died(format!(
            "whoever worked on the crash died, {lapses} times so far, also in safe mode"
        ))
    })
}

/// Puts a crash that its workers did not survive into safe mode, where it needs that.
///
/// What is done already is done once more as always: only the ack was missing. A better result of
/// an earlier message is never replaced by one of safe mode.
pub(super) fn entered(crash: Crash, past: &Past) -> Result<Crash, Failure> {
    match earlier_result(&crash.processed, past) {
        Earlier::OfThisMessage => Ok(crash),
        Earlier::Better => Err(Failure::worker_died(format!(
            "whoever worked on the crash died, {} times so far; the result of an earlier run was kept",
            past.lapses
        ))),
        Earlier::None => {
            tracing::warn!(
                lapses = past.lapses,
                "safe mode: workers died with this crash"
            );
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
        let crash = entered(crash_with(&[]), &past()).unwrap();
        assert!(crash.is_in_safe_mode());
        assert_eq!(crash.notes().len(), 1);
        let again = crash_with(&[
            ("mdsw_status_string", NOT_WALKED),
            ("completed_datetime", "2026-01-02T03:04:04+00:00"),
        ]);
        assert!(entered(again, &past()).unwrap().is_in_safe_mode());
    }

    #[test]
    fn a_crash_that_only_lacks_its_ack_does_not() {
        let done = crash_with(&[("completed_datetime", "2026-01-02T03:04:05+00:00")]);
        assert!(!entered(done, &past()).unwrap().is_in_safe_mode());
    }

    #[test]
    fn a_better_result_is_kept() {
        for fields in [
            &[("completed_datetime", "2026-01-02T03:04:04+00:00")][..],
            &[("completed_datetime", "yesterday")],
            &[("signature", "f")],
        ] {
            assert!(entered(crash_with(fields), &past()).is_err(), "{fields:?}");
        }
    }
}
