//! What can be compared with a recorded result.

use serde_json::Value;
use socorro::prelude::*;

/// The processed crash as it would be with upstream's included lists: the vectors' lists are in a
/// directory, and the log of the signature says so.
pub(super) fn comparable(processed: &ProcessedCrash) -> Value {
    let mut processed = processed.clone();
    if let Some(log) = processed.text("signature_debug").map(same_lists) {
        processed.set("signature_debug", log);
    }
    Value::Object(processed.into_map())
}

fn same_lists(log: &str) -> String {
    let lines = log.split('\n').map(
        |line| match line.split_once("using signature lists from ") {
            Some((rule, _)) => format!("{rule}using included signature lists"),
            None => line.to_owned(),
        },
    );
    lines.collect::<Vec<_>>().join("\n")
}
