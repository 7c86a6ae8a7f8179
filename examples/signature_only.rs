//! Signatures without the rest: `cargo run --example signature_only --no-default-features --features signature`
//!
//! For a program that has stacks already, from whatever source, and wants to group crashes.

use anyhow::Result;
use serde_json::json;
use socorro::signature::{
    CrashData, Frame, Grouping, ListTexts, SignatureGenerator, SignatureLists, Thread,
};

fn main() -> Result<()> {
    // The lists that come with the product know the system libraries and runtimes.
    let generator = SignatureGenerator::default();

    // A stack taken apart by hand, innermost frame first.
    let functions = [
        "core::panicking::panic_fmt",
        "core::option::unwrap_failed",
        "app::editor::Document::save::h0123456789abcdef",
        "app::main",
    ];
    let frames = functions.map(|function| Frame {
        function: Some(function.into()),
        file: Some("/build/app/src/main.rs".into()),
        ..Frame::default()
    });
    let crash = CrashData {
        threads: vec![Thread {
            frames: frames.into(),
            ..Thread::default()
        }],
        ..CrashData::default()
    };
    let result = generator.generate(&crash);
    let expected = "core::option::unwrap_failed | app::editor::Document::save";
    anyhow::ensure!(result.signature == expected);
    println!("{}", result.signature);

    // Why that one: which frame was dropped, joined or kept, and by which entry of which list.
    for step in generator.explain(&crash) {
        println!("    {step}");
    }

    // The same from JSON: crash data, or with `from_processed_crash` a processed crash.
    let json = json!({"reason": "SIGSEGV", "threads": [{"frames": [
        {"function": "my_alloc(unsigned long)", "trust": "context"},
        {"function": "left_on_the_stack", "trust": "scan"},
        {"function": "Mesh::load(char const*)", "trust": "cfi"},
    ]}]});
    let crash = CrashData::from_json(&json);
    println!("{}", generator.generate(&crash).signature);

    // A program's own helpers belong in lists of its own: here an allocator that says nothing without its caller.
    // And frames that were found by scanning the stack need not decide.
    let lists = SignatureLists::from_texts(&ListTexts {
        prefix: "my_alloc$\n",
        ..ListTexts::default()
    })?;
    let generator = SignatureGenerator::new(lists).with_grouping(Grouping::TrustWeighted);
    let signature = generator.generate(&crash).signature;
    anyhow::ensure!(signature == "my_alloc | Mesh::load");
    println!("{signature}");
    Ok(())
}
