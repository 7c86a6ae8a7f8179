//! From a processed crash to crash data.

use serde_json::{Map, Value, json};

use super::read::Reader;
use super::{CrashData, Scalar};

/// What stands for a member whose path leads nowhere.
#[derive(Clone, Copy)]
enum Missing {
    /// `null`.
    Null,
    /// `""`.
    EmptyText,
    /// `[]`.
    EmptyList,
}

impl Missing {
    fn to_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::EmptyText => json!(""),
            Self::EmptyList => json!([]),
        }
    }
}

/// Crash data members that are always made: key, path in the processed crash, default.
const ALWAYS: [(&str, &[&str], Missing); 10] = [
    ("hang", &["hang"], Missing::Null),
    (
        "oom_allocation_size",
        &["oom_allocation_size"],
        Missing::Null,
    ),
    (
        "js_large_allocation_failure",
        &["js_large_allocation_failure"],
        Missing::Null,
    ),
    ("abort_message", &["abort_message"], Missing::Null),
    ("mdsw_status_string", &["mdsw_status_string"], Missing::Null),
    (
        "async_shutdown_timeout",
        &["async_shutdown_timeout"],
        Missing::Null,
    ),
    ("ipc_channel_error", &["ipc_channel_error"], Missing::Null),
    ("ipc_message_name", &["ipc_message_name"], Missing::Null),
    (
        "additional_minidumps",
        &["additional_minidumps"],
        Missing::EmptyList,
    ),
    ("original_signature", &["signature"], Missing::EmptyText),
];

/// Members that are made if the processed crash has `json_dump`, the stackwalker's output.
const WITH_STACKWALK: [(&str, &[&str], Missing); 4] = [
    (
        "crashing_thread",
        &["json_dump", "crash_info", "crashing_thread"],
        Missing::Null,
    ),
    (
        "reason",
        &["json_dump", "crash_info", "type"],
        Missing::Null,
    ),
    ("threads", &["json_dump", "threads"], Missing::Null),
    ("os", &["json_dump", "system_info", "os"], Missing::Null),
];

/// Members that are made only if the processed crash has them.
const IF_THERE: [&str; 2] = ["java_exception", "java_stack_trace"];

/// What is read beside the members that upstream converts: those of [`IF_THERE`], and the modules for their debug ids.
const BESIDE: [(&str, &[&str]); 3] = [
    ("java_exception", &["java_exception"]),
    ("java_stack_trace", &["java_stack_trace"]),
    ("modules", &["json_dump", "modules"]),
];

/// The crash data object of a processed crash, key for key as upstream makes it.
///
/// For showing and storing crash data; to make a signature, [`CrashData::from_processed_crash`] copies less.
///
/// Source: Socorro `socorro/signature/utils.py` (`convert_to_crash_data`).
pub fn crash_data_json(processed_crash: &Map<String, Value>) -> Map<String, Value> {
    let mut crash_data = Map::new();
    let with_stackwalk = processed_crash.contains_key("json_dump");
    let stackwalk_members = WITH_STACKWALK.iter().filter(|_| with_stackwalk);
    for (key, path, missing) in ALWAYS.iter().chain(stackwalk_members) {
        let found = lookup_path(processed_crash, path);
        let value = match *key {
            "oom_allocation_size" => integer_or_null(found),
            _ => found.cloned().unwrap_or_else(|| missing.to_json()),
        };
        crash_data.insert((*key).to_owned(), value);
    }
    for key in IF_THERE {
        if let Some(value) = processed_crash.get(key) {
            crash_data.insert(key.to_owned(), value.clone());
        }
    }
    crash_data
}

impl<'a> CrashData<'a> {
    /// Takes from a processed crash what decides its signature.
    ///
    /// The stack comes from `json_dump`; the top-level `crashing_thread`, `reason` and `os_name` are not used.
    pub fn from_processed_crash(processed_crash: &'a Map<String, Value>) -> Self {
        let mut reader = Reader::default();
        let paths = ALWAYS.iter().chain(&WITH_STACKWALK);
        for (key, path) in paths.map(|(key, path, _)| (*key, *path)).chain(BESIDE) {
            if let Some(value) = lookup_path(processed_crash, path) {
                reader.member(key, value);
            }
        }
        let mut crash = reader.finish();
        crash.oom_allocation_size = crash
            .oom_allocation_size
            .and_then(|size| size.to_integer())
            .map(Scalar::Integer);
        if !processed_crash.contains_key("signature") {
            crash.original_signature = Some("".into());
        }
        crash
    }
}

pub(super) fn lookup_path<'a>(object: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(object.get(*first)?, |value, key| value.get(*key))
}

/// Python's `int(value)` where it succeeds, otherwise null. Integers keep their digits.
pub(crate) fn integer_or_null(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Number(number)) if !number.to_string().contains(['.', 'e', 'E']) => {
            json!(number)
        }
        Some(other) => match Scalar::from_json(other).and_then(|scalar| scalar.to_integer()) {
            Some(integer) => {
                serde_json::Number::from_i128(integer).map_or(Value::Null, Value::Number)
            }
            None => Value::Null,
        },
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processed() -> Map<String, Value> {
        let value = json!({
            "signature": "old", "oom_allocation_size": " 5 ", "crashing_thread": 9, "reason": "top",
            "java_stack_trace": null,
            "json_dump": {
                "crash_info": {"crashing_thread": 0, "type": "SIGSEGV"},
                "threads": [{"frames": [{"function": "f"}]}],
                "system_info": {"os": "Linux"},
            },
        });
        value.as_object().unwrap().clone()
    }

    #[test]
    fn both_ways_to_convert_agree() {
        let json = crash_data_json(&processed());
        let processed = processed();
        let direct = CrashData::from_processed_crash(&processed);
        assert_eq!(CrashData::from_json(&Value::Object(json)), direct);
        assert_eq!(direct.reason.as_deref(), Some("SIGSEGV"));
        assert_eq!(direct.oom_allocation_size, Some(Scalar::Integer(5)));
    }

    #[test]
    fn stack_members_come_with_the_stackwalk_only() {
        let json = crash_data_json(&Map::new());
        assert!(!json.contains_key("threads"));
        assert_eq!(json["additional_minidumps"], json!([]));
        assert!(crash_data_json(&processed()).contains_key("java_stack_trace"));
    }
}
