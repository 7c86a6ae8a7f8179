//! Programs that are clients, and what others are known to send.

use std::{io::Write as _, path::Path, process::Command};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use socorro_collector::{
    form::{Form, Style},
    http::{Options, UploadToken, UploadTokens},
};

use crate::{
    recorded::skip,
    vectors::{World, id_of},
    wire::{Answer, Client},
};

const CRASHPAD: &str = "Crashpad/0.8.0 (Linux)";

impl World {
    /// One that keeps everything.
    async fn open() -> Self {
        Self::new(&open()).await
    }

    fn url(&self) -> String {
        format!("http://{}/submit", self.server.address)
    }

    /// Checks that one report is stored, with a product and a minidump of that many bytes.
    async fn assert_has(&self, answer: &str, product: &str, minidump: usize) {
        let id = answer.trim().strip_prefix("CrashID=bp-").unwrap();
        let id = id.parse().unwrap();
        assert_eq!(self.published().await, 1);
        let raw_crash = self.raw_crash(&id).await.unwrap();
        assert_eq!(raw_crash["ProductName"], product);
        assert_eq!(self.minidump(&id).await.len(), minidump);
    }
}

fn open() -> Value {
    json!({"config": {"rules": "open", "products": "all"}})
}

/// Runs a program without holding up the service; `None` where it is not installed.
async fn run(mut command: Command) -> Option<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = match output.await.unwrap() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skip(&format!("{name} is not installed"));
            return None;
        }
        Err(error) => panic!("{name}: {error}"),
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {stderr}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn minidump(size: usize) -> Vec<u8> {
    let mut bytes = b"MDMP".to_vec();
    bytes.resize(size, b'x');
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn curl(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--noproxy", "*"]);
    command.args(arguments).arg(url);
    command
}

fn write(directory: &Path, name: &str, content: &[u8]) -> String {
    let path = directory.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Forms as curl writes them, which is how Breakpad on Linux sends. A large one asks first whether it may.
#[tokio::test]
async fn curl_sends_forms() {
    let directory = tempfile::tempdir().unwrap();
    for size in [100, 3 << 20] {
        for framing in ["Accept: */*", "Transfer-Encoding: chunked"] {
            let world = World::open().await;
            let path = write(directory.path(), "a.dmp", &minidump(size));
            let file = format!("upload_file_minidump=@{path}");
            let form = ["-H", framing, "-F", "ProductName=Acme", "-F", &file];
            let Some(answer) = run(curl(&world.url(), &form)).await else {
                return;
            };
            world.assert_has(&answer, "Acme", size).await;
        }
    }
}

#[tokio::test]
async fn curl_sends_gzip() {
    let directory = tempfile::tempdir().unwrap();
    let form = Form::new().annotation("ProductName", "Acme").file(
        "upload_file_minidump",
        "a.dmp",
        minidump(1 << 20),
    );
    let body = gzip(&form.to_bytes().unwrap());
    let path = format!("@{}", write(directory.path(), "body", &body));
    let content_type = format!("Content-Type: {}", form.content_type());
    for framing in ["Accept: */*", "Transfer-Encoding: chunked"] {
        let world = World::open().await;
        let encoding = "Content-Encoding: gzip";
        let arguments = [
            "-H",
            framing,
            "-H",
            encoding,
            "-H",
            &content_type,
            "--data-binary",
            &path,
        ];
        let Some(answer) = run(curl(&world.url(), &arguments)).await else {
            return;
        };
        world.assert_has(&answer, "Acme", 1 << 20).await;
    }
}

/// curl reads the answer while it sends.
#[tokio::test]
async fn curl_is_told_that_it_is_too_much() {
    let directory = tempfile::tempdir().unwrap();
    let path = write(directory.path(), "big", &vec![b'x'; 30 << 20]);
    let file = format!("upload_file_minidump=@{path}");
    for framing in ["Accept: */*", "Transfer-Encoding: chunked", "Expect:"] {
        let world = World::open().await;
        let arguments = ["-H", framing, "-w", " %{http_code}", "-F", &file];
        let Some(answer) = run(curl(&world.url(), &arguments)).await else {
            return;
        };
        assert_eq!(answer, "Discarded=malformed_too_large 413", "{framing}");
    }
}

#[tokio::test]
async fn python_requests_sends_forms() {
    let script = "
import sys
try:
    import requests
except ImportError:
    print('no requests')
    sys.exit()
session = requests.Session()
session.trust_env = False
answers = set()
for _ in range(2):
    answer = session.post(sys.argv[1], data={'ProductName': 'Acme', 'Version': '1.0'},
        files={'upload_file_minidump': ('a.dmp', b'MDMP' + b'x' * 96)})
    assert answer.status_code == 200, answer.text
    answers.add(answer.text)
assert len(answers) == 2
";
    let world = World::open().await;
    let mut command = Command::new("python3");
    command.args(["-c", script, &world.url()]);
    match run(command).await.as_deref() {
        None => {}
        Some("") => assert_eq!(world.published().await, 2),
        Some(missing) => skip(&format!("Python has {missing}")),
    }
}

/// A token that is for one product.
#[tokio::test]
async fn tokens_are_for_products() {
    let tokens = vec![UploadToken::new("s3cret", vec!["Acme".to_owned()])];
    let options = Options {
        tokens: UploadTokens::new(tokens),
        ..Options::default()
    };
    let world = World::with_options(&open(), options).await;
    let mut client = Client::connect(world.server.address).await;
    for (product, status) in [("Acme", 200), ("Other", 401)] {
        let form = Form::new().annotation("ProductName", product);
        let body = form.to_bytes().unwrap();
        let head = format!(
            "POST /submit?token=s3cret HTTP/1.1\r\nHost: a\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            form.content_type(),
            body.len()
        );
        let answer = client.ask([head.as_bytes(), &body].concat()).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(world.saved().await.len(), 1);
}

/// All of a body in chunks as Crashpad cuts it.
fn chunked(head: &str, body: &[u8]) -> Vec<u8> {
    let mut request = head.as_bytes().to_vec();
    for chunk in body.chunks(32 << 10) {
        write!(request, "{:x}\r\n", chunk.len()).unwrap();
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

/// A report of Crashpad: plain or compressed, by each of its transports.
#[tokio::test]
async fn crashpad_needs_no_proxy() {
    let form = Form::in_style(Style::Crashpad)
        .annotation("ProductName", "Acme")
        .annotation("guid", "5e1286fc-da97-479e-918b-6bfb0c3d1c72")
        .file("upload_file_minidump", "5e1286fc.dmp", minidump(100_000));
    let plain = form.to_bytes().unwrap();
    for version in ["1.0", "1.1"] {
        for compressed in [false, true] {
            let world = World::open().await;
            let encoding = if compressed {
                "Content-Encoding: gzip\r\n"
            } else {
                ""
            };
            let head = format!(
                "POST /submit?product=Acme&version=1&guid=5e1286fc HTTP/{version}\r\nHost: a\r\n\
                 User-Agent: {CRASHPAD}\r\nContent-Type: {}\r\n{encoding}Transfer-Encoding: chunked\r\n\r\n",
                form.content_type()
            );
            let body = if compressed {
                gzip(&plain)
            } else {
                plain.to_vec()
            };
            let mut client = Client::connect(world.server.address).await;
            let answer: Answer = client.ask(chunked(&head, &body)).await;
            answer.assert_readable_for_crashpad();
            assert!(id_of(&answer).is_some());
            world.assert_has(&answer.body, "Acme", 100_000).await;
        }
    }
}
