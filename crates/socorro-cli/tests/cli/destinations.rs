//! `socorro processor --destination`.

use std::fs;

use serde_json::Value;

use crate::support::Site;

#[test]
fn every_destination_gets_the_crash() {
    let site = Site::new();
    site.put();
    site.publish();
    site.run([
        "processor",
        "--drain",
        "--destination",
        "copy=file:copy",
        "--destination",
        "telemetry=telemetry+file:reports;optional,lines=ndjson:crashes.ndjson",
    ])
    .succeeds();
    let read = |path: String| -> Value {
        serde_json::from_slice(&fs::read(site.path(&path)).unwrap()).unwrap()
    };
    let processed = site.processed().unwrap();
    assert_eq!(
        read(format!("copy/v1/processed_crash/{}", Site::ID)),
        processed
    );
    let report = read(format!("reports/v1/crash_report/20160918/{}", Site::ID));
    assert_eq!(report["uuid"], Site::ID);
    let line = read("crashes.ndjson".to_owned());
    assert_eq!(line["signature"], processed["signature"]);
    assert_eq!(line.get("user_comments"), None);
}

#[cfg(feature = "webhook")]
#[test]
fn what_a_destination_did_not_take_is_sent_later_without_processing_again() {
    let site = Site::new();
    site.put();
    site.publish();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("hook=http://{}/", listener.local_addr().unwrap());
    drop(listener);
    site.run(["processor", "--drain", "--destination", &nobody])
        .succeeds()
        .prints(&["1 processed", "1 noted for destinations"]);
    assert_eq!(site.depth(), [0; 4]);
    let notes = fs::read_dir(site.path("crashes/outbox/hook")).unwrap();
    assert_eq!(notes.count(), 1);
    site.run([
        "processor",
        "--drain",
        "--destination",
        "hook=ndjson:late.ndjson",
    ])
    .succeeds()
    .prints(&["0 processed", "1 sent to destinations late"]);
    let late = fs::read_to_string(site.path("late.ndjson")).unwrap();
    assert!(late.contains(Site::ID), "{late}");
}

#[test]
fn a_bad_destination_is_an_error_at_the_start() {
    let site = Site::new();
    for (destination, code, parts) in [
        ("copy", 2, &["NAME=URL"][..]),
        ("copy=", 2, &["NAME=URL"]),
        ("copy=file:x;sometimes", 2, &["NAME=URL;optional"]),
        ("a/b=file:x", 2, &["bad name of a destination"]),
        ("copy=file:crashes", 2, &["is the storage itself"]),
        (
            "copy=memory:",
            2,
            &["destination copy", "ends with this program"],
        ),
        (
            "copy=ftp://host",
            2,
            &["destination copy", "unknown storage scheme"],
        ),
        ("copy=file:x;everything", 2, &["for webhooks"]),
        ("lines=ndjson:", 2, &["ndjson:FILE"]),
        (
            "lines=ndjson:no/such/file",
            1,
            &["destination lines", "no/such/file"],
        ),
        ("one=file:x,one=file:y", 2, &["two destinations named one"]),
    ] {
        site.run(["processor", "--drain", "--destination", destination])
            .fails(code, parts);
    }
}
