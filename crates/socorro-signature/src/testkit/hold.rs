//! What holds for every input, whatever bytes it is made of. Shared by the fuzz target and the property tests.

use serde_json::{Value, json};

use crate::{
    CrashData, CrashInput, Grouping, JavaStackTrace, ListTexts, MAXIMUM_LENGTH, SignatureGenerator,
    SignatureLists, check_list_texts, crash_data_json,
};

/// Makes signatures from the bytes in every way they can be taken, and checks the results.
///
/// Bytes that are JSON are a crash or a processed crash. Any bytes are names of frames, texts of annotations, and
/// list entries, which are then used on the names.
///
/// # Panics
///
/// If something does not hold.
pub fn holds_for_bytes(generators: &[SignatureGenerator], bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        for generator in generators {
            holds_for_crash(generator, &CrashData::from_json(&value));
        }
        assert_eq!(CrashInput::from_json(&value).is_ok(), value.is_object());
        if let Some(processed) = value.as_object() {
            let _ = crash_data_json(processed);
            for generator in generators {
                holds_for_crash(generator, &CrashData::from_processed_crash(processed));
            }
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let crashes = crashes_of_text(&text);
    for generator in generators {
        for crash in &crashes {
            holds_for_crash(generator, &CrashData::from_json(crash));
        }
    }
    let _ = JavaStackTrace::parse(&text);
    let texts = ListTexts {
        irrelevant: &text,
        prefix: &text,
        with_line_numbers: &text,
        sentinels: &text,
    };
    let lists = SignatureLists::from_texts(&texts);
    let report = check_list_texts(&texts);
    assert!(lists.is_ok() || report.errors() > 0, "{text:?}");
    if let Ok(lists) = lists {
        let entry = lists.prefix().matching_entry(&text);
        assert_eq!(entry.is_some(), lists.prefix().matches(&text), "{text:?}");
        holds_for_crash(
            &SignatureGenerator::new(lists),
            &CrashData::from_json(&crashes[0]),
        );
    }
}

/// Crashes that have the text in all places where texts are taken apart.
fn crashes_of_text(text: &str) -> [Value; 4] {
    let frames = json!([
        {"function": text, "file": text, "line": 1, "trust": "scan"},
        {"function": text, "file": "/a.rs"},
        {"file": text, "line": text},
        {"module": text, "module_offset": text},
        {"unloaded_modules": [{"module": text}]},
        {"offset": text},
    ]);
    [
        json!({"threads": [{ "frames": frames }]}),
        json!({"threads": [{ "frames": frames }], "os": "Windows NT", "abort_message": text, "hang": text,
            "ipc_channel_error": text, "ipc_message_name": text, "oom_allocation_size": text}),
        json!({"java_stack_trace": text}),
        json!({"async_shutdown_timeout": text}),
    ]
}

/// Checks what holds for every crash: the signature fits, no rule panics, the result is the same again, and the
/// explanation ends in the signature.
///
/// # Panics
///
/// If something does not hold.
pub fn holds_for_crash(generator: &SignatureGenerator, crash: &CrashData<'_>) {
    let result = generator.generate(crash);
    assert!(
        result.signature.len() <= MAXIMUM_LENGTH,
        "{}",
        result.signature
    );
    let printable = result
        .signature
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~'));
    assert!(printable, "{:?}", result.signature);
    let panicked = result.notes.iter().any(|note| note.contains("panicked"));
    assert!(!panicked, "{:?}", result.notes);
    assert_eq!(result, generator.generate(crash));
    assert_eq!(result, generator.generate(&crash.clone().into_owned()));
    let joined =
        (!result.normalized_frames.is_empty()).then(|| result.normalized_frames.join(" | "));
    assert_eq!(result.proto_signature, joined);
    let explained = generator.explain(crash).into_iter().rev();
    let last = explained
        .filter_map(|step| match step {
            crate::Step::Signature { to, .. } => Some(to),
            _ => None,
        })
        .next();
    assert_eq!(last.unwrap_or_default(), result.signature);
}

/// A generator for each way of grouping, with the included lists.
pub fn generators() -> [SignatureGenerator; 2] {
    [Grouping::Compatible, Grouping::TrustWeighted]
        .map(|grouping| SignatureGenerator::default().with_grouping(grouping))
}
