//! `socorro doctor`.

use std::fs;

use serde_json::Value;

use crate::support::{Run, Site};

/// The findings about one thing: state and message of each.
fn findings(report: &Value, name: &str) -> Vec<(String, String)> {
    let checks = report["checks"].as_array().unwrap();
    let about = checks.iter().filter(|check| check["name"] == name);
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    about
        .map(|check| (text(check, "state"), text(check, "message")))
        .collect()
}

fn states(report: &Value, name: &str) -> Vec<String> {
    findings(report, name)
        .into_iter()
        .map(|(state, _)| state)
        .collect()
}

#[test]
fn a_place_that_can_be_worked_with_is_left_as_it_was() {
    let site = Site::new();
    site.publish();
    let symbols = site.file("symbols");
    site.run(["doctor", "--symbols", &symbols, "--workers", "1"])
        .succeeds()
        .quietly()
        .prints(&[
            "a document was written",
            "conditional puts are heeded",
            "1 waiting",
        ]);
    site.run(["doctor", "--walkers", "in-process"])
        .prints(&["minidumps are walked in the processor's own process"]);
    let report = site.run([
        "doctor",
        "--symbols",
        &symbols,
        "--workers",
        "1",
        "--format=json",
    ]);
    let report = report.succeeds().json();
    assert_eq!(report["ok"], true);
    for name in [
        "settings",
        "storage",
        "queue",
        "symbols",
        "walkers",
        "temporary",
        "memory",
        "clock",
    ] {
        let states = states(&report, name);
        assert!(
            !states.is_empty() && states.iter().all(|state| state != "error"),
            "{name}"
        );
    }
    let files = |directory: &std::path::Path| -> usize {
        let mut waiting = vec![directory.to_owned()];
        let mut files = 0;
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    files += 1;
                }
            }
        }
        files
    };
    assert_eq!(files(&site.path("crashes")), 0);
}

#[test]
fn nothing_is_written_where_that_is_not_wanted() {
    let site = Site::new();
    let count = || fs::read_dir(site.path("crashes")).unwrap().count();
    let read_only = site.run(["doctor", "--read-only", "--format", "json"]);
    assert_eq!(states(&read_only.json(), "storage"), ["ok", "ok"]);
    assert_eq!(count(), 0);
    let older = format!("file://{}?layout=processor", site.file("crashes"));
    let older = site
        .run(["doctor", "--storage", &older, "--format", "json"])
        .json();
    assert!(
        findings(&older, "storage")[1]
            .1
            .contains("nothing was written"),
        "{older}"
    );
    assert_eq!(count(), 0);
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let site = Site::new();
    let mut nothing = crate::support::program();
    nothing.current_dir(site.path("")).arg("doctor");
    Run::of(&mut nothing).fails(1, &[]).prints(&[
        "no storage is set",
        "SOCORRO_STORAGE",
        "no queue is set",
        "[queue] url",
    ]);
    let missing = format!("file://{}", site.file("missing"));
    let run = site.run([
        "doctor",
        "--storage",
        &missing,
        "--temporary-path",
        &site.file("nowhere"),
        "--workers",
        "1024",
        "--max-dump-size",
        "100gb",
    ]);
    run.fails(1, &[]).prints(&[
        "error    storage",
        "make the directory",
        "error    queue",
        "warning  symbols",
        "error    temporary  cannot write to",
        "warning  memory",
    ]);
    assert!(!site.path("missing").exists() && !site.path("queue.sqlite").exists());
}

#[test]
fn dead_letters_and_warnings_about_settings_are_told() {
    let site = Site::new();
    site.publish();
    // There is no such crash: it is tried again some times, then set aside.
    let drained = site.run(["processor", "--drain", "--max-attempts", "1"]);
    assert_eq!(drained.code, Some(1), "{drained:?}");
    let mut command = site.command();
    command
        .args(["doctor", "--format", "json"])
        .env("ELASTICSEARCH_URL", "http://elasticsearch:9200")
        .env("STACKWALKER_SYMBOL_URLS", "https://example.org");
    let report = Run::of(&mut command).json();
    let settings = findings(&report, "settings");
    assert!(settings[0].1.contains("no search index"), "{settings:?}");
    assert!(
        settings[1].1.contains("mean STACKWALKER_SYMBOLS_URLS?"),
        "{settings:?}"
    );
    let [.., dead] = site.depth();
    assert_eq!(
        states(&report, "queue").contains(&"warning".to_owned()),
        dead > 0,
        "{report}"
    );
}

#[cfg(all(feature = "s3", feature = "http-symbols"))]
#[test]
fn a_check_takes_no_longer_than_it_may() {
    let site = Site::new();
    // They take connections and never answer.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let begun = std::time::Instant::now();
    let mut command = site.command();
    command
        .args([
            "doctor",
            "--timeout",
            "500ms",
            "--format",
            "json",
            "--symbols",
            &address,
        ])
        .args([
            "--storage",
            &format!("s3://bucket?endpoint={address}&region=x"),
        ])
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    let report = Run::of(&mut command).fails(1, &[]).json();
    for name in ["storage", "symbols"] {
        let findings = findings(&report, name);
        assert!(
            findings[0].1.contains("no answer within 0.5 s"),
            "{findings:?}"
        );
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
}
