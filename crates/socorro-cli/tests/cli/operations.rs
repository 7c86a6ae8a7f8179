//! What operators see of a processor that runs.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream, UdpSocket},
    time::Duration,
};

use serde_json::Value;

use crate::support::{Run, Service, Site, run};

const LISTEN: [&str; 2] = ["--listen", "0"];

/// An answer over HTTP.
#[derive(Debug)]
struct Answer {
    code: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Says something to a server, and reads to the end of its answer.
fn say(address: &str, request: &str) -> Answer {
    let mut connection = TcpStream::connect(address).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        code: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

fn get(address: &str, path: &str) -> Answer {
    say(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"),
    )
}

/// A processor that listens, and where.
fn listening(site: &Site, options: &[&str]) -> (Service, String) {
    let mut command = site.command();
    command.args(["processor", "--workers", "1", "--log-format", "json"]);
    command.args(options).args(LISTEN);
    let mut service = Service::spawn(&mut command);
    let line: Value = serde_json::from_str(&service.wait_for("\"listening\"")).unwrap();
    (service, line["address"].as_str().unwrap().to_owned())
}

/// Waits until a page says something: what is behind it is looked at every ten seconds.
fn wait_for(address: &str, path: &str, holds: impl Fn(&Answer) -> bool) -> Answer {
    let mut answer = get(address, path);
    for _ in 0..600 {
        if holds(&answer) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(50));
        answer = get(address, path);
    }
    panic!("{path} never says it: {answer:?}");
}

#[test]
fn the_pages_tell_how_it_is_going() {
    let site = Site::new();
    let (mut service, address) = listening(&site, &[]);
    site.put();
    site.publish();
    service.wait_for("\"message\":\"completed ");

    let version = get(&address, "/__version__");
    assert_eq!(version.json()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(get(&address, "/__lbheartbeat__").json()["ok"], true);
    let heartbeat = wait_for(&address, "/__heartbeat__", |answer| {
        answer.json()["checks"]["storage"].is_object()
    });
    assert_eq!(heartbeat.code, 200, "{heartbeat:?}");
    let checks = heartbeat.json()["checks"].clone();
    for check in ["storage", "queue", "receive", "workers", "disk"] {
        assert_eq!(checks[check]["ok"], true, "{check}: {checks}");
    }
    let status = wait_for(&address, "/status.json", |answer| {
        answer.json()["done"]["processed"] == 1
    });
    let status = status.json();
    assert_eq!(status["phase"], "receiving");
    assert_eq!(status["workers"]["total"], 1);
    assert_eq!(status["queue"]["dead_letters"], 0);
    let page = get(&address, "/");
    assert!(
        page.body.contains("socorro processor: receiving"),
        "{page:?}"
    );
    assert!(page.head.contains("default-src 'none'"), "{page:?}");
    assert!(!page.body.contains("<script"), "{page:?}");

    let metrics = get(&address, "/metrics").body;
    for line in [
        "socorro_processor_save_processed_crash_total 1",
        "socorro_processor_queue_received_total{lane=\"standard\"} 1",
        "socorro_processor_process_crash_milliseconds_count{ruleset=\"default\"} 1",
        "socorro_processor_minidumpstackwalk_run_total{outcome=\"success\",exitcode=\"0\"} 1",
        "socorro_processor_rule_act_timing_milliseconds_count{rule=\"IdentifierRule\"} 1",
        "socorro_processor_queue_depth{lane=\"standard\",state=\"waiting\"} 0",
        "socorro_processor_load_bytes_count 1",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    assert!(!metrics.contains(Site::ID), "{metrics}");
    service.signal("TERM");
    service.end().succeeds();
}

#[test]
fn what_is_no_page_is_refused() {
    let site = Site::new();
    let (service, address) = listening(&site, &[]);
    assert_eq!(get(&address, "/nothing").code, 404);
    assert_eq!(get(&address, "/../etc/passwd").code, 404);
    let post = "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(say(&address, post).code, 405);
    let endless = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let mut connection = TcpStream::connect(&address).unwrap();
    // The server may hang up before it has read all of it.
    let _ = connection.write_all(endless.as_bytes());
    assert_eq!(get(&address, "/__lbheartbeat__").code, 200);
    service.signal("TERM");
    service.end().succeeds();
}

#[test]
fn an_address_that_is_taken_is_told_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    // Neither storage nor queue is there: the address is looked at first.
    let arguments = [
        "processor",
        "--storage",
        "s3://x",
        "--queue",
        "sqlite:///no/such",
    ];
    run(arguments.into_iter().chain(["--listen", &port])).fails(
        1,
        &[&format!("cannot listen at 127.0.0.1:{port}"), "--listen"],
    );
    run(["processor", "--listen", "nonsense"]).fails(2, &["it is written like 8000"]);
}

#[test]
fn a_healthcheck_says_what_is_wrong() {
    let site = Site::new();
    let (mut service, address) = listening(&site, &[]);
    let url = format!("http://{address}/__heartbeat__");
    run(["healthcheck", &url])
        .succeeds()
        .prints(&["\"ok\":true"]);
    run(["healthcheck", &format!("http://{address}")])
        .succeeds()
        .prints(&["\"ok\":true"]);
    let by_variable = Run::of(
        site.command()
            .arg("healthcheck")
            .env("SOCORRO_LISTEN", &address),
    );
    by_variable.succeeds();
    std::fs::rename(site.path("crashes"), site.path("elsewhere")).unwrap();
    service.wait_for("unhealthy");
    let sick = run(["healthcheck", &url]);
    assert_eq!(sick.code, Some(1), "{sick:?}");
    assert!(sick.stdout.contains("\"name\":\"storage\""), "{sick:?}");
    service.signal("TERM");
    service.end().succeeds();
    run(["healthcheck", &url]).fails(1, &["cannot ask", &address]);
    run(["healthcheck"]).fails(2, &["no URL to ask"]);
    run(["healthcheck", "https://example.org/"]).fails(2, &["only http://"]);
}

#[cfg(feature = "http-symbols")]
#[test]
fn a_processor_that_drains_leaves_the_load_balancer_and_shows_what_it_finishes() {
    let site = Site::new();
    let symbols = crate::support::SlowServer::start();
    let (mut service, address) = listening(&site, &["--symbols", &symbols.url()]);
    site.put();
    site.publish();
    let walk = symbols.asked();
    service.signal("TERM");
    service.wait_for("detected SIGTERM");
    let heartbeat = wait_for(&address, "/__lbheartbeat__", |answer| answer.code == 503);
    assert_eq!(heartbeat.json()["ok"], false);
    let status = get(&address, "/status.json").json();
    assert_eq!(status["phase"], "draining");
    assert_eq!(status["in_work"][0]["crash_id"], Site::ID);
    assert_eq!(status["in_work"][0]["stage"], "transform");
    walk.has_none();
    service.end().succeeds();
}

#[test]
fn a_signal_writes_what_is_going_on() {
    let site = Site::new();
    let (mut service, _) = listening(&site, &[]);
    service.signal("USR1");
    let line: Value = serde_json::from_str(&service.wait_for("\"message\":\"status\"")).unwrap();
    assert_eq!((&line["workers"], &line["in_work"]), (&1.into(), &0.into()));
    service.signal("TERM");
    service.end().succeeds();
}

#[test]
fn the_log_has_the_lines_that_operators_look_for() {
    let site = Site::new();
    let (mut service, _) = listening(&site, &[]);
    site.put();
    site.publish();
    let id = Site::ID;
    for message in [
        format!("starting {id} with default"),
        format!("processing with default for crash {id}"),
        format!("finishing successful transform for crash: {id}"),
        format!("saved {id}"),
        format!("completed {id}"),
    ] {
        let line = service.wait_for(&format!("\"message\":\"{message}\""));
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["crash_id"], id, "{line}");
        if message.starts_with("completed") {
            assert_eq!(
                (&line["ruleset"], &line["queue"]),
                (&"default".into(), &"standard".into())
            );
            assert_eq!(line["attempt"], 1);
            assert!(
                line["duration_ms"].is_u64() && line["signature"].is_string(),
                "{line}"
            );
        }
    }
    site.run([
        "queue",
        "publish",
        "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123",
        "--ruleset",
        "none",
    ])
    .succeeds();
    service.wait_for("0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123 rejected: unknown_ruleset");
    service.signal("TERM");
    service.end().succeeds();
}

#[test]
fn metrics_go_to_a_statsd_server() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let address = server.local_addr().unwrap().to_string();
    let site = Site::new();
    site.put();
    site.publish();
    site.run([
        "processor",
        "--drain",
        "--workers",
        "1",
        "--statsd",
        &address,
    ])
    .succeeds();
    // All of it has arrived: the program has ended.
    server.set_nonblocking(true).unwrap();
    let mut lines = Vec::new();
    let mut datagram = [0; 2000];
    while let Ok(length) = server.recv(&mut datagram) {
        lines.push(String::from_utf8(datagram[..length].to_vec()).unwrap());
    }
    let host = lines[0].rsplit_once("host:").unwrap().1.to_owned();
    for (begin, end) in [
        ("socorro.processor.save_processed_crash:1|c", ""),
        ("socorro.processor.queue.received:1|c", "lane:standard,"),
        ("socorro.processor.process_crash:", "|ms|#ruleset:default,"),
        (
            "socorro.processor.rule.act.timing:",
            "|ms|#rule:IdentifierRule,",
        ),
        (
            "socorro.processor.minidumpstackwalk.run:1|c",
            "outcome:success,exitcode:0,",
        ),
        ("socorro.processor.workers.busy:1|g", ""),
        ("socorro.processor.load.bytes:", "|h|#"),
    ] {
        let end = format!("{end}host:{host}");
        let found = lines
            .iter()
            .any(|line| line.starts_with(begin) && line.ends_with(&end));
        assert!(found, "no {begin}…{end} in {lines:#?}");
    }
}

#[test]
fn a_statsd_server_without_an_address_is_told_at_once() {
    let site = Site::new();
    site.run(["processor", "--drain", "--statsd", "no.such.host.invalid"])
        .fails(
            1,
            &[
                "cannot send metrics to no.such.host.invalid:8125",
                "--statsd",
            ],
        );
}
