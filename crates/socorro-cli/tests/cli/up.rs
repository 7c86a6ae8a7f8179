//! A whole crash server in one process.

use std::fs;

use serde_json::Value;

use crate::support::{
    Run, Service, Site,
    http::{get, post, report, say},
    minidump::{debug_id, minidump, symbols},
    program,
};

/// The program in the directory of a site, with nothing in its environment.
fn up(site: &Site, options: &[&str]) -> std::process::Command {
    let mut command = program();
    command.current_dir(site.path(""));
    command.args([
        "up",
        "--bind",
        "0",
        "--listen",
        "0",
        "--symbols-cache",
        "none",
    ]);
    command
        .args(["--log-format", "json", "--workers", "1"])
        .args(options);
    command
}

/// The line of what is printed that begins with this, without it.
fn told<'a>(run: &'a Run, what: &str) -> &'a str {
    let lines = run.lines();
    let line = lines.iter().find_map(|line| line.strip_prefix(what));
    line.unwrap_or_else(|| panic!("no {what:?} in {run:#?}"))
        .trim()
}

#[test]
fn from_an_empty_directory_to_a_processed_crash() {
    let site = Site::new();
    let run = Run::of(&mut up(&site, &["--demo", "--once"])).succeeds();
    let id = told(&run, "crash  ");
    assert_ne!(told(&run, "signature"), "none");
    let storage = format!("file://{}", site.file("socorro-data/crashes"));
    let shown = site.run(["show", id, "--storage", &storage, "--format", "json"]);
    let crash = shown.succeeds().json();
    assert_eq!(crash["product"], "SocorroDemo");
    let reason = crash["reason"].as_str().unwrap();
    assert!(
        reason.contains("SIGSEGV") || reason.contains("EXC_BAD_ACCESS"),
        "{reason}"
    );
}

#[test]
fn crashes_are_shown_and_processed_again_when_their_symbols_come() {
    let site = Site::new();
    let mut service = Service::spawn(&mut up(&site, &[]));
    let line: Value = serde_json::from_str(&service.wait_for("\"listening\"")).unwrap();
    let page = line["address"].as_str().unwrap().to_owned();
    let line: Value = serde_json::from_str(&service.wait_for("\"socorro is up\"")).unwrap();
    let submit = line["submit"].as_str().unwrap();
    let submit = submit
        .trim_start_matches("http://")
        .trim_end_matches("/submit");

    let annotations = [
        ("ProductName", "Fantasy"),
        ("URL", "https://private.example.org/"),
    ];
    let id = say(submit, &report(&minidump(), &annotations)).crash_id();
    service.wait_for(&format!("completed {id}"));
    let index = get(&page, "/");
    assert!(index.body.contains(&format!("/crash/{id}")), "{index:?}");
    let crash = get(&page, &format!("/crash/{id}"));
    assert_eq!(crash.code, 200, "{crash:?}");
    assert!(crash.body.contains("Fantasy"));
    assert!(
        !crash.body.contains("private.example.org"),
        "private data is shown"
    );
    assert_eq!(get(&page, "/crash/x").code, 404);
    assert_eq!(get(&page, "/status.json").json()["spool"]["entries"], 0);

    let file = symbols(debug_id());
    let refused = say(submit, &post("/symbols/", "", file.as_bytes()));
    assert_eq!(refused.code, 401, "{refused:?}");
    let token = fs::read_to_string(site.path("socorro-data/symbols-upload-token")).unwrap();
    let header = format!("auth-token: {}\r\n", token.trim());
    let taken = say(submit, &post("/symbols/", &header, file.as_bytes()));
    assert!(matches!(taken.code, 200 | 201), "{taken:?}");
    let completed = service.wait_for(&format!("completed {id}"));
    assert!(completed.contains("crash_here"), "{completed}");

    service.signal("TERM");
    let run = service.end().succeeds();
    told(&run, "try it");
    assert!(!run.stdout.contains(token.trim()), "the token is printed");
}
