//! `socorro show`.

use std::{fs, io::Write as _, process::Stdio};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::support::{Run, Site, program, run, run_with_input};

/// A site with a processed crash in `processed.json`, with some protected data.
fn site() -> (Site, String) {
    let site = Site::new();
    let annotations = json!({
        "uuid": Site::ID, "ProductName": "Fantasy", "Version": "1.0", "URL": "https://example.org/private",
        "Comments": "It just\nvanished.",
    });
    let annotations = site.write("annotations.json", annotations.to_string());
    let file = site.file("processed.json");
    run([
        "process",
        &site.file("crash.dmp"),
        "--annotations",
        &annotations,
        "--symbols",
        &site.file("symbols"),
        "--output",
        &file,
    ])
    .succeeds();
    (site, file)
}

fn changed(file: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut crash: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    change(&mut crash);
    crash.to_string().into_bytes()
}

#[test]
fn a_crash_is_shown_to_people() {
    let (_site, file) = site();
    run(["show", &file]).succeeds().quietly().prints(&[
        &format!("Crash id:          {}", Site::ID),
        "Product:           Fantasy 1.0",
        "Crash reason:      SIGSEGV / SEGV_MAPERR",
        "Crash address:     0x0000000000000000",
        "User comments:     It just\n                   vanished. (protected)",
        "Shown:             With protected data, not for everybody: ",
        "Thread 0 (crashed)",
        "crash_here at src/app.c:7 (context)",
        "main at src/app.c:20",
        "url: https://example.org/private (protected)",
        "Notes\n  >>> Start processing",
    ]);
}

#[test]
fn what_is_public_is_all_that_others_see() {
    let (_site, file) = site();
    for options in [&["--public"][..], &["--permissions", "public"]] {
        let shown = run(["show", &file].iter().chain(options).copied())
            .succeeds()
            .prints(&["Public fields only: ", "crash_here at src/app.c:7"]);
        assert!(!shown.stdout.contains("private"), "{shown:?}");
        assert!(!shown.stdout.contains("vanished"), "{shown:?}");
    }
    let json = run(["show", &file, "--public", "--format", "json"])
        .succeeds()
        .json();
    assert_eq!(
        (&json["product"], &json["url"]),
        (&json!("Fantasy"), &Value::Null)
    );
    run(["show", &file, "--public", "--field", "url"])
        .fails(3, &["no public field url", "protected"]);
    run(["show", &file, "--public", "--permissions", "protected"]).fails(2, &["--permissions"]);
}

#[test]
fn a_crash_comes_from_a_file_a_pipe_or_a_storage() {
    let (site, file) = site();
    let content = fs::read(&file).unwrap();
    run_with_input(["show", "-"], &content)
        .succeeds()
        .prints(&["crash_here"]);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&content).unwrap();
    let packed = site.write("processed.json.gz", packed.finish().unwrap());
    run(["show", &packed]).succeeds().prints(&["crash_here"]);

    let show = |id: &str| site.run(["show", id]);
    let absent = show(Site::ID).fails(3, &["there is no crash", Site::ID, "fetch-crash-data"]);
    assert_eq!(absent.stdout, "");
    site.put();
    show(Site::ID).fails(
        3,
        &[Site::ID, "but not processed", "socorro processor --once"],
    );
    let symbols = site.file("symbols");
    site.run(["processor", "--once", Site::ID, "--symbols", &symbols])
        .succeeds();
    for id in [
        Site::ID.to_owned(),
        format!("bp-{}", Site::ID.to_uppercase()),
        format!(
            "https://crash-stats.mozilla.org/report/index/{}?x=1",
            Site::ID
        ),
    ] {
        show(&id).succeeds().prints(&["crash_here", Site::ID]);
    }
    run(["show", Site::ID]).fails(2, &["no storage is named", "--storage"]);
    run(["show", Site::ID, "--storage", "ftp://x"]).fails(2, &["ftp"]);
    // A file goes first: trees of crashes have files of such names.
    site.write(
        Site::ID,
        changed(&file, |crash| crash["signature"] = json!("from the file")),
    );
    show(Site::ID).succeeds().prints(&["from the file"]);
}

#[test]
fn an_answer_of_crash_stats_is_shown() {
    let (_site, file) = site();
    // Public fields, in another order, and null for what its program does not know.
    let answer = changed(&file, |crash| {
        for name in ["url", "user_comments", "symbolication", "mdsw_stderr"] {
            crash.as_object_mut().unwrap().remove(name);
        }
        crash["crash_inconsistencies"] = Value::Null;
    });
    run_with_input(["show", "-"], &answer)
        .succeeds()
        .prints(&["crash_here at src/app.c:7 (context)"]);
    run_with_input(
        ["show", "-"],
        br#"{"error": "No Processed crash \u001b[2J with that id"}"#,
    )
    .fails(
        1,
        &["an answer that says: No Processed crash \u{fffd}[2J with that id"],
    );
}

#[test]
fn what_is_no_processed_crash_is_told_with_the_way_out() {
    let site = Site::new();
    let show = |content: &str| run(["show", &site.write("x.json", content)]);
    show(r#"{"ProductName": "x", "uuid": "y"}"#)
        .fails(1, &["x.json: it is a raw crash", "socorro process"]);
    show(r#"{"crash_info": {}, "system_info": {}}"#)
        .fails(1, &["it is the stackwalk", "socorro stackwalk"]);
    show("{}").fails(1, &["it is no processed crash", "signature"]);
    show("[1]").fails(
        1,
        &["a processed crash is a JSON object, and this is an array"],
    );
    show("<!doctype html>").fails(1, &["cannot read processed crash", "x.json"]);
    show("").fails(1, &["cannot read processed crash", "x.json"]);
    show(r#"{"signature": "x", "json_dump": {"#).fails(1, &["cannot read processed crash"]);
    run(["show", &site.file("crash.dmp")]).fails(1, &["it is a minidump", "socorro stackwalk"]);
    run(["show", &site.file("symbols")]).fails(1, &["it is a directory"]);
    run(["show", "missing.json"]).fails(1, &["there is no file missing.json", "36 characters"]);
    run(["show", " "]).fails(2, &["no name"]);
    run(["show"]).fails(2, &["ID|FILE"]);
}

#[test]
fn crashes_without_stacks_are_shown() {
    let site = Site::new();
    let show =
        |content: Value| run(["show", &site.write("x.json", content.to_string())]).succeeds();
    show(json!({"signature": "EMPTY: crash failed to process", "success": false})).prints(&[
        "EMPTY: crash failed to process",
        "no minidump came with the report",
    ]);
    show(json!({"signature": "x", "mdsw_status_string": "EmptyMinidump", "json_dump": null}))
        .prints(&["The minidump is empty"]);
    show(json!({"signature": "x", "json_dump": {"threads": 7, "crash_info": [], "modules": {}}}))
        .prints(&["Signature:         x"]);
    let file = site.write("x.json", r#"{"signature": "x", "json_dump": {}}"#);
    run(["show", &file, "--thread", "0"]).fails(3, &["the crash has no threads"]);
    assert_eq!(
        run(["show", &file, "--thread", "all"]).succeeds().stdout,
        ""
    );
}

#[test]
fn threads_are_shown_in_full() {
    let (_site, file) = site();
    let shown = run(["show", &file, "--thread", "0"]).succeeds();
    assert!(shown.stdout.starts_with("Thread 0 (crashed)"), "{shown:?}");
    assert!(!shown.stdout.contains("Notes"), "{shown:?}");
    assert_eq!(
        run(["show", &file, "--thread", "all"]).succeeds().stdout,
        shown.stdout
    );
    let json = run(["show", &file, "--thread", "0", "--format", "json"])
        .succeeds()
        .json();
    assert_eq!(json[0]["frames"][0]["function"], "crash_here");
    for format in ["text", "json"] {
        let missing = run(["show", &file, "--thread", "9", "--format", format]);
        missing.fails(3, &["there is no thread 9", "thread 0"]);
    }
    run(["show", &file, "--thread", "x"]).fails(2, &["from 0"]);
    run(["show", &file, "--thread", "0", "--field", "uuid"]).fails(2, &["--field"]);
}

#[test]
fn fields_and_paths_are_for_scripts() {
    let (site, file) = site();
    let show = |options: &[&str]| run(["show", &file].iter().chain(options).copied());
    assert_eq!(
        show(&["--field", "uuid"]).succeeds().stdout,
        format!("{}\n", Site::ID)
    );
    assert_eq!(
        show(&["--field", "json_dump.crash_info.type"])
            .succeeds()
            .stdout,
        "SIGSEGV / SEGV_MAPERR\n"
    );
    assert_eq!(
        show(&["--field", "product", "--field", "version"])
            .succeeds()
            .stdout,
        "product: Fantasy\nversion: 1.0\n"
    );
    let json = show(&[
        "--field",
        "product",
        "--field",
        "json_dump.threads",
        "--format",
        "json",
    ]);
    assert_eq!(
        json.succeeds().json()["json_dump.threads"][0]["frames"][0]["line"],
        7
    );
    show(&["--field", "signatur"]).fails(3, &["no field signatur", "did you mean signature?"]);

    let functions = "$.json_dump.threads[0].frames[*].function";
    assert_eq!(
        show(&["--json-path", functions]).succeeds().lines(),
        ["crash_here", "main"]
    );
    assert_eq!(
        show(&["--json-path", functions, "--format", "json"])
            .succeeds()
            .json(),
        json!(["crash_here", "main"])
    );
    assert_eq!(
        show(&[
            "--json-path",
            "$.json_dump.threads[0].frames[?@.line > 7].line"
        ])
        .succeeds()
        .stdout,
        "20\n"
    );
    show(&["--json-path", "$.nothing[*]"]).fails(3, &["nothing at $", "nothing"]);
    show(&["--json-path", "json_dump"]).fails(2, &["RFC 9535"]);

    let hostile = site.write("x.json", r#"{"signature": "a\u001b[31m\u202eb\nc"}"#);
    for options in [&["--field", "signature"], &["--json-path", "$.signature"]] {
        let shown = run(["show", &hostile].iter().chain(options).copied()).succeeds();
        assert_eq!(shown.stdout, "a\u{fffd}[31m\u{fffd}b\nc\n");
    }
}

#[test]
fn json_is_the_crash() {
    let (_site, file) = site();
    let crash: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        run(["show", &file, "--format", "json"]).succeeds().json(),
        crash
    );
}

#[test]
fn lines_are_as_long_as_asked_for_and_colour_is_for_terminals() {
    let (_site, file) = site();
    let narrow = run(["show", &file, "--width", "60"]).succeeds();
    assert!(
        narrow.lines().iter().all(|line| line.chars().count() <= 60),
        "{narrow:?}"
    );
    let plain = run(["show", &file]).succeeds();
    assert!(!plain.stdout.contains('\u{1b}'), "{plain:?}");
    let colored = run(["show", &file, "--color", "always"]).succeeds();
    assert!(
        colored.stdout.contains("\u{1b}[36mcrash_here\u{1b}[0m"),
        "{colored:?}"
    );
}

#[test]
fn a_page_is_written_whole_and_for_everybody() {
    let (site, file) = site();
    let page = site.write("crash.html", "old");
    run(["show", &file, "--html", &page]).succeeds().quietly();
    let written = fs::read_to_string(&page).unwrap();
    for part in [
        "<!doctype html>",
        "default-src 'none'",
        "crash_here",
        "src/app.c:7",
        "Public fields only",
        "</html>",
    ] {
        assert!(written.contains(part), "no {part:?} in {written}");
    }
    assert!(
        !written.contains("private") && !written.contains("<script"),
        "{written}"
    );
    assert_eq!(
        run(["show", &file, "--html", "-"]).succeeds().stdout,
        written
    );

    let protected = run(["show", &file, "--html", "-", "--permissions", "protected"]).succeeds();
    assert!(
        protected.stderr.contains("the page shows protected data"),
        "{protected:?}"
    );
    protected.prints(&[
        "https://example.org/private",
        "With protected data, not for everybody",
    ]);

    run(["show", &file, "--html", &site.file("no/crash.html")])
        .fails(1, &["cannot write", "no/crash.html"]);
    run(["show", &file, "--html", &page, "--field", "uuid"]).fails(2, &["--field"]);
    run(["show", &file, "--html", &page, "--format", "json"]).fails(2, &["--format"]);
    run(["show", &file, "--html", &page, "--thread", "9"]).fails(3, &["there is no thread 9"]);
    assert_eq!(fs::read_to_string(&page).unwrap(), written);
    let left = fs::read_dir(site.path("")).unwrap();
    assert!(left.into_iter().all(|entry| {
        !entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with(".tmp")
    }));
}

#[test]
fn a_reader_that_goes_is_no_failure() {
    let (_site, file) = site();
    let mut command = program();
    command
        .args(["show", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    Run::new(&child.wait_with_output().unwrap())
        .succeeds()
        .quietly();
}
