//! Looking at the frames of the crashing thread.

use serde_json::Value;

use crate::crash::Crash;

/// The frames of the crashing thread; empty when there is none. Notes what is there but of the
/// wrong type.
pub(super) fn crashing_frames(crash: &mut Crash) -> Vec<Value> {
    let Some(index) = crash
        .processed
        .get("crashing_thread")
        .and_then(Value::as_u64)
    else {
        return Vec::new();
    };
    let place = format!("json_dump.threads.{index}.frames");
    match crash.processed.lookup(&place) {
        Some(Value::Array(frames)) => frames.clone(),
        None => Vec::new(),
        Some(_) => {
            crash.wrong_type(&place, "an array");
            Vec::new()
        }
    }
}
