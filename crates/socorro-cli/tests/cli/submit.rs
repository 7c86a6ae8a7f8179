//! `socorro submit`.

use std::{
    convert::Infallible,
    io::Read as _,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;

use crate::support::{Run, Site, program, run, run_with_input};

const ACCEPTED: (u16, &str) = (
    200,
    "CrashID=bp-de1bb258-cbbf-4589-a673-34f800160918\nOther=1\n",
);
const ANNOTATION: [&str; 2] = ["-a", "ProductName=MyApp"];

/// A report as it arrived.
struct Sent {
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A server that answers reports one after another with these answers, the last one for ever.
struct Collector {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Collector {
    fn answering(answers: &'static [(u16, &'static str)]) -> Self {
        Self::with_headers(answers, &[])
    }

    fn with_headers(
        answers: &'static [(u16, &'static str)],
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let reports = Arc::clone(&sent);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let next = Arc::new(AtomicUsize::new(0));
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (reports, next) = (Arc::clone(&reports), Arc::clone(&next));
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (reports, next) = (Arc::clone(&reports), Arc::clone(&next));
                        async move {
                            let (head, body) = request.into_parts();
                            let body = body.collect().await.unwrap().to_bytes().to_vec();
                            reports.lock().unwrap().push(Sent {
                                target: head.uri.to_string(),
                                headers: head.headers,
                                body,
                            });
                            let turn = next.fetch_add(1, Ordering::SeqCst);
                            let (code, text) = answers[turn.min(answers.len() - 1)];
                            let mut response = Response::builder().status(code);
                            for (name, value) in headers {
                                response = response.header(*name, *value);
                            }
                            let body = Full::new(Bytes::from(text));
                            Ok::<_, Infallible>(response.body(body).unwrap())
                        }
                    });
                    let connection = hyper::server::conn::http1::Builder::new();
                    tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
                }
            });
        });
        Self { address, sent }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Submits with these arguments, and waits hardly at all before trying again.
    fn submit<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Run {
        let url = self.url();
        let mut command = program();
        command
            .args(["submit", "--url", &url, "--retry-wait", "1ms"])
            .args(arguments);
        Run::of(&mut command)
    }

    /// All reports that arrived.
    fn sent(&self) -> std::sync::MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().unwrap()
    }
}

#[test]
fn a_minidump_is_sent_and_its_id_printed() {
    let site = Site::new();
    let minidump = std::fs::read(site.path("crash.dmp")).unwrap();
    let log = site.write("log.txt", "a line");
    let collector = Collector::answering(&[ACCEPTED]);
    let file = format!("log={log}");
    let told = collector
        .submit([&site.file("crash.dmp"), "-a", "A=b=c", "--file", &file])
        .succeeds()
        .quietly();
    assert_eq!(told.lines(), [Site::ID]);

    let sent = collector.sent();
    let report = &sent[0];
    assert_eq!(report.target, "/submit");
    let length = report.body.len().to_string();
    assert_eq!(report.header("content-length"), Some(&*length));
    assert_eq!(report.header("transfer-encoding"), None);
    assert_eq!(report.header("authorization"), None);
    let text = report.text();
    assert!(text.contains("name=\"A\"\r\n\r\nb=c\r\n"), "{text}");
    assert!(text.contains("name=\"upload_file_minidump\"; filename=\"crash.dmp\""));
    assert!(
        text.contains("name=\"log\"; filename=\"log.txt\""),
        "{text}"
    );
    let mut windows = report.body.windows(minidump.len());
    assert!(windows.any(|window| window == minidump));
}

#[test]
fn a_report_may_be_compressed_and_chunked() {
    let site = Site::new();
    let minidump = site.file("crash.dmp");
    let collector = Collector::answering(&[ACCEPTED]);
    for arguments in [&["--gzip"][..], &["--gzip", "--chunked"], &["--chunked"]] {
        let arguments = ANNOTATION.iter().chain(arguments).copied();
        collector.submit(arguments.chain([&*minidump])).succeeds();
    }
    let sent = collector.sent();
    let length = sent[0].body.len().to_string();
    assert_eq!(sent[0].header("content-length"), Some(&*length));
    for report in &sent[1..] {
        assert_eq!(report.header("content-length"), None);
        assert_eq!(report.header("transfer-encoding"), Some("chunked"));
    }
    for report in &sent[..2] {
        assert_eq!(report.header("content-encoding"), Some("gzip"));
        let mut plain = Vec::new();
        let mut decoder = GzDecoder::new(&*report.body);
        decoder.read_to_end(&mut plain).unwrap();
        assert!(String::from_utf8_lossy(&plain).contains("\r\n\r\nMyApp\r\n"));
    }
}

#[test]
fn annotations_come_from_files_and_the_nearest_counts() {
    let site = Site::new();
    let minidump = site.file("crash.dmp");
    site.write(
        "crash.extra",
        r#"{"A": "beside", "B": "beside", "C": "beside"}"#,
    );
    let file = site.write("more.json", r#"{"B": "file", "C": "file", "N": 7}"#);
    let collector = Collector::answering(&[ACCEPTED]);
    collector
        .submit([
            "--beside",
            "--annotations",
            &file,
            "-a",
            "C=word",
            "--json",
            &minidump,
        ])
        .succeeds();
    let wanted = json!({"A": "beside", "B": "file", "C": "word", "N": 7});
    {
        let sent = collector.sent();
        let text = sent[0].text();
        let part =
            "name=\"extra\"; filename=\"extra.json\"\r\nContent-Type: application/json\r\n\r\n";
        let (_, rest) = text.split_once(part).unwrap();
        let (json, _) = rest.split_once("\r\n").unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(json).unwrap(),
            wanted
        );
    }
    let other = site.write("other.dmp", "MDMP");
    collector
        .submit(["--beside", &other])
        .fails(1, &["no annotations beside", "other.extra", "other.json"]);
}

#[test]
fn what_may_pass_is_tried_again() {
    let collector = Collector::with_headers(
        &[(503, "Discarded=try_later"), (429, ""), (408, ""), ACCEPTED],
        &[("Retry-After", "0")],
    );
    let told = collector.submit(ANNOTATION).succeeds();
    assert_eq!(told.lines(), [Site::ID]);
    assert!(
        told.stderr.contains("503 try_later; trying again"),
        "{told:?}"
    );
    let sent = collector.sent();
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|report| report.body == sent[0].body));
}

#[test]
fn attempts_come_to_an_end() {
    let collector = Collector::answering(&[(500, "")]);
    let arguments = ANNOTATION.into_iter().chain(["--retries", "2"]);
    collector
        .submit(arguments)
        .fails(1, &["cannot submit to", "tried 3 times", "answered 500"]);
    assert_eq!(collector.sent().len(), 3);
}

#[test]
fn a_report_that_is_not_wanted_is_told() {
    let site = Site::new();
    let minidump = site.file("crash.dmp");
    let collector = Collector::answering(&[(200, "Discarded=rule_unsupported_product"), ACCEPTED]);
    let arguments = ["--format", "json", &minidump, &minidump];
    let told = collector
        .submit(arguments)
        .fails(1, &["was rejected", "rule unsupported_product"]);
    assert_eq!(
        told.json(),
        json!([
            {"file": minidump, "result": "rejected", "rule": "unsupported_product"},
            {"file": minidump, "result": "accepted", "crash_id": Site::ID},
        ])
    );
}

#[test]
fn answers_for_good_tell_the_way_out() {
    for (answer, told) in [
        (
            (400, "Discarded=malformed_no_annotations"),
            ["400 malformed_no_annotations", "-a ProductName="],
        ),
        (
            (401, "Discarded=unauthorized"),
            ["401 unauthorized", "SOCORRO_SUBMIT_TOKEN"],
        ),
        (
            (401, "Discarded=unauthorized_uuid"),
            ["unauthorized_uuid", "annotation uuid"],
        ),
        ((404, ""), ["404 Not Found", "/submit"]),
        ((413, "Discarded=malformed_too_large"), ["413", "--gzip"]),
        (
            (200, "<html>hello</html>"),
            ["no crash id", "is it a collector?"],
        ),
    ] {
        let answers: &'static [_] = Box::leak(Box::new([answer]));
        let collector = Collector::answering(answers);
        collector.submit(ANNOTATION).fails(1, &told);
        assert_eq!(collector.sent().len(), 1, "{answer:?}");
    }
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let elsewhere = &[("Location", "http://elsewhere.example/submit")];
    let collector = Collector::with_headers(&[(307, "")], elsewhere);
    collector
        .submit(ANNOTATION)
        .fails(1, &["307", "--url http://elsewhere.example/submit"]);
}

#[test]
fn a_token_is_sent_and_never_shown() {
    let collector = Collector::answering(&[ACCEPTED, (500, "")]);
    let url = collector.url().replace("http://", "http://user:s3cret@");
    let submit = || {
        let mut command = program();
        command
            .args(["submit", "-vv", "--retries", "0", "--url", &url])
            .args(ANNOTATION)
            .env("SOCORRO_SUBMIT_TOKEN", "s3cret");
        Run::of(&mut command)
    };
    let accepted = submit().succeeds();
    let failed = submit().fails(1, &["tried once"]);
    for told in [accepted, failed, run(["submit", "--help"])] {
        assert!(!format!("{told:?}").contains("s3cret"), "{told:?}");
    }
    let sent = collector.sent();
    assert_eq!(sent[0].header("authorization"), Some("Bearer s3cret"));
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let arguments = [
        "submit",
        "--url",
        &url,
        "--retries",
        "1",
        "--retry-wait",
        "1ms",
    ];
    run(arguments.into_iter().chain(ANNOTATION)).fails(1, &["tried 2 times", "`socorro up`"]);
}

#[test]
fn mistakes_are_told() {
    let site = Site::new();
    let collector = Collector::answering(&[ACCEPTED]);
    collector
        .submit([&*site.file("absent.dmp")])
        .fails(1, &["cannot read minidump", "absent.dmp"]);
    collector
        .submit(["--file", "log=/absent/log.txt", "-a", "A=b"])
        .fails(1, &["cannot read /absent/log.txt"]);
    collector
        .submit(["-a", "nonsense"])
        .fails(2, &["KEY=VALUE"]);
    run(["submit", "--url", "localhost:8888"]).fails(2, &["http://HOST:PORT/submit"]);
    assert_eq!(collector.sent().len(), 0);

    let log = site.write("log.dmp", "no minidump");
    let told = collector.submit([&*log]).succeeds();
    assert!(told.stderr.contains("is not a minidump"), "{told:?}");
}

#[test]
fn a_minidump_may_come_from_standard_input() {
    let collector = Collector::answering(&[ACCEPTED]);
    let url = collector.url();
    run_with_input(["submit", "--url", &url, "-"], b"MDMP and more")
        .succeeds()
        .quietly();
    assert!(collector.sent()[0].text().contains("MDMP and more"));
}
