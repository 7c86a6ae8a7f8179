//! What holds for every input.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use socorro_signature::testkit::{generators, holds_for_bytes, holds_for_crash};
use socorro_signature::{CrashData, JavaStackTrace, SignatureGenerator, crash_data_json};

static GENERATORS: LazyLock<[SignatureGenerator; 2]> = LazyLock::new(generators);

fn check(crash: &CrashData<'_>) {
    for generator in &*GENERATORS {
        holds_for_crash(generator, crash);
    }
}

/// Keys that crash data and processed crashes have, so that random JSON gets somewhere.
const KEYS: [&str; 34] = [
    "crashing_thread",
    "reason",
    "os",
    "threads",
    "frames",
    "inlines",
    "function",
    "file",
    "line",
    "module",
    "offset",
    "unloaded_modules",
    "last_error_value",
    "java_stack_trace",
    "java_exception",
    "exception",
    "values",
    "stacktrace",
    "type",
    "filename",
    "oom_allocation_size",
    "js_large_allocation_failure",
    "abort_message",
    "async_shutdown_timeout",
    "ipc_channel_error",
    "additional_minidumps",
    "ipc_message_name",
    "hang",
    "mdsw_status_string",
    "signature",
    "json_dump",
    "crash_info",
    "system_info",
    "0",
];

/// Texts with what the rules look for.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        r"[a-z:<>() &*,`'\[\]{}$_0-9#|@é\u{1c}\n\t]{0,40}",
        r"(operator|const|RunWatchdog|IPC::ParamTraits<|clone .cold| as | in |::\$_1::|\u{e9}|/a.rs|::h1f){0,6}",
        any::<String>(),
        Just(r#"{"phase": "p", "conditions": [{"name": "é"}, NaN]}"#.to_owned()),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(6, 80, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(&KEYS[..]), inner), 0..8).prop_map(
                |members| {
                    Value::Object(
                        members
                            .into_iter()
                            .map(|(key, value)| (key.to_owned(), value))
                            .collect(),
                    )
                }
            ),
        ]
    })
}

/// A crash with one thread of frames with the given functions and files.
fn native_crash() -> impl Strategy<Value = Value> {
    let frame = (text(), text(), leaf(), text(), text()).prop_map(|(function, file, line, module, offset)| {
        json!({"function": function, "file": file, "line": line, "module": module, "offset": offset})
    });
    (
        proptest::collection::vec(frame, 0..6),
        proptest::collection::vec(any_json(), KEYS.len()),
    )
        .prop_map(|(frames, values)| {
            let mut crash: Map<String, Value> = KEYS
                .iter()
                .map(|key| (*key).to_owned())
                .zip(values)
                .collect();
            crash.insert("threads".to_owned(), json!([{ "frames": frames }]));
            Value::Object(crash)
        })
}

proptest! {
    #[test]
    fn any_json_has_a_signature_of_printable_ascii(value in any_json()) {
        check(&CrashData::from_json(&value));
    }

    #[test]
    fn any_stack_has_a_signature_of_printable_ascii(value in native_crash()) {
        check(&CrashData::from_json(&value));
    }

    #[test]
    fn both_ways_from_a_processed_crash_agree(value in native_crash()) {
        let processed = json!({"json_dump": value, "signature": "s"});
        let processed = processed.as_object().expect("an object");
        let direct = CrashData::from_processed_crash(processed);
        let converted = Value::Object(crash_data_json(processed));
        prop_assert_eq!(&direct, &CrashData::from_json(&converted));
        check(&direct);
    }

    #[test]
    fn any_text_is_a_name_an_annotation_and_a_list(text in text()) {
        holds_for_bytes(&*GENERATORS, text.as_bytes());
    }

    #[test]
    fn any_bytes_are(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        holds_for_bytes(&*GENERATORS, &bytes);
    }

    #[test]
    fn any_list_is_loaded_or_refused(
        entries in proptest::collection::vec(
            r"[a-c]{0,3}(\(|\)|\[\^?|\]|\*|\+\?|\{1,?2?\}|\||\\[dswbZAn1.<]|\(\?[imsx:=!P<#]|\^|\$|\.|é){0,6}", 0..4,
        ),
    ) {
        holds_for_bytes(&*GENERATORS, entries.join("\n").as_bytes());
    }

    #[test]
    fn public_stack_traces_hold_no_message(message in "[a-z]{12}", cause in "[a-z]{12}") {
        let text = format!("a.B: {message}\n\tat C.d(E.java:1)\nCaused by: {cause}\n\tat F.g(H.java:2)");
        let public = JavaStackTrace::parse(&text).expect("well formed").public_text();
        prop_assert!(!public.contains(&message) && !public.contains(&cause));
    }
}

#[test]
fn huge_inputs_end() {
    let long = "x".repeat(1 << 20);
    let nested =
        ["<", "(", "[", "{", "`", "IPC::ParamTraits<", "operator<"].map(|part| part.repeat(50_000));
    let closed = format!("{}{}", "A<".repeat(100_000), ">".repeat(100_000));
    for name in nested.iter().chain([&long, &closed]) {
        let frames = json!([{"function": name}, {"function": name, "file": "/a.rs"}]);
        let crash = json!({"threads": [{ "frames": frames }], "abort_message": name,
            "async_shutdown_timeout": "[".repeat(100_000), "java_exception": {}});
        let crash = CrashData::from_json(&crash);
        check(&crash);
    }
    let frames = vec![json!({"function": "memcpy", "inlines": [{"function": "memset"}]}); 100_000];
    let crash = json!({"threads": [{ "frames": frames }]});
    let crash = CrashData::from_json(&crash);
    assert_eq!(GENERATORS[0].generate(&crash).normalized_frames.len(), 40);
}
