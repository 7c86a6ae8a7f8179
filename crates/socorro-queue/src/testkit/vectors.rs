//! Runs the cases of published vector files against this crate.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use socorro_core::{CrashId, time::Date};

use crate::{
    lane::Lane,
    memory::MemoryQueue,
    message::{Job, Verdict, judge},
    queue::CrashQueue,
};

/// The rulesets that exist as far as `messages.json` is concerned.
const KNOWN_RULESETS: [&str; 2] = ["default", "regenerate_signature"];

/// Runs one case of the vector file named `file` (without directory).
///
/// `None` for a file that is not about queues, or of which this crate knows nothing. The error
/// says what was wanted and what came.
#[must_use]
pub fn run_case(file: &str, case: &Value) -> Option<Result<(), String>> {
    match file {
        "messages.json" => Some(message(case)),
        "poll_order.json" => Some(poll_order(case)),
        _ => None,
    }
}

/// A message body and the outcome it must have.
fn message(case: &Value) -> Result<(), String> {
    let body = case["body_base64"].as_str().ok_or("no body_base64")?;
    let body = STANDARD
        .decode(body)
        .map_err(|error| format!("body_base64: {error}"))?;
    let outcome = match judge(&body, &KNOWN_RULESETS) {
        Verdict::Process(job) => json!({
            "outcome": "process",
            "crash_id": job.crash_id.as_str(),
            "ruleset": job.ruleset.as_str(),
        }),
        Verdict::AckAndDrop => json!({ "outcome": "ack_and_drop" }),
        Verdict::DeadLetter(reason) => json!({
            "outcome": "dead_letter",
            "reason": reason.as_str(),
        }),
    };
    compare(&case["want"], &outcome)
}

/// Messages of three lanes, all there from the start, and the order in which one worker gets them.
fn poll_order(case: &Value) -> Result<(), String> {
    let queue = MemoryQueue::default();
    let mut labels = HashMap::new();
    for lane in Lane::ALL {
        let queued = &case["queues"][lane.as_str()];
        let mut jobs = Vec::new();
        for label in queued.as_array().ok_or("a lane is missing")? {
            let crash_id = CrashId::mint(Date::constant(2026, 11, 23), 0);
            labels.insert(crash_id, label.clone());
            jobs.push(Job::new(crash_id));
        }
        at_once(queue.publish(lane, &jobs))?
            .and_then(crate::PublishReport::into_result)
            .map_err(|error| error.to_string())?;
    }
    let mut order = Vec::new();
    while let Some(delivery) = at_once(queue.receive(1, Duration::ZERO))?
        .map_err(|error| error.to_string())?
        .pop()
    {
        let label = delivery.job().and_then(|job| labels.get(&job.crash_id));
        order.extend(label.cloned());
        at_once(queue.ack(&delivery.receipt))?.map_err(|error| error.to_string())?;
    }
    compare(&case["want_order"], &Value::Array(order))
}

/// The value of a future that has nothing to wait for.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, String> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err("the queue in memory waits for something".to_owned()),
    }
}

fn compare(want: &Value, got: &Value) -> Result<(), String> {
    if want == got {
        Ok(())
    } else {
        Err(format!("wanted {want}, got {got}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// The cases of a vector file; none when the vectors are not there and need not be.
    fn cases(file: &str) -> Vec<Value> {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance");
        let directory = std::env::var_os("SOCORRO_CONFORMANCE").unwrap_or(default.into());
        let path = PathBuf::from(directory).join("queue").join(file);
        let Ok(text) = std::fs::read_to_string(&path) else {
            let in_ci = std::env::var_os("CI").is_some();
            assert!(!in_ci, "{} is missing", path.display());
            eprintln!("SKIPPED: no {}; set SOCORRO_CONFORMANCE", path.display());
            return Vec::new();
        };
        let vectors: Value = serde_json::from_str(&text).unwrap();
        let cases = vectors["cases"].as_array().unwrap().clone();
        assert!(!cases.is_empty());
        cases
    }

    #[test]
    fn the_published_vectors_hold() {
        for file in ["messages.json", "poll_order.json"] {
            for case in cases(file) {
                if let Err(error) = run_case(file, &case).unwrap() {
                    panic!("{file} {}: {error}", case["name"]);
                }
            }
        }
    }

    #[test]
    fn a_case_that_does_not_hold_fails() {
        let case = json!({ "body_base64": "dGVzdA==", "want": { "outcome": "process" } });
        assert!(run_case("messages.json", &case).unwrap().is_err());
        let case = json!({
            "queues": { "standard": ["s0"], "priority": ["p0"], "reprocessing": [] },
            "want_order": ["s0", "p0"],
        });
        assert!(run_case("poll_order.json", &case).unwrap().is_err());
        assert!(run_case("messages.json", &json!({})).unwrap().is_err());
        assert_eq!(run_case("keys.json", &json!({})), None);
    }
}
