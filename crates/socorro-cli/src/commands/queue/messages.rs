//! Messages that were received, as they are printed and given back.

use std::time::Duration;

use serde_json::{Map, Value};
use socorro_queue::{Blame, CrashQueue, Delivery};

use crate::{failure::Failure, output::Clean};

/// How long to wait for more when something came already: from a queue that is asked, and from one
/// that sends by itself.
const FOR_MORE: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(2)];

/// What is told of a message.
pub(crate) const COLUMNS: [&str; 8] = [
    "message",
    "crash_id",
    "ruleset",
    "lane",
    "attempt",
    "failures",
    "lapses",
    "published_at",
];

/// Receives at most `max` messages, waiting for the first one.
///
/// # Errors
///
/// When the queue cannot be asked; what came before is given back.
pub(crate) async fn receive(
    queue: &dyn CrashQueue,
    max: usize,
    wait: Duration,
) -> Result<Vec<Delivery>, Failure> {
    let mut received: Vec<Delivery> = Vec::new();
    let mut wait = wait;
    while received.len() < max {
        match queue.receive(max - received.len(), wait).await {
            Ok(more) if more.is_empty() => break,
            Ok(more) => received.extend(more),
            Err(error) => {
                give_back(queue, &received).await?;
                return Err(error.into());
            }
        }
        if received.len() < max {
            let [asked, sending] = FOR_MORE;
            // Those that send cannot tell how much they have.
            let sends = matches!(queue.depth().await, Ok(None));
            wait = wait.min(if sends { sending } else { asked });
        }
    }
    Ok(received)
}

/// Gives messages back, to be delivered at once.
///
/// # Errors
///
/// When the queue cannot be asked. They come back when their lease ends.
pub(crate) async fn give_back(
    queue: &dyn CrashQueue,
    deliveries: &[Delivery],
) -> Result<(), Failure> {
    let mut first = None;
    for delivery in deliveries {
        let given = queue.nack(&delivery.receipt, Duration::ZERO, Blame::Nobody);
        first = first.or(given.await.err());
    }
    match first {
        None => Ok(()),
        Some(error) => Err(Failure::from(error)
            .within("messages come back only when their lease ends, in about a minute")),
    }
}

/// The text of a message, fit for a terminal.
pub(crate) fn text(delivery: &Delivery) -> String {
    match delivery.job() {
        Some(job) => job.to_string(),
        None => Clean(&String::from_utf8_lossy(&delivery.raw_body)).to_string(),
    }
}

/// Everything that is known about a message.
pub(crate) fn members(delivery: &Delivery) -> Map<String, Value> {
    let job = delivery.job();
    let message = String::from_utf8_lossy(&delivery.raw_body);
    Map::from_iter([
        ("message".to_owned(), Value::from(&*message)),
        (
            "crash_id".to_owned(),
            job.map(|job| job.crash_id.as_str()).into(),
        ),
        (
            "ruleset".to_owned(),
            job.map(|job| job.ruleset.as_str()).into(),
        ),
        ("lane".to_owned(), delivery.lane.as_str().into()),
        ("attempt".to_owned(), delivery.attempt.into()),
        ("failures".to_owned(), delivery.failures.into()),
        ("lapses".to_owned(), delivery.lapses.into()),
        (
            "published_at".to_owned(),
            delivery.published_at.to_string().into(),
        ),
    ])
}
