//! The collector as its clients and operators see it.

use std::{io::Write as _, os::unix::net::UnixStream, process::Command};

use serde_json::Value;

use crate::support::{
    Run, Service, Site,
    http::{Answer, get, report, say},
    minidump::minidump,
    program,
};

/// A secret of somebody's.
const SECRET: &str = "correcthorse";

/// A collector that takes reports, and where.
fn collector(site: &Site, options: &[&str]) -> (Service, String) {
    let mut command = site.command();
    command.args(["collector", "--bind", "0", "--log-format", "json"]);
    started(command.args(options))
}

fn started(command: &mut Command) -> (Service, String) {
    let mut service = Service::spawn(command);
    let line: Value = serde_json::from_str(&service.wait_for("\"collector started\"")).unwrap();
    let url = line["submit"].as_str().unwrap();
    let address = url
        .strip_prefix("http://")
        .and_then(|url| url.strip_suffix("/submit"));
    (service, address.unwrap_or_default().to_owned())
}

/// A report that is like all others.
fn usual() -> Vec<u8> {
    report(
        &minidump(),
        &[("ProductName", "Fantasy"), ("Version", "1.0")],
    )
}

#[test]
fn what_a_client_sends_is_stored_and_published() {
    let site = Site::new();
    let (mut service, address) = collector(&site, &[]);
    let id = say(&address, &usual()).crash_id();
    let line = service.wait_for(&id);
    assert!(
        !line.contains("Fantasy"),
        "an annotation is in the log: {line}"
    );
    let raw = site.run(["storage", "cat", "raw", &id]).succeeds().json();
    assert_eq!(raw["ProductName"], "Fantasy");
    assert_eq!(raw["uuid"], id);
    assert!(raw["submitted_timestamp"].is_string(), "{raw}");
    service.signal("TERM");
    let run = service.end().succeeds();
    run.prints(&[
        "crash reports   http://localhost:",
        "curl -F upload_file_minidump=",
    ]);
    site.run(["processor", "--drain"])
        .succeeds()
        .prints(&["1 processed"]);
    let shown = site.run(["show", &id, "--field", "product"]).succeeds();
    shown.prints(&["Fantasy"]);
}

#[test]
fn everything_is_in_one_directory_when_nobody_says_more() {
    let site = Site::new();
    let mut command = program();
    command.current_dir(site.path(""));
    command.args(["collector", "--bind", "0", "--log-format", "json"]);
    let (service, address) = started(&mut command);
    let id = say(&address, &usual()).crash_id();
    service.signal("INT");
    service.end().succeeds();
    for path in ["queue.sqlite", "spool", &format!("crashes/v1/dump/{id}")] {
        assert!(site.path("socorro-data").join(path).exists(), "{path}");
    }
}

#[test]
fn it_listens_at_a_socket_in_the_file_system_and_takes_over_one_that_is_left() {
    let site = Site::new();
    let bind = format!("unix:{}", site.file("c.sock"));
    let mut command = site.command();
    command.args(["collector", "--bind", &bind, "--log-format", "json"]);
    let (mut service, _) = started(&mut command);
    service.kill();
    let (service, _) = started(&mut command);
    let mut connection = UnixStream::connect(site.path("c.sock")).unwrap();
    connection.write_all(&usual()).unwrap();
    Answer::read(connection).crash_id();
    service.signal("TERM");
    service.end().succeeds().prints(&["curl --unix-socket "]);
    assert!(!site.path("c.sock").exists());
}

#[test]
fn rules_are_read_again_and_bad_ones_change_nothing() {
    let site = Site::new();
    let everything = "[[rule]]\nname = \"all\"\ndo = \"accept\"\n";
    let nothing = "[[rule]]\nname = \"none\"\ndo = \"reject\"\n";
    let rules = site.write("rules.toml", everything);
    let (mut service, address) = collector(&site, &["--throttle", &rules]);
    say(&address, &usual()).crash_id();
    site.write("rules.toml", nothing);
    service.signal("HUP");
    service.wait_for("settings were read again");
    let answer = say(&address, &usual());
    assert_eq!((answer.code, &*answer.body), (200, "Discarded=rule_none"));
    site.write("rules.toml", "[[rule]]\nnam = 1\n");
    service.signal("HUP");
    service.wait_for("those read before stay in use");
    assert_eq!(say(&address, &usual()).body, "Discarded=rule_none");
    service.signal("TERM");
    service.end().succeeds();
}

#[test]
fn a_product_beyond_its_rate_is_discarded_also_after_settings_were_read_again() {
    let site = Site::new();
    let (mut service, address) = collector(&site, &["--rate-product", "1/h"]);
    say(&address, &usual()).crash_id();
    let beyond = "Discarded=rate_limited";
    assert_eq!(say(&address, &usual()).body, beyond);
    service.signal("HUP");
    service.wait_for("settings were read again");
    // Counts begin anew.
    say(&address, &usual()).crash_id();
    assert_eq!(say(&address, &usual()).body, beyond);
    service.signal("TERM");
    service.end().succeeds();
}

#[test]
fn operators_have_a_listener_of_their_own() {
    let site = Site::new();
    let mut command = site.command();
    command.args([
        "collector",
        "--bind",
        "0",
        "--admin-bind",
        "0",
        "--log-format",
        "json",
    ]);
    let mut service = Service::spawn(&mut command);
    let line: Value = serde_json::from_str(&service.wait_for("\"collector started\"")).unwrap();
    let admin = line["admin"].as_str().unwrap();
    let submit = line["submit"].as_str().unwrap();
    let address = submit
        .trim_start_matches("http://")
        .trim_end_matches("/submit");
    say(address, &usual()).crash_id();
    assert_eq!(get(admin, "/__spool__").json()["entries"], 0);
    let metrics = get(admin, "/metrics").body;
    assert!(metrics.contains("socorro_collector_"), "{metrics}");
    assert_eq!(get(admin, "/submit").code, 404);
    assert_eq!(get(address, "/metrics").code, 404);
    for place in [admin, address] {
        let health = get(place, "/__heartbeat__");
        assert_eq!(health.code, 200, "{health:?}");
        assert_eq!(health.json()["errors"], serde_json::json!([]));
        site.run(["healthcheck", &format!("http://{place}")])
            .succeeds();
    }
    service.signal("TERM");
    service.end().succeeds();
}

#[cfg(feature = "s3")]
#[test]
fn a_report_that_cannot_be_stored_waits_in_the_spool_until_it_can() {
    let site = Site::new();
    // Nobody is there.
    let nowhere = "s3://crashes?endpoint=http://127.0.0.1:9&region=us-east-1";
    let options = [
        "--storage",
        nowhere,
        "--verify",
        "warn",
        "--save-budget",
        "100ms",
    ];
    let mut command = site.command();
    command
        .args(["collector", "--bind", "0", "--log-format", "json"])
        .args(options);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]);
    let (mut service, address) = started(&mut command);
    let id = say(&address, &usual()).crash_id();
    service.kill();
    site.run(["storage", "cat", "raw", &id])
        .fails(1, &["not uploaded yet"]);
    let spool = site.file("socorro-data/spool");
    let drain = ["collector", "drain-spool", "--spool", &spool];
    site.run(drain).succeeds().prints(&["1 delivered, 0 left"]);
    site.run(["storage", "cat", "raw", &id]).succeeds();
    site.run(["processor", "--drain"])
        .succeeds()
        .prints(&["1 processed"]);
    // The storage has to be there at the start, unless somebody says otherwise.
    let mut strict = site.command();
    strict.args(["collector", "--bind", "0", "--storage", nowhere]);
    strict.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]);
    Run::of(&mut strict).fails(1, &["127.0.0.1:9"]);
}

#[test]
fn an_environment_of_antenna_is_understood() {
    let site = Site::new();
    let show = |names: &[(&str, &str)]| {
        let mut command = program();
        command.current_dir(site.path(""));
        command.args(["config", "show", "--format", "json"]);
        Run::of(command.envs(names.iter().copied()))
    };
    let shown = show(&[
        (
            "CRASHMOVER_CRASHSTORAGE_CLASS",
            "antenna.ext.fs.crashstorage.FSCrashStorage",
        ),
        ("CRASHMOVER_CRASHSTORAGE_FS_ROOT", "/srv/crashes"),
        (
            "BREAKPAD_THROTTLER_RULES",
            "antenna.throttler.MOZILLA_RULES",
        ),
        ("BREAKPAD_STAGE_SUBMITTER_BEARER_TOKEN", SECRET),
        ("PORT", "8000"),
    ]);
    let shown = shown.succeeds().json();
    assert!(!shown.to_string().contains(SECRET), "{shown}");
    for (key, value) in [
        ("storage.url", "file:/srv/crashes"),
        ("collector.throttle", "mozilla"),
        ("collector.submitter_token", "***"),
        ("collector.bind", "0.0.0.0:8000"),
    ] {
        let settings = shown["settings"].as_array().unwrap();
        let setting = settings.iter().find(|setting| setting["key"] == key);
        assert_eq!(setting.unwrap()["value"], value, "{key}");
    }
    show(&[("CRASHMOVER_CRASHPUBLISH_CLASS", "mine.Publisher")])
        .fails(2, &["PubSubCrashPublish", "SOCORRO_QUEUE"]);
    let mut check = program();
    check.current_dir(site.path("")).args(["config", "check"]);
    Run::of(check.env("GUNICORN_WORKERS", "4")).prints(&["GUNICORN_WORKERS has no effect"]);
}

#[test]
fn rules_are_checked_and_tried_on_reports() {
    let site = Site::new();
    let check = |arguments: &[&str]| {
        site.run(
            ["collector", "check-rules"]
                .into_iter()
                .chain(arguments.iter().copied()),
        )
    };
    check(&["open"]).succeeds().prints(&["0 warnings"]);
    let bad = site.write("bad.toml", "[[rule]]\nname = \"x\"\ndo = \"rejekt\"\n");
    check(&[&bad]).fails(2, &["bad.toml", "rejekt"]);
    let reports = site.write(
        "reports.jsonl",
        "{\"ProductName\": \"Firefox\", \"ReleaseChannel\": \"release\"}\n{\"ProductName\": \"Mine\"}\n",
    );
    let run = check(&["mozilla", "--against", &reports]).succeeds();
    run.prints(&["is_firefox_desktop", "2: REJECT 100% unsupported_product"]);
}
