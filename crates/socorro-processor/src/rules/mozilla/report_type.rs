//! Crash or hang.

use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::as_integer,
};

/// A function of the thread that ends a program that does not shut down in time.
const WATCHDOG: &str = "RunWatchdog";

/// Says whether the process crashed or was ended because it hung: two kinds of bugs.
///
/// Source: Socorro `ReportTypeRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReportType;

impl Rule for ReportType {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ReportTypeRule",
            purpose: "say whether the process crashed or hung",
            reads: &[
                Item::Field("ipc_channel_error"),
                Item::Field("async_shutdown_timeout"),
                Item::Field("json_dump.crash_info.crashing_thread"),
                Item::Field("json_dump.threads"),
            ],
            writes: &[Item::Field("report_type")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let timed_out = ["ipc_channel_error", "async_shutdown_timeout"]
            .iter()
            .any(|name| crash.processed.contains(name));
        let hung = timed_out || is_in_watchdog(crash);
        crash
            .processed
            .set("report_type", if hung { "hang" } else { "crash" });
        Ok(())
    }
}

/// Whether the crashing thread, or the first one if none is named, is the watchdog's.
fn is_in_watchdog(crash: &mut Crash) -> bool {
    let place = match crash.processed.get("json_dump") {
        None => return false,
        Some(Value::Object(_)) => {
            let thread = crash
                .processed
                .lookup("json_dump.crash_info.crashing_thread")
                .and_then(as_integer)
                .map_or(0, |thread| thread.as_u64().unwrap_or(u64::MAX));
            format!("json_dump.threads.{thread}.frames")
        }
        Some(_) => {
            crash.wrong_type("json_dump", "an object");
            return false;
        }
    };
    match crash.processed.lookup(&place) {
        Some(Value::Array(frames)) => frames.iter().any(|frame| {
            let function = frame.get("function").and_then(Value::as_str);
            function.is_some_and(|function| function.contains(WATCHDOG))
        }),
        None => false,
        Some(_) => {
            crash.wrong_type(&place, "an array");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    fn kind(processed: Value) -> Value {
        added(ReportType, json!({}), processed)["report_type"].take()
    }

    #[test]
    fn timeouts_are_hangs() {
        assert_eq!(kind(json!({})), "crash");
        assert_eq!(kind(json!({"ipc_channel_error": "ShutDownKill"})), "hang");
        assert_eq!(kind(json!({"async_shutdown_timeout": "{}"})), "hang");
    }

    #[test]
    fn the_watchdog_on_the_crashing_thread_is_a_hang() {
        let dump = |thread: Value| {
            json!({"json_dump": {
                "crash_info": {"crashing_thread": thread},
                "threads": [
                    {"frames": [{"function": null}, {"function": "mozilla::RunWatchdog(void*)"}]},
                    {"frames": [{"function": "main"}]},
                ],
            }})
        };
        for (thread, expected) in [
            (json!(0), "hang"),
            (json!(null), "hang"),
            (json!("x"), "hang"),
            (json!(1), "crash"),
            (json!(2), "crash"),
            (json!(-2), "crash"),
        ] {
            assert_eq!(kind(dump(thread)), expected);
        }
    }

    #[test]
    fn wrong_types_are_noted() {
        for dump in [json!(null), json!({"threads": [{"frames": null}]})] {
            let crash = apply(ReportType, json!({}), json!({"json_dump": dump}));
            assert_eq!(crash.processed.text("report_type"), Some("crash"));
            assert_eq!(crash.notes().len(), 1);
        }
    }
}
