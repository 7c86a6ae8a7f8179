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
        .fails(1, &["1 noted for destinations that did not take it"])
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

#[cfg(feature = "webhook")]
#[test]
fn headers_of_a_webhook_come_from_files_and_variables_and_are_never_shown() {
    use std::io::{BufRead as _, BufReader, Write as _};

    let site = Site::new();
    site.put();
    site.publish();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = format!("hook=http://{}/", listener.local_addr().unwrap());
    let receiver = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = BufReader::new(connection.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let begin = head.len();
            request.read_line(&mut head).unwrap();
            if let Some(value) = head[begin..].strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        std::io::Read::read_exact(&mut request, &mut vec![0; length]).unwrap();
        let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
        connection.write_all(answer).unwrap();
        head
    });
    let file = site.write("token", "from a file\n");
    let mut command = site.command();
    command.env("HOOK_TOKEN", "Bearer from-a-variable").args([
        "processor",
        "--drain",
        "--verbose",
        "--destination",
        &hook,
        "--destination-header",
        "hook=Authorization=env:HOOK_TOKEN",
        "--destination-header",
        &format!("hook=X-Other=file:{file}"),
    ]);
    let run = crate::support::Run::of(&mut command).succeeds();
    assert!(!run.stderr.contains("from"), "{run:?}");
    let head = receiver.join().unwrap();
    assert!(
        head.contains("authorization: Bearer from-a-variable\r\n"),
        "{head}"
    );
    assert!(head.contains("x-other: from a file\r\n"), "{head}");
}

#[test]
fn a_bad_header_is_an_error_at_the_start() {
    let site = Site::new();
    for (header, parts) in [
        ("Authorization=env:X", &["NAME=HEADER=env:VARIABLE"][..]),
        ("hook=X=literal", &["NAME=HEADER=env:VARIABLE"]),
        ("hook=X=env:NO_SUCH_VARIABLE", &["NO_SUCH_VARIABLE"]),
        ("hook=X=file:no/such", &["no/such"]),
        ("nobody=X=env:PATH", &["no webhook named nobody"]),
        ("copy=X=env:PATH", &["no webhook named copy"]),
    ] {
        let arguments = [
            "processor",
            "--drain",
            "--destination",
            "copy=file:copy,hook=http://127.0.0.1:9/",
            "--destination-header",
            header,
        ];
        site.run(arguments).fails(2, parts);
    }
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
