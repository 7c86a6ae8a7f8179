//! Tolerant reading of crash data from JSON.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{
    AdditionalMinidumps, CrashData, Frame, InlineFrame, Scalar, Thread, UnloadedModule,
    thread_index,
};
use crate::FRAME_LIMIT;
use crate::frames::is_placeholder;

impl<'a> CrashData<'a> {
    /// Reads a crash data object. What is missing, of the wrong type or unknown is ignored.
    pub fn from_json(value: &'a Value) -> Self {
        let mut reader = Reader::default();
        for (key, value) in value.as_object().into_iter().flatten() {
            reader.member(key, value);
        }
        reader.finish()
    }
}

impl<'de> Deserialize<'de> for CrashData<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(CrashData::from_json(&Value::deserialize(deserializer)?).into_owned())
    }
}

/// Takes the members of a crash data object one by one.
#[derive(Default)]
pub(super) struct Reader<'a> {
    crash: CrashData<'a>,
    /// Which stacks to read is known at the end only.
    threads: Option<&'a Value>,
    modules: Option<&'a Value>,
}

impl<'a> Reader<'a> {
    /// Takes a member; one that is unknown or of the wrong type changes nothing.
    pub(super) fn member(&mut self, key: &str, value: &'a Value) {
        let crash = &mut self.crash;
        match key {
            "crashing_thread" => crash.crashing_thread = Scalar::from_json(value),
            "reason" => crash.reason = text(value),
            "os" => crash.os = text(value),
            "threads" => self.threads = Some(value),
            "modules" => self.modules = Some(value),
            "java_stack_trace" => crash.java_stack_trace = text(value),
            "java_exception" if !value.is_null() => {
                crash.java_exception = Some(Cow::Borrowed(value));
            }
            "oom_allocation_size" => crash.oom_allocation_size = Scalar::from_json(value),
            "js_large_allocation_failure" => crash.js_large_allocation_failure = text(value),
            "abort_message" => crash.abort_message = text(value),
            "async_shutdown_timeout" => crash.async_shutdown_timeout = text(value),
            "ipc_channel_error" => crash.ipc_channel_error = text(value),
            "additional_minidumps" => crash.additional_minidumps = read_minidump_names(value),
            "ipc_message_name" => crash.ipc_message_name = Scalar::from_json(value),
            "hang" => crash.hang = Scalar::from_json(value),
            "mdsw_status_string" => crash.mdsw_status_string = Scalar::from_json(value),
            "original_signature" => crash.original_signature = text(value),
            _ => {}
        }
    }

    /// The crash data, with the stacks.
    pub(super) fn finish(mut self) -> CrashData<'a> {
        let number = self.crash.crashing_thread_number();
        let mut debug_ids = DebugIds::new(self.modules);
        self.crash.threads = read_threads(items(self.threads), number, &mut debug_ids);
        self.crash
    }
}

fn read_minidump_names(value: &Value) -> AdditionalMinidumps<'_> {
    match value {
        Value::String(text) => AdditionalMinidumps::Text(Cow::Borrowed(text)),
        other => AdditionalMinidumps::Names(items(Some(other)).iter().filter_map(text).collect()),
    }
}

/// Debug ids of modules by file name. Most crashes never ask.
struct DebugIds<'a> {
    modules: &'a [Value],
    by_file_name: Option<HashMap<&'a str, &'a str>>,
}

impl<'a> DebugIds<'a> {
    fn new(modules: Option<&'a Value>) -> Self {
        Self {
            modules: items(modules),
            by_file_name: None,
        }
    }

    fn of(&mut self, file_name: &str) -> Option<Cow<'a, str>> {
        if self.modules.is_empty() {
            return None;
        }
        let known = self.by_file_name.get_or_insert_with(|| {
            let member = |module: &'a Value, key| module.get(key).and_then(Value::as_str);
            self.modules
                .iter()
                .filter_map(|module| {
                    Some((member(module, "filename")?, member(module, "debug_id")?))
                })
                .collect()
        });
        known.get(file_name).map(|id| Cow::Borrowed(*id))
    }
}

/// Reads the stacks that can matter: those of the crashing thread and of thread 0, where a watchdog looks.
fn read_threads<'a>(
    threads: &'a [Value],
    crashing_thread: i128,
    debug_ids: &mut DebugIds<'a>,
) -> Vec<Thread<'a>> {
    let crashed = thread_index(crashing_thread, threads.len());
    threads
        .iter()
        .enumerate()
        .map(|(index, thread)| match thread {
            Value::Object(thread) if index == 0 || Some(index) == crashed => {
                read_thread(thread, debug_ids)
            }
            _ => Thread::default(),
        })
        .collect()
}

fn read_thread<'a>(thread: &'a Map<String, Value>, debug_ids: &mut DebugIds<'a>) -> Thread<'a> {
    let values = items(thread.get("frames"));
    let mut frames = Vec::with_capacity(values.len().min(FRAME_LIMIT));
    let mut entries = 0;
    for value in values {
        if entries >= FRAME_LIMIT {
            break;
        }
        let mut frame = read_frame(value);
        if frame.function.as_deref().is_none_or(is_placeholder)
            && let Some(module) = &frame.module
        {
            frame.debug_id = debug_ids.of(module);
        }
        entries += frame.inlines.len() + 1;
        frames.push(frame);
    }
    Thread {
        frames,
        last_error_value: thread.get("last_error_value").and_then(text),
    }
}

// Going through the members is several times faster than looking each of them up.

fn read_frame(value: &Value) -> Frame<'_> {
    let mut frame = Frame::default();
    for (key, value) in value.as_object().into_iter().flatten() {
        match key.as_str() {
            "module" => frame.module = text(value),
            "function" => frame.function = text(value),
            "file" => frame.file = text(value),
            "line" => frame.line = Scalar::from_json(value),
            "offset" => frame.offset = Scalar::from_json(value),
            "module_offset" => frame.module_offset = text(value),
            "trust" => frame.trust = text(value),
            "inlines" => {
                let inlines = items(Some(value)).iter().take(FRAME_LIMIT);
                frame.inlines = inlines.map(read_inline).collect();
            }
            "unloaded_modules" => {
                // Only the first unloaded module is ever named.
                let unloaded = items(Some(value)).iter().take(1);
                frame.unloaded_modules = unloaded.map(read_unloaded_module).collect();
            }
            _ => {}
        }
    }
    frame
}

fn read_inline(value: &Value) -> InlineFrame<'_> {
    let mut inline = InlineFrame::default();
    for (key, value) in value.as_object().into_iter().flatten() {
        match key.as_str() {
            "function" => inline.function = text(value),
            "file" => inline.file = text(value),
            "line" => inline.line = Scalar::from_json(value),
            _ => {}
        }
    }
    inline
}

fn read_unloaded_module(value: &Value) -> UnloadedModule<'_> {
    let members = value.as_object();
    UnloadedModule {
        module: members
            .and_then(|members| members.get("module"))
            .and_then(text),
    }
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    value.as_str().map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_the_wrong_type_count_as_missing() {
        let wrong = json!({
            "crashing_thread": {}, "reason": 5, "os": [], "threads": {"0": {}}, "hang": {"a": 1},
            "additional_minidumps": 7, "java_stack_trace": ["x"],
        });
        assert_eq!(CrashData::from_json(&wrong), CrashData::default());
        assert_eq!(
            CrashData::from_json(&json!("no object")),
            CrashData::default()
        );
        let damaged = json!({"threads": [null, {"frames": [null, {"function": 5, "inlines": 3}]}],
            "crashing_thread": 1});
        let damaged = CrashData::from_json(&damaged);
        assert_eq!(
            damaged.threads[1].frames,
            [Frame::default(), Frame::default()]
        );
    }

    #[test]
    fn only_stacks_that_can_matter_are_read() {
        let thread =
            json!({"frames": vec![json!({"function": "f", "inlines": [{"function": "g"}]}); 100]});
        let crash = json!({"crashing_thread": -1, "threads": [thread, thread, thread]});
        let crash = CrashData::from_json(&crash);
        let lengths: Vec<_> = crash
            .threads
            .iter()
            .map(|thread| thread.frames.len())
            .collect();
        assert_eq!(lengths, [20, 0, 20]);
    }

    #[test]
    fn frames_without_a_function_know_the_debug_id_of_their_module() {
        let crash = json!({
            "threads": [{"frames": [{"module": "a.so"}, {"module": "a.so", "function": "f"}, {"module": "b"}]}],
            "modules": [{"filename": "a.so", "debug_id": "ABC0"}, {"filename": "b"}, 7],
        });
        let crash = CrashData::from_json(&crash);
        let ids: Vec<_> = crash.threads[0]
            .frames
            .iter()
            .map(|frame| frame.debug_id.as_deref())
            .collect();
        assert_eq!(ids, [Some("ABC0"), None, None]);
    }

    #[test]
    fn serde_reads_the_same() {
        let text = r#"{"threads": [{"frames": [{"function": "f", "line": 7}]}], "hang": 1.5}"#;
        let crash: CrashData<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(
            crash,
            CrashData::from_json(&serde_json::from_str(text).unwrap())
        );
        assert_eq!(crash.hang, Some(Scalar::Float(1.5)));
    }
}
