//! The memory report in sixteen numbers.

use serde_json::{Map, Value};
use socorro_core::json::is_integer;

use super::measures::{Problem, measures};
use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Adds up the memory report of the process that crashed: how much memory it used, and for what.
///
/// Source: Socorro `MemoryReportExtraction`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryReportExtraction;

impl Rule for MemoryReportExtraction {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MemoryReportExtraction",
            purpose: "add up the memory report of the process that crashed",
            reads: &[Item::Field("json_dump.pid"), Item::Field("memory_report")],
            writes: &[Item::Field("memory_measures")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash.processed.contains("memory_report")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        match extract(crash) {
            Ok(Some(measures)) => crash.processed.set("memory_measures", measures),
            Ok(None) => {}
            Err(Problem::Unusable(reason)) => {
                tracing::debug!(reason, "memory report is of no use");
            }
            Err(Problem::WrongType(place, expected)) => crash.wrong_type(place, expected),
        }
        Ok(())
    }
}

/// A report that has everything a report has.
fn report(crash: &Crash) -> Option<&Map<String, Value>> {
    let report = crash.processed.get("memory_report")?.as_object()?;
    let complete = ["version", "reports", "hasMozMallocUsableSize"]
        .iter()
        .all(|name| report.contains_key(*name));
    complete.then_some(report)
}

fn extract(crash: &Crash) -> Result<Option<Map<String, Value>>, Problem> {
    let dump = match crash.processed.get("json_dump") {
        None => return Ok(None),
        Some(Value::Object(dump)) => dump,
        Some(_) => return Err(Problem::WrongType("json_dump", "an object")),
    };
    let (Some(pid), Some(report)) = (dump.get("pid"), report(crash)) else {
        return Ok(None);
    };
    let pid = match pid {
        Value::String(pid) => pid.as_str(),
        Value::Number(pid) if is_integer(pid) => pid.as_str(),
        Value::Null => return Err(Problem::Unusable("the process has no id")),
        _ => return Err(Problem::WrongType("json_dump.pid", "an integer")),
    };
    match &report["reports"] {
        Value::Array(reports) => measures(reports, pid).map(Some),
        _ => Err(Problem::WrongType("memory_report.reports", "an array")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    fn crash(reports: &Value) -> Value {
        json!({
            "json_dump": {"pid": 7},
            "memory_report": {"version": 1, "hasMozMallocUsableSize": true, "reports": reports},
        })
    }

    #[test]
    fn the_process_that_crashed_is_added_up() {
        let entry = json!({"process": "Main (pid 7)", "path": "resident", "kind": 1, "units": 0, "amount": 5});
        let fields = added(MemoryReportExtraction, json!({}), crash(&json!([entry])));
        assert_eq!(fields["memory_measures"]["resident"], 5);
    }

    #[test]
    fn a_report_of_no_use_leaves_nothing_and_wrong_types_a_note() {
        for (processed, notes) in [
            (json!({}), 0),
            (crash(&json!([])), 0),
            (json!({"json_dump": {"pid": 1}, "memory_report": {}}), 0),
            (crash(&json!(5)), 1),
            (json!({"json_dump": null, "memory_report": {}}), 1),
        ] {
            let crash = apply(MemoryReportExtraction, json!({}), processed);
            assert!(!crash.processed.contains("memory_measures"));
            assert_eq!(crash.notes().len(), notes);
        }
    }
}
