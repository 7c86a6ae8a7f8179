//! Grouping that does not rely on frames found by scanning nor on modules without symbols.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop where its set-up is wrong"
)]

use serde_json::{Value, json};
use socorro_signature::{CrashData, Grouping, ListTexts, SignatureGenerator, SignatureLists};

fn lists() -> SignatureLists {
    SignatureLists::from_texts(&ListTexts {
        irrelevant: "raise$\nlibgone\\.so$\n",
        prefix: "mem\n.*\\.dll$\n",
        with_line_numbers: "loop\n",
        sentinels: "panic\n",
    })
    .unwrap()
}

fn signature(grouping: Grouping, frames: &Value, modules: &Value) -> String {
    let generator = SignatureGenerator::new(lists()).with_grouping(grouping);
    let processed = json!({"json_dump": {
        "crash_info": {"crashing_thread": 0}, "threads": [{ "frames": frames }], "modules": modules,
    }});
    let processed = processed.as_object().unwrap();
    let crash = CrashData::from_processed_crash(processed);
    generator.generate(&crash).signature
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "tests write the frames in place"
)]
fn both(frames: Value) -> (String, String) {
    let modules = json!([
        {"filename": "app.exe", "debug_id": "4C4C44A85555314D1"},
        {"filename": "b.dll", "debug_id": "0000000000000000000000000000000000"},
        {"filename": "c.dll", "debug_id": "é"},
    ]);
    (
        signature(Grouping::Compatible, &frames, &modules),
        signature(Grouping::TrustWeighted, &frames, &modules),
    )
}

#[test]
fn scanned_frames_do_not_decide_where_others_can() {
    let (compatible, weighted) = both(json!([
        {"function": "memcpy", "trust": "context"},
        {"function": "left_over", "trust": "scan"},
        {"function": "also_left_over", "trust": "cfi_scan"},
        {"function": "caller", "trust": "cfi"},
    ]));
    assert_eq!(compatible, "memcpy | left_over");
    assert_eq!(weighted, "memcpy | caller");
}

#[test]
fn scanned_frames_decide_where_no_other_can() {
    let (compatible, weighted) = both(json!([
        {"function": "raise", "trust": "context"},
        {"function": "memcpy", "trust": "frame_pointer"},
        {"function": "likely_caller", "trust": "scan"},
    ]));
    assert_eq!(compatible, "memcpy | likely_caller");
    assert_eq!(weighted, compatible);
}

#[test]
fn a_scanned_sentinel_is_none_where_others_decide() {
    let (compatible, weighted) = both(json!([
        {"function": "crash", "trust": "context"},
        {"function": "panic", "trust": "scan"},
    ]));
    assert_eq!(compatible, "panic");
    assert_eq!(weighted, "crash");
}

#[test]
fn frames_without_a_symbol_are_told_apart_by_build_and_offset() {
    let frame =
        |offset| json!([{"module": "app.exe", "module_offset": offset, "trust": "context"}]);
    let (compatible, weighted) = both(frame("0x0000000000001a2b"));
    assert_eq!(compatible, "app.exe");
    assert_eq!(weighted, "app.exe/4C4C44A8@0x1a2b");
    let (compatible, weighted) = both(frame("0x0000000000001a2c"));
    assert_eq!(compatible, "app.exe");
    assert_eq!(weighted, "app.exe/4C4C44A8@0x1a2c");
}

#[test]
fn lists_are_asked_about_the_module_and_three_such_frames_are_enough() {
    let frame = |module, offset| json!({"module": module, "module_offset": offset});
    let (compatible, weighted) = both(json!([
        frame("libgone.so", "0x1"),
        frame("b.dll", "0x1"),
        frame("b.dll", "0x2"),
        frame("c.dll", "0x3"),
        frame("d.dll", "0x4"),
        {"function": "far_away"},
    ]));
    assert_eq!(compatible, "b.dll | c.dll | d.dll | far_away");
    assert_eq!(weighted, "b.dll@0x1 | b.dll@0x2 | c.dll@0x3");
    assert_eq!(
        both(json!([{"module": "b.dll"}, {"function": "f"}])).1,
        "b.dll | f"
    );
}

#[test]
fn placeholders_in_symbols_are_no_functions() {
    for function in [
        "<.text ELF section in app.exe>",
        "<name omitted>",
        "<unknown in app.exe>",
    ] {
        let (compatible, weighted) =
            both(json!([{"function": function, "module": "app.exe", "module_offset": "0x7"}]));
        assert_eq!(compatible, function);
        assert_eq!(weighted, "app.exe/4C4C44A8@0x7");
    }
}

#[test]
fn stacks_with_symbols_are_the_same_in_both() {
    let (compatible, weighted) = both(json!([
        {"function": "memcpy", "trust": "context", "module": "b.dll", "module_offset": "0x10"},
        {"function": "loop", "line": 7, "trust": "cfi"},
    ]));
    assert_eq!(compatible, "memcpy | loop:7");
    assert_eq!(weighted, compatible);
}
