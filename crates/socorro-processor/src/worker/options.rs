//! How a worker goes about its work.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
    time::Duration,
};

use socorro_queue::Delivery;

/// The settings of a [`Worker`](super::Worker).
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// How many crashes are in work at once. Default: the number of processors.
    pub workers: usize,
    /// After what time a crash is given up for this delivery; fetching, the pipeline and saving
    /// have this time each. Default: 15 min.
    pub max_processing: Duration,
    /// After how many failures by its own fault a crash is dead-lettered; and, counted for itself,
    /// after how many deaths of those who worked on it. Outages are not counted. Default: 8.
    pub max_attempts: u32,
    /// After how many deaths of those who worked on it a crash is processed in safe mode, without
    /// what reads its dumps: see [`Crash::is_in_safe_mode`](crate::Crash::is_in_safe_mode). Default: 2.
    pub safe_mode_after: u32,
    /// At which failure of a crash a raw crash that is not there is dead-lettered, and a main
    /// minidump that is not there is gone without; before that, the upload may be late. Outages are
    /// not counted. Default: 5.
    pub not_found_attempts: u32,
    /// How long to wait before a failed crash is delivered again: this after the first attempt,
    /// twice as long after each further one. Default: 10 s.
    pub retry_delay: Duration,
    /// The longest such wait. Default: 10 min.
    pub max_retry_delay: Duration,
    /// How long to wait between tries to ack. Default: 250 ms.
    pub ack_retry_delay: Duration,
    /// How long one request to the queue waits for a message. Default: 1 s.
    pub receive_wait: Duration,
    /// How often the storage is asked whether it is back, after an outage. Default: 5 s.
    pub probe_interval: Duration,
    /// Whether a message of the standard lane is acked without processing its crash once more, when
    /// that was begun and done after the message was published: it was published twice. Destinations
    /// get the result once more. Default: no.
    pub skip_processed: bool,
    /// How often to look for crashes of yesterday and today that were never processed, and publish
    /// them again; of several workers on one storage, one does it each time. See
    /// [`verify`](crate::verify). Default: never.
    pub verify_every: Option<Duration>,
    /// How long crashes in work may go on when the worker is told to stop. Default: 25 s.
    pub shutdown_grace: Duration,
    /// Where to put the dumps of the crashes in work, in a private directory that is removed with
    /// the worker, or by the next one here if this one is killed. Default: the system's temporary
    /// directory.
    pub temporary_path: Option<PathBuf>,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            max_processing: Duration::from_secs(15 * 60),
            max_attempts: 8,
            safe_mode_after: 2,
            not_found_attempts: 5,
            retry_delay: Duration::from_secs(10),
            max_retry_delay: Duration::from_secs(600),
            ack_retry_delay: Duration::from_millis(250),
            receive_wait: Duration::from_secs(1),
            probe_interval: Duration::from_secs(5),
            skip_processed: false,
            verify_every: None,
            shutdown_grace: Duration::from_secs(25),
            temporary_path: None,
        }
    }
}

impl WorkerOptions {
    /// How long to wait before a message is delivered again: doubling with each attempt, up to the
    /// maximum, give or take a fifth, so that messages that failed together do not return together.
    pub(super) fn retry_delay(&self, delivery: &Delivery) -> Duration {
        let doublings = delivery.attempt.saturating_sub(1).min(30);
        let delay = self
            .retry_delay
            .saturating_mul(1 << doublings)
            .min(self.max_retry_delay);
        // The message itself is all the chance that is needed.
        let mut hasher = DefaultHasher::new();
        (&delivery.raw_body, delivery.attempt).hash(&mut hasher);
        let percent = 80 + u32::try_from(hasher.finish() % 41).unwrap_or_default();
        (delay / 100).saturating_mul(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socorro_core::time::Timestamp;
    use socorro_queue::{Lane, Receipt};

    fn delivery(attempt: u32, body: &'static [u8]) -> Delivery {
        Delivery::new(
            Lane::Standard,
            Receipt::new("r"),
            attempt,
            Timestamp::UNIX_EPOCH,
            body.into(),
        )
    }

    #[test]
    fn no_limit_on_the_wait_is_no_overflow() {
        let options = WorkerOptions {
            retry_delay: Duration::MAX,
            max_retry_delay: Duration::MAX,
            ..WorkerOptions::default()
        };
        for body in [&b"1"[..], b"2", b"3", b"4", b"5"] {
            assert!(options.retry_delay(&delivery(9, body)) > Duration::MAX / 2);
        }
    }

    #[test]
    fn messages_that_failed_together_do_not_return_together() {
        let options = WorkerOptions::default();
        let bodies = [&b"1"[..], b"2", b"3", b"4", b"5"];
        let delays = bodies.map(|body| options.retry_delay(&delivery(1, body)));
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
    }

    #[test]
    fn the_wait_doubles_up_to_the_maximum_give_or_take_a_fifth() {
        let options = WorkerOptions::default();
        for (attempt, seconds) in [(1, 10), (2, 20), (3, 40), (7, 600), (u32::MAX, 600)] {
            let delay = options.retry_delay(&delivery(attempt, b"x")).as_secs_f64();
            let expected = f64::from(seconds);
            assert!(
                (expected * 0.8..=expected * 1.2).contains(&delay),
                "{attempt}: {delay}"
            );
        }
    }
}
