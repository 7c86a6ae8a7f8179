//! Memory under attack, over real HTTP. A process of its own, so that nothing else is measured.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{fs, io::Write as _, net::SocketAddr, sync::Arc};

use flate2::{Compression, write::GzEncoder};
use socorro_collector::{
    Collector,
    form::Form,
    http::{Options, router, serve},
    throttle::Rules,
};
use socorro_queue::MemoryQueue;
use socorro_storage::{ObjectStorage, StorageOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const MIB: u64 = 1 << 20;

/// Forgets how much memory this process ever had.
fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The most memory that this process had.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

async fn start(scratch: &std::path::Path) -> SocketAddr {
    let collector = Collector::builder()
        .storage(Arc::new(ObjectStorage::memory(StorageOptions::default())))
        .queue(Arc::new(MemoryQueue::default()))
        .throttler(Arc::new(Rules::open()))
        .scratch(scratch)
        .build()
        .await
        .unwrap();
    let options = Options::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(collector, &options);
    tokio::spawn(async move { serve(listener, router, &options, std::future::pending()).await });
    address
}

/// Sends, and gives status and body of the answer.
async fn post(address: SocketAddr, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST /submit HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{head}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let mut answer = String::new();
    // Who is refused early cannot send all of it.
    let (_, read) = tokio::join!(writing.write_all(body), reading.read_to_string(&mut answer));
    if answer.is_empty() {
        read.unwrap();
    }
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.rsplit("\r\n").next().unwrap().to_owned())
}

/// A form that unpacks to 300 MB of zeros.
fn bomb(form: &Form) -> Vec<u8> {
    let whole = form.to_bytes().unwrap();
    let end = whole.len() - format!("\r\n--{}--\r\n", boundary(form)).len();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&whole[..end]).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..300 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.write_all(&whole[end..]).unwrap();
    encoder.finish().unwrap()
}

fn boundary(form: &Form) -> String {
    form.content_type().rsplit('=').next().unwrap().to_owned()
}

#[tokio::test]
async fn greedy_clients_get_little_memory() {
    let scratch = tempfile::tempdir().unwrap();
    let address = start(scratch.path()).await;
    let honest = Form::new().annotation("ProductName", "Acme").file(
        "upload_file_minidump",
        "a.dmp",
        vec![b'x'; 50_000],
    );
    let honest_body = honest.to_bytes().unwrap();
    let honest_head = format!(
        "Content-Type: {}\r\nContent-Length: {}",
        honest.content_type(),
        honest_body.len()
    );
    assert_eq!(post(address, &honest_head, &honest_body).await.0, 200);

    let form =
        Form::new()
            .annotation("ProductName", "Acme")
            .file("upload_file_minidump", "a.dmp", "MDMP");
    let packed = bomb(&form);
    assert!(packed.len() < 400_000, "{}", packed.len());
    let bomb_head = format!(
        "Content-Type: {}\r\nContent-Encoding: gzip\r\nContent-Length: {}",
        form.content_type(),
        packed.len()
    );
    let fields = (0..10_000).fold(Form::new(), |form, number| {
        form.annotation(format!("field{number}"), "value")
    });
    let fields_body = fields.to_bytes().unwrap();
    let fields_head = format!(
        "Content-Type: {}\r\nContent-Length: {}",
        fields.content_type(),
        fields_body.len()
    );
    let big_head = format!(
        "Content-Type: {}\r\nContent-Length: 104857600",
        honest.content_type()
    );
    let zeros = vec![b'x'; 1 << 20];

    forget_peak();
    let before = peak();
    let ((bomb, big), (many, honest)) = tokio::join!(
        async {
            let bomb = post(address, &bomb_head, &packed).await;
            (bomb, post(address, &big_head, &zeros).await)
        },
        async {
            let many = post(address, &fields_head, &fields_body).await;
            let mut honest = Vec::new();
            for _ in 0..50 {
                honest.push(post(address, &honest_head, &honest_body).await.0);
            }
            (many, honest)
        }
    );
    let too_large = (413, "Discarded=malformed_too_large".to_owned());
    assert_eq!(bomb, too_large);
    assert_eq!(big, too_large);
    let too_many = (400, "Discarded=malformed_too_many_parts".to_owned());
    assert_eq!(many, too_many);
    assert_eq!(honest, [200; 50]);
    let grown = peak() - before;
    println!("{} KiB more", grown / 1024);
    // With the storage, which keeps 2.5 MB of honest reports in memory.
    assert!(grown < 16 * MIB, "{grown} bytes");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}
