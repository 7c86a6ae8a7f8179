//! `socorro stackwalk`.

use std::fs;

use crate::support::{Site, minidump, run, run_with_input};

#[test]
fn the_report_names_reason_functions_and_lines() {
    let site = Site::new();
    run([
        "stackwalk",
        &site.file("crash.dmp"),
        "--symbols",
        &site.file("symbols"),
    ])
    .succeeds()
    .quietly()
    .prints(&[
        "SIGSEGV / SEGV_MAPERR",
        "crash_here at src/app.c:7",
        "main at src/app.c:20",
        "Modules with symbols",
    ]);
}

#[test]
fn json_is_one_line_or_indented() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let walk = |options: &[&str]| {
        run(["stackwalk", &dump, "--json"]
            .iter()
            .chain(options)
            .copied())
        .succeeds()
    };
    let plain = walk(&[]);
    assert_eq!(plain.lines().len(), 1);
    assert_eq!(plain.json()["status"], "OK");
    assert_eq!(
        plain.json()["threads"][0]["frames"][0]["function"],
        serde_json::Value::Null
    );
    let pretty = walk(&["--pretty"]);
    assert!(pretty.lines().len() > 20);
    assert_eq!(pretty.json(), plain.json());
    run(["stackwalk", &dump, "--pretty"]).fails(2, &["--json"]);
}

#[test]
fn json_is_that_of_the_reference_to_the_byte() {
    let site = Site::new();
    let walk = run([
        "stackwalk",
        &site.file("crash.dmp"),
        "--json",
        "--symbols",
        &site.file("symbols"),
    ]);
    let walk = walk.succeeds();
    assert!(
        walk.stdout
            .starts_with(r#"{"crash_info":{"address":"0x0000000000000000","adjusted_address":"#),
        "{walk:?}"
    );
    assert_eq!(walk.stdout, format!("{}\n", walk.json()));
}

#[test]
fn frames_without_a_name_say_why() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    run(["stackwalk", &dump]).succeeds().prints(&[
        "(context; symbols not found)",
        "Unnamed frames",
        "0 of 2 frames have names. 1 of 1 modules on the stacks lack symbols",
        "this one would name up to 100 % of the unnamed frames: app.",
    ]);
    let report = run(["stackwalk", &dump, "--json", "--symbolication"]).succeeds();
    assert_eq!(report.lines().len(), 1);
    assert_eq!(report.json()["causes"][0]["reason"], "not_found");
    run(["stackwalk", &dump, "--symbolication"]).fails(2, &["--json"]);
    run([
        "stackwalk",
        &dump,
        "--symbols",
        &site.file("symbols"),
        "--json",
        "--pretty",
        "--symbolication",
    ])
    .succeeds()
    .prints(&["\"named\": 2", "\"causes\": []"]);
}

#[test]
fn the_ends_of_a_stack_will_do() {
    let site = Site::new();
    let walk = |frames: &str| {
        run([
            "stackwalk",
            &site.file("crash.dmp"),
            "--json",
            "--frames",
            frames,
        ])
    };
    let walked = walk("1").succeeds().json();
    assert_eq!(walked["threads"][0]["frame_count"], 2);
    assert_eq!(walked["threads"][0]["frames"].as_array().unwrap().len(), 1);
    walk("0").fails(2, &["--frames"]);
}

#[test]
fn standard_input_will_do() {
    let site = Site::new();
    let symbols = site.file("symbols");
    let walk = run_with_input(
        ["stackwalk", "-", "--symbols", &symbols],
        &minidump::minidump(),
    );
    walk.succeeds().prints(&["crash_here"]);
    run_with_input(["stackwalk", "-"], b"hello")
        .fails(1, &["cannot read minidump from standard input"]);
}

#[test]
fn symbols_may_be_named_by_the_variable_of_old() {
    let site = Site::new();
    let list = format!("{}, {}", site.file("crashes"), site.file("symbols"));
    let mut command = site.command();
    command
        .args(["stackwalk", "crash.dmp"])
        .env("STACKWALKER_SYMBOLS_URLS", list);
    crate::support::Run::of(&mut command)
        .succeeds()
        .prints(&["crash_here"]);
}

#[test]
fn what_is_no_minidump_is_told_with_the_way_out() {
    let site = Site::new();
    let walk = |file: &str| run(["stackwalk", file]);
    walk(&site.write(
        "text.dmp",
        "This is a letter, and not a very short one at that.",
    ))
    .fails(1, &["error: cannot read minidump", "text.dmp", "MDMP"]);
    walk(&site.write("packed.dmp", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]))
        .fails(1, &["packed.dmp", "gunzip"]);
    walk(&site.write("empty.dmp", "")).fails(1, &["empty.dmp"]);
    let whole = minidump::minidump();
    for length in [20, 40, 200] {
        walk(&site.write("cut.dmp", &whole[..length])).fails(1, &["cut.dmp", "\n  "]);
    }
    walk(&site.file("missing.dmp")).fails(
        1,
        &["cannot read minidump", "missing.dmp", "check the path"],
    );
    walk("missing.dmp").fails(1, &["missing.dmp", "looked for in /"]);
    walk(&site.file("symbols")).fails(1, &["symbols: it is a directory", "name a file in it"]);
    run([
        "stackwalk",
        &site.file("crash.dmp"),
        "--max-dump-size",
        "100b",
    ])
    .fails(1, &["crash.dmp", "100 bytes", "--max-dump-size"]);
}

#[test]
fn every_truncation_ends_with_a_report_or_an_error() {
    let site = Site::new();
    let whole = minidump::minidump();
    for length in (0..whole.len()).step_by(97) {
        let walk = run(["stackwalk", &site.write("cut.dmp", &whole[..length])]);
        match walk.code {
            Some(0) => assert!(walk.stdout.contains("Crash reason"), "{length}: {walk:?}"),
            _ => drop(walk.fails(1, &["error: ", "cut.dmp"])),
        }
    }
}

#[test]
fn symbols_that_are_no_use_cost_the_names_only() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let walk = |symbols: &str| run(["stackwalk", &dump, "--symbols", symbols]).succeeds();
    let at = |tree: &str| format!("{tree}/{}", minidump::SYMBOL_FILE);
    site.write(&at("garbage"), [0xff; 300]);
    let corrupt = walk(&site.file("garbage")).prints(&["app + 0x", "Modules with corrupt symbols"]);
    assert!(
        corrupt.stderr.contains("corrupt symbol file"),
        "{corrupt:?}"
    );
    let whole = minidump::symbols(minidump::debug_id());
    site.write(&at("cut"), &whole[..whole.find("FUNC 1000").unwrap() + 7]);
    walk(&site.file("cut")).prints(&["app + 0x"]);
    let other = "222222222222222222222222222222222";
    site.write(
        &at("other").replace(minidump::debug_id(), other),
        minidump::symbols(other),
    );
    walk(&site.file("other"))
        .prints(&["app + 0x", "Modules without symbols"])
        .quietly();
}

#[test]
fn places_that_are_none_for_symbols_are_told_with_the_way_out() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let walk = |symbols: &str| run(["stackwalk", &dump, "--symbols", symbols]);
    walk(&site.file("nowhere")).fails(1, &["nowhere does not exist", "NAME/ID/NAME.sym"]);
    walk(&site.file(&format!("symbols/{}", minidump::SYMBOL_FILE)))
        .fails(1, &["app.sym is a file", "name the directory"]);
    walk("ftp://symbols.example.org/").fails(2, &["ftp://symbols.example.org/", "http"]);
}

#[test]
fn annotations_are_read_with_the_tolerance_of_storage() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let walk = |content: &str| {
        let annotations = site.write("a.json", content);
        run(["stackwalk", &dump, "--json", "--annotations", &annotations])
    };
    let walked =
        walk(r#"{"CPUMicrocodeVersion": "0x1f", "Note": "\ud800", "Odd": NaN}"#).succeeds();
    assert_eq!(
        walked.json()["system_info"]["cpu_microcode_version"],
        "0x1f"
    );
    walk("ProductName=Firefox").fails(
        1,
        &[
            "cannot read annotations",
            "a.json",
            "not valid JSON",
            "one JSON object",
        ],
    );
    walk("[1]").fails(1, &["a.json", "expected a JSON object, found array"]);
    walk("").fails(1, &["a.json", "not valid JSON"]);
    run(["stackwalk", &dump, "--annotations", &site.file("none.json")])
        .fails(1, &["cannot read annotations", "none.json"]);
}

#[cfg(feature = "http-symbols")]
#[test]
fn a_passed_deadline_is_told_with_the_way_out() {
    let site = Site::new();
    let server = crate::support::SlowServer::start();
    run([
        "stackwalk",
        &site.file("crash.dmp"),
        "--symbols",
        &server.url(),
        "--deadline",
        "50ms",
    ])
    .fails(
        1,
        &[
            "crash.dmp",
            "walked in part",
            "deadline of 0.05 s",
            "--deadline",
        ],
    )
    .prints(&["SIGSEGV / SEGV_MAPERR", "(context; symbols not looked up)"]);
}

#[test]
fn real_crashes_are_reported() {
    let corpus = std::env::var("SOCORRO_CORPUS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus").to_owned()
    });
    let Ok(manifest) = fs::read(format!("{corpus}/manifest.json")) else {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "no corpus at {corpus}"
        );
        eprintln!("skipped: no corpus at {corpus}; SOCORRO_CORPUS says where it is");
        return;
    };
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let cases = manifest["cases"].as_array().unwrap();
    let small = |case: &&serde_json::Value| {
        case["dump_size"]
            .as_u64()
            .is_some_and(|size| size < 200_000)
            && case["symbols"] == "symbols"
    };
    for case in cases.iter().filter(small).step_by(5) {
        let file = |name: &str| format!("{corpus}/{}", case[name].as_str().unwrap());
        let walk = run([
            "stackwalk",
            &file("dump"),
            "--symbols",
            &file("symbols"),
            "--annotations",
            &file("raw_crash"),
        ])
        .succeeds();
        let function = &case["top_frames"][0]["function"];
        for expected in [&case["reason"], function]
            .into_iter()
            .filter_map(|value| value.as_str())
        {
            assert!(
                walk.stdout.contains(expected),
                "{}: no {expected}: {walk:#?}",
                case["name"]
            );
        }
    }
}
