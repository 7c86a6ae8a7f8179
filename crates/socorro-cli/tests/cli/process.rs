//! `socorro process`.

use std::fs;

use serde_json::Value;

use crate::support::{Site, run};

#[test]
fn the_result_is_the_processed_crash() {
    let site = Site::new();
    let processed = run([
        "process",
        &site.file("crash.dmp"),
        "--annotations",
        &site.file("raw_crash.json"),
        "--symbols",
        &site.file("symbols"),
    ])
    .succeeds()
    .quietly();
    assert_eq!(
        processed.lines().len(),
        1,
        "not a terminal: as it is stored"
    );
    let processed = processed.json();
    assert_eq!(processed["uuid"], Site::ID);
    assert_eq!(processed["product"], "Fantasy");
    assert!(
        processed["signature"]
            .as_str()
            .unwrap()
            .contains("crash_here"),
        "{}",
        processed["signature"]
    );
    assert_eq!(
        processed["json_dump"]["crash_info"]["type"],
        "SIGSEGV / SEGV_MAPERR"
    );
}

#[test]
fn the_summary_is_for_people() {
    let site = Site::new();
    run([
        "process",
        &site.file("crash.dmp"),
        "--annotations",
        &site.file("raw_crash.json"),
        "--symbols",
        &site.file("symbols"),
        "--summary",
    ])
    .succeeds()
    .prints(&[
        "Signature:",
        Site::ID,
        "Fantasy",
        "SIGSEGV / SEGV_MAPERR",
        "crash_here at src/app.c:7",
        "Notes\n  >>> Start processing",
    ]);
}

#[test]
fn the_result_goes_into_a_file_whole() {
    let site = Site::new();
    let (dump, file) = (site.file("crash.dmp"), site.write("result.json", "old"));
    let process = run(["process", &dump, "--output", &file, "--pretty"]).succeeds();
    assert_eq!(process.stdout, "");
    let written = fs::read_to_string(&file).unwrap();
    let processed: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(processed["mdsw_status_string"], "OK");
    assert!(written.lines().count() > 20);
    run(["process", &dump, "--output", &file, "--summary"])
        .succeeds()
        .prints(&[
            "Signature:",
            "(context; symbols not found)",
            "1 of 1 modules on the stacks lack symbols",
        ]);
    run(["process", &dump, "--output", &site.file("no/result.json")])
        .fails(1, &["cannot write", "no/result.json"]);
}

#[test]
fn a_crash_without_a_valid_id_gets_one() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let minted = run(["process", &dump]).succeeds().quietly().json();
    let id = minted["uuid"].as_str().unwrap();
    assert!(id.len() == 36 && id != Site::ID, "{id}");
    let process = |uuid: &str| {
        let annotations = site.write("a.json", format!(r#"{{"uuid": "{uuid}"}}"#));
        run(["process", &dump, "--annotations", &annotations]).succeeds()
    };
    assert_eq!(
        process(&format!("bp-{}", Site::ID.to_uppercase())).json()["uuid"],
        Site::ID
    );
    for invalid in ["x", "de1bb258-cbbf-4589-a673-34f800161318"] {
        let process = process(invalid);
        assert!(process.stderr.contains("uuid is not used"), "{process:?}");
        assert_ne!(process.json()["uuid"], invalid);
    }
}

#[test]
fn further_dumps_are_walked_under_their_names() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let browser = format!("upload_file_minidump_browser={dump}");
    let processed = run(["process", &dump, "--dump", &browser])
        .succeeds()
        .json();
    assert_eq!(
        processed["additional_minidumps"],
        serde_json::json!(["upload_file_minidump_browser"])
    );
    assert_eq!(
        processed["upload_file_minidump_browser"]["mdsw_status_string"],
        "OK"
    );
    run(["process", &dump, "--dump", &browser, "--dump", &browser]).fails(2, &["given twice"]);
    run(["process", &dump, "--dump", &format!("dump={dump}")])
        .fails(2, &["upload_file_minidump is given twice"]);
    run(["process", &dump, "--dump", &dump]).fails(2, &["NAME=FILE"]);
    run(["process", &dump, "--dump", &format!("raw_crash={dump}")]).fails(2, &["reserved"]);
}

#[test]
fn a_crash_may_have_no_dump() {
    let site = Site::new();
    let annotations = site.write("java.json", r#"{"ProductName": "Fenix", "JavaStackTrace": "java.lang.Exception: boom\n\tat org.example.Main.run(Main.java:1)"}"#);
    let processed = run(["process", "--annotations", &annotations])
        .succeeds()
        .json();
    assert_eq!(processed["product"], "Fenix");
    run(["process"]).fails(2, &["FILE.dmp"]);
}

#[test]
fn a_minidump_that_cannot_be_walked_fails_and_shows_the_rest() {
    let site = Site::new();
    let annotations = site.file("raw_crash.json");
    let process = |content: &[u8]| {
        run([
            "process",
            &site.write("bad.dmp", content),
            "--annotations",
            &annotations,
        ])
    };
    for (content, status) in [
        (
            &b"This is a letter, and not a very short one at that."[..],
            "HeaderMismatch",
        ),
        (b"", "EmptyMinidump"),
        (b"MDMP", "MissingHeader"),
    ] {
        let process = process(content).fails(
            1,
            &["error: cannot walk minidump", "bad.dmp", status, "\n  "],
        );
        assert_eq!(process.json()["mdsw_status_string"], status);
        assert_eq!(process.json()["product"], "Fantasy");
    }
    run(["process", &site.file("none.dmp")]).fails(1, &["cannot read minidump", "none.dmp"]);
    run(["process", &site.file("symbols")]).fails(1, &["it is a directory"]);
}

#[test]
fn rulesets_and_signature_lists_have_to_be_there() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    run(["process", &dump, "--ruleset", "nosuch"])
        .fails(2, &["unknown ruleset \"nosuch\"", "default"]);
    run(["process", &dump, "--siglists", &site.file("symbols")]).fails(
        1,
        &["signature list", "signature_sentinels.txt", "all four"],
    );
    for list in [
        "irrelevant_signature_re.txt",
        "signatures_with_line_numbers_re.txt",
        "signature_sentinels.txt",
    ] {
        site.write(&format!("lists/{list}"), "# nothing\n");
    }
    site.write("lists/prefix_signature_re.txt", "crash_here\n");
    let process = run([
        "process",
        &dump,
        "--siglists",
        &site.file("lists"),
        "--symbols",
        &site.file("symbols"),
    ])
    .succeeds();
    assert_eq!(process.json()["signature"], "crash_here | main");
    assert!(process.stderr.contains("no entries"), "{process:?}");
    site.write("lists/prefix_signature_re.txt", "crash_(\n");
    run(["process", &dump, "--siglists", &site.file("lists")])
        .fails(1, &["prefix_signature_re.txt", "line 1"]);
}
