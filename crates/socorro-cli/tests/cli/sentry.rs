//! Errors go to Sentry, and nothing private with them.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

use serde_json::Value;

use crate::support::{Run, Site, run};

/// A server that takes one envelope; with its DSN.
fn server() -> (JoinHandle<String>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dsn = format!("http://public@{}/1", listener.local_addr().unwrap());
    let taken = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = String::new();
        loop {
            let mut part = [0; 4096];
            let length = connection.read(&mut part).unwrap();
            assert!(length > 0, "no envelope: {request}");
            request += std::str::from_utf8(&part[..length]).unwrap();
            let Some((head, body)) = request.split_once("\r\n\r\n") else {
                continue;
            };
            let head = head.to_lowercase();
            let size = head.split("content-length: ").nth(1).unwrap();
            let size: usize = size.lines().next().unwrap().parse().unwrap();
            if body.len() >= size {
                let body = body.to_owned();
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                connection.write_all(answer.as_bytes()).unwrap();
                return body;
            }
        }
    });
    (taken, dsn)
}

#[test]
fn a_dead_letter_is_an_event_with_crash_id_and_reason() {
    let (taken, dsn) = server();
    let site = Site::new();
    site.run(["queue", "publish", Site::ID, "--ruleset", "none"])
        .succeeds();
    let mut command = site.command();
    command
        .args(["processor", "--drain"])
        .env("SENTRY_DSN", &dsn)
        .env("PRIVATE_VARIABLE", "private value");
    let processor = Run::of(&mut command);
    assert_eq!(processor.code, Some(1), "{processor:?}");
    // The server waits no longer, even if nothing was sent.
    let address = dsn.split(['@', '/']).nth(3).unwrap();
    drop(TcpStream::connect(address));
    let envelope = taken.join().unwrap();
    let event: Value = serde_json::from_str(envelope.lines().nth(2).unwrap()).unwrap();
    assert_eq!(event["tags"]["crash_id"], Site::ID, "{event}");
    assert_eq!(event["tags"]["ruleset"], "none", "{event}");
    assert_eq!(event["tags"]["reason"], "unknown_ruleset", "{event}");
    let message = event["message"].as_str().unwrap();
    assert!(message.contains("rejected: unknown_ruleset"), "{event}");
    assert!(!envelope.contains("private"), "{envelope}");
}

#[test]
fn a_dsn_that_is_none_is_told_and_not_repeated() {
    let wrong = [
        "processor",
        "--storage",
        "s3://x",
        "--queue",
        "sqlite:///x",
        "--sentry-dsn",
    ];
    let run = run(wrong.into_iter().chain(["https://secret-key"])).fails(2, &["Sentry DSN"]);
    assert!(!run.stderr.contains("secret-key"), "{run:?}");
}
