//! Explanations.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop where its set-up is wrong"
)]

use serde_json::{Value, json};
use socorro_signature::{CrashData, Grouping, ListTexts, SignatureGenerator, SignatureLists};

fn generator() -> SignatureGenerator {
    let lists = SignatureLists::from_texts(&ListTexts {
        irrelevant: "# machinery\nraise$\n",
        prefix: "mem\n.*\\.dll$\n",
        with_line_numbers: "",
        sentinels: "\nassert_fail\n",
    });
    SignatureGenerator::new(lists.unwrap())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "tests write the crash in place"
)]
fn explained(generator: &SignatureGenerator, crash: Value) -> Vec<String> {
    let steps = generator.explain(&CrashData::from_json(&crash));
    steps.iter().map(ToString::to_string).collect()
}

#[test]
fn every_frame_up_to_the_last_one_taken_has_its_reason() {
    let frames = json!([
        {"function": "abort()"}, {"function": "assert_fail"}, {"function": "raise"}, {}, {"module": "a.dll"},
        {"module": "a.dll"}, {"function": "memcpy"}, {"function": "int f(int)"}, {"function": "main"},
    ]);
    let crash = json!({"threads": [{}, { "frames": frames }], "crashing_thread": 1, "hang": "x"});
    let generator = generator();
    assert_eq!(
        explained(&generator, crash),
        [
            "the stack of thread 1",
            "start     1  assert_fail  [signature_sentinels.txt:2: assert_fail]",
            "dropped   0  abort  (a sentinel follows)",
            "kept      1  assert_fail",
            "SignatureGenerationRule: assert_fail",
            "HungProcess: assert_fail -> hang: x | assert_fail",
        ]
    );
    let without_sentinel = json!({"threads": [{ "frames": frames.as_array().unwrap()[2..] }]});
    assert_eq!(
        explained(&generator, without_sentinel),
        [
            "the stack of thread 0",
            "ignored   0  raise  [irrelevant_signature_re.txt:2: raise$]",
            "ignored   1  (no name)",
            "joined    2  a.dll  [prefix_signature_re.txt:2: .*\\.dll$]",
            "ignored   3  a.dll  (same module as the frame before)",
            "joined    4  memcpy  [prefix_signature_re.txt:1: mem]",
            "kept      5  f",
            "SignatureGenerationRule: a.dll | memcpy | f",
        ]
    );
}

#[test]
fn entries_name_the_module_that_they_match() {
    let frames = json!([
        {"function": "left_over", "trust": "scan"},
        {"module": "a.dll", "module_offset": "0x2", "trust": "context"},
        {"function": "f", "trust": "cfi"},
    ]);
    let generator = generator().with_grouping(Grouping::TrustWeighted);
    assert_eq!(
        explained(&generator, json!({"threads": [{ "frames": frames }]})),
        [
            "the stack of thread 0",
            "dropped   0  left_over  (found by scanning)",
            "joined    1  a.dll@0x2  [prefix_signature_re.txt:2: .*\\.dll$]",
            "kept      2  f",
            "SignatureGenerationRule: a.dll@0x2 | f",
        ]
    );
}

#[test]
fn both_stacks_of_a_watchdog_are_explained_with_their_own_functions() {
    let crash = json!({"crashing_thread": 1, "threads": [
        {"frames": [{"function": "void hang(int)"}]}, {"frames": [{"function": "RunWatchdog()"}]},
    ]});
    let steps = generator().explain(&CrashData::from_json(&crash));
    let steps = serde_json::to_value(&steps).unwrap();
    assert_eq!(steps[1]["function"], "RunWatchdog()");
    assert_eq!(
        steps[3],
        json!({"step": "source", "kind": "native_stack", "thread": 0})
    );
    assert_eq!(
        steps[4],
        json!({
            "step": "frame", "index": 0, "name": "hang", "function": "void hang(int)", "decision": "last",
            "entry": null,
        })
    );
    assert_eq!(steps[6]["to"], "shutdownhang | hang");
}

#[test]
fn java_crashes_say_what_they_are_made_from() {
    let crash = json!({"java_stack_trace": "a.B: c\n\tat d.e(F.java:1)"});
    assert_eq!(
        explained(&generator(), crash),
        [
            "the Java stack trace",
            "SignatureGenerationRule: a.B: c at d.e(F.java)"
        ]
    );
}
