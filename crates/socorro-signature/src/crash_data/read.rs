//! Tolerant reading of crash data from JSON.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{
    AdditionalMinidumps, CrashData, Frame, InlineFrame, Scalar, Thread, UnloadedModule,
    thread_index,
};
use crate::FRAME_LIMIT;

impl CrashData {
    /// Reads a crash data object. What is missing, of the wrong type or unknown is ignored.
    pub fn from_json(value: &Value) -> Self {
        Self::from_lookup(|key| value.get(key))
    }

    /// Reads crash data from wherever `lookup` finds its members.
    pub(super) fn from_lookup<'a>(lookup: impl Fn(&str) -> Option<&'a Value>) -> Self {
        let text = |key| lookup(key).and_then(Value::as_str).map(str::to_owned);
        let scalar = |key| lookup(key).and_then(Scalar::from_json);
        let crashing_thread = scalar("crashing_thread");
        let number = crashing_thread
            .as_ref()
            .and_then(Scalar::to_integer)
            .unwrap_or(0);
        Self {
            crashing_thread,
            reason: text("reason"),
            os: text("os"),
            threads: read_threads(lookup("threads"), number),
            java_stack_trace: text("java_stack_trace"),
            java_exception: lookup("java_exception")
                .filter(|value| !value.is_null())
                .cloned(),
            oom_allocation_size: scalar("oom_allocation_size"),
            js_large_allocation_failure: text("js_large_allocation_failure"),
            abort_message: text("abort_message"),
            async_shutdown_timeout: text("async_shutdown_timeout"),
            ipc_channel_error: text("ipc_channel_error"),
            additional_minidumps: read_minidump_names(lookup("additional_minidumps")),
            ipc_message_name: scalar("ipc_message_name"),
            hang: scalar("hang"),
            mdsw_status_string: scalar("mdsw_status_string"),
            original_signature: text("original_signature"),
        }
    }
}

impl<'de> Deserialize<'de> for CrashData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_json(&Value::deserialize(deserializer)?))
    }
}

fn read_minidump_names(value: Option<&Value>) -> AdditionalMinidumps {
    match value {
        Some(Value::String(text)) => AdditionalMinidumps::Text(text.clone()),
        other => {
            let names = items(other)
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            AdditionalMinidumps::Names(names)
        }
    }
}

/// Reads the stacks that can matter: those of the crashing thread and of thread 0, where a watchdog looks.
fn read_threads(value: Option<&Value>, crashing_thread: i128) -> Vec<Thread> {
    let threads = items(value);
    let crashed = thread_index(crashing_thread, threads.len());
    threads
        .iter()
        .enumerate()
        .map(|(index, thread)| match thread {
            Value::Object(thread) if index == 0 || Some(index) == crashed => read_thread(thread),
            _ => Thread::default(),
        })
        .collect()
}

fn read_thread(thread: &Map<String, Value>) -> Thread {
    let mut frames = Vec::new();
    let mut entries = 0;
    for frame in items(thread.get("frames")) {
        if entries >= FRAME_LIMIT {
            break;
        }
        let frame = read_frame(frame);
        entries += frame.inlines.len() + 1;
        frames.push(frame);
    }
    Thread {
        frames,
        last_error_value: text(thread, "last_error_value"),
    }
}

fn read_frame(value: &Value) -> Frame {
    let Value::Object(frame) = value else {
        return Frame::default();
    };
    let inlines = items(frame.get("inlines"))
        .iter()
        .take(FRAME_LIMIT)
        .map(read_inline)
        .collect();
    // Only the first unloaded module is ever named.
    let unloaded_modules = items(frame.get("unloaded_modules"))
        .iter()
        .take(1)
        .map(|unloaded| UnloadedModule {
            module: unloaded
                .as_object()
                .and_then(|unloaded| text(unloaded, "module")),
        })
        .collect();
    Frame {
        module: text(frame, "module"),
        function: text(frame, "function"),
        file: text(frame, "file"),
        line: scalar(frame, "line"),
        offset: scalar(frame, "offset"),
        inlines,
        unloaded_modules,
    }
}

fn read_inline(value: &Value) -> InlineFrame {
    let Value::Object(inline) = value else {
        return InlineFrame::default();
    };
    InlineFrame {
        function: text(inline, "function"),
        file: text(inline, "file"),
        line: scalar(inline, "line"),
    }
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn scalar(object: &Map<String, Value>, key: &str) -> Option<Scalar> {
    object.get(key).and_then(Scalar::from_json)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_the_wrong_type_count_as_missing() {
        let crash = CrashData::from_json(&json!({
            "crashing_thread": {}, "reason": 5, "os": [], "threads": {"0": {}}, "hang": {"a": 1},
            "additional_minidumps": 7, "java_stack_trace": ["x"],
        }));
        assert_eq!(crash, CrashData::default());
        assert_eq!(
            CrashData::from_json(&json!("no object")),
            CrashData::default()
        );
        let damaged = CrashData::from_json(
            &json!({"threads": [null, {"frames": [null, {"function": 5, "inlines": 3}]}],
            "crashing_thread": 1}),
        );
        assert_eq!(
            damaged.threads[1].frames,
            [Frame::default(), Frame::default()]
        );
    }

    #[test]
    fn only_stacks_that_can_matter_are_read() {
        let thread =
            json!({"frames": vec![json!({"function": "f", "inlines": [{"function": "g"}]}); 100]});
        let crash = CrashData::from_json(
            &json!({"crashing_thread": -1, "threads": [thread, thread, thread]}),
        );
        let lengths: Vec<_> = crash
            .threads
            .iter()
            .map(|thread| thread.frames.len())
            .collect();
        assert_eq!(lengths, [20, 0, 20]);
    }

    #[test]
    fn serde_reads_the_same() {
        let text = r#"{"threads": [{"frames": [{"function": "f", "line": 7}]}], "hang": 1.5}"#;
        let crash: CrashData = serde_json::from_str(text).unwrap();
        assert_eq!(
            crash,
            CrashData::from_json(&serde_json::from_str(text).unwrap())
        );
        assert_eq!(crash.hang, Some(Scalar::Float(1.5)));
    }
}
