//! Reports as they should be, to the letter. `UPDATE_GOLDEN=1 cargo test` writes them anew.

use std::{env, fs, path::Path};

use socorro_report::{Report, Text};

use crate::{corpus, crash};

#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    for (line, (is, should)) in text.lines().zip(golden.lines()).enumerate() {
        assert_eq!(is, should, "{name}, line {}", line + 1);
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "{name}");
}

#[test]
fn a_crash_with_something_of_everything() {
    let (crash, public) = (Report::of(&crash()), Report::public(&crash()));
    assert_golden("everything", &crash.text().to_string());
    assert_golden(
        "everything-public",
        &public.text().width(Some(80)).to_string(),
    );
    assert_golden("everything-short", &crash.text().short().to_string());
    assert_golden("everything-thread", &crash.text().threads(&[2, 0]).unwrap());
    assert_eq!(crash.text().threads(&[0, 4]), Err(4));
}

#[test]
fn real_crashes() {
    const SHOWN: [&str; 6] = [
        "c-stack-overflow",
        "cpp-inlined-O2",
        "firefox-parent-segv",
        "rust-thread-panic",
        "so-unloaded",
        "windows-x86-unloaded-modules",
    ];
    for (name, crash) in corpus::crashes() {
        if SHOWN.contains(&name.as_str()) {
            let report = Report::public(&crash);
            assert_golden(&name, &report.text().width(Some(100)).to_string());
        }
    }
}

#[test]
fn every_real_crash_tells_what_it_has() {
    for (name, crash) in corpus::crashes() {
        let report = Report::of(&crash);
        let text = report.text().to_string();
        let fields = ["signature", "uuid", "product", "version", "reason"];
        for value in fields.into_iter().filter_map(|field| crash.text(field)) {
            assert!(text.contains(value), "{name}: no {value:?} in {text}");
        }
        let thread = report.walk().and_then(|walk| walk.crashing_thread());
        assert!(
            thread.is_some_and(|thread| !thread.rows.is_empty()),
            "{name}"
        );
        for line in report.text().width(Some(72)).to_string().lines() {
            assert!(line.chars().count() <= 72, "{name}: {line}");
        }
    }
}

#[test]
fn colour_only_adds_codes() {
    let report = Report::of(&crash());
    let colored = report.text().color(true).to_string();
    assert!(
        colored.contains("\x1b[36mengine::Cache::drop_all\x1b[0m"),
        "{colored}"
    );
    let mut plain = String::new();
    for (index, part) in colored.split('\x1b').enumerate() {
        let text = if index == 0 {
            part
        } else {
            part.split_once('m').unwrap().1
        };
        plain.push_str(text);
    }
    assert_eq!(plain, Text::to_string(&report.text()));
}
