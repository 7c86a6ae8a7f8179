//! Sends reports to a collector as fast as it takes them, and tells how fast that is.
//!
//! ```text
//! cargo run --release -p socorro-collector --example collector_load -- \
//!     127.0.0.1:8888 [--connections 8] [--bytes 50000] [--seconds 20] [--gzip] [--chunked] [--pid PID]
//! ```
//!
//! Each connection is used again and again, and has one report on the way at a time. All reports have the same
//! content: annotations as JSON, and a minidump of `--bytes` that gzip makes about a quarter of. With the process id of
//! the collector, its CPU time for each report and its memory are told as well, from `/proc` (Linux).

use std::{
    error::Error,
    fs,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use socorro_collector::form::{Form, Style};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What is asked for.
struct Arguments {
    address: String,
    connections: usize,
    bytes: usize,
    seconds: u64,
    gzip: bool,
    chunked: bool,
    pid: Option<u32>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self {
            address: String::new(),
            connections: 8,
            bytes: 50_000,
            seconds: 20,
            gzip: false,
            chunked: false,
            pid: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--connections" => arguments.connections = value()?.parse()?,
                "--bytes" => arguments.bytes = value()?.parse()?,
                "--seconds" => arguments.seconds = value()?.parse()?,
                "--pid" => arguments.pid = Some(value()?.parse()?),
                "--gzip" => arguments.gzip = true,
                "--chunked" => arguments.chunked = true,
                _ if word.starts_with('-') => return Err(format!("unknown option {word}").into()),
                _ => arguments.address = word,
            }
        }
        if arguments.address.is_empty() {
            return Err("say where the collector is: HOST:PORT".into());
        }
        Ok(arguments)
    }

    /// The bytes of one request.
    fn request(&self) -> Result<Vec<u8>> {
        let annotations = json!({
            "ProductName": "Firefox",
            "Version": "148.0a1",
            "ReleaseChannel": "nightly",
            "BuildID": "20260730093015",
            "CrashTime": "1785500000",
            "Notes": "x".repeat(2000),
        });
        let form = Form::in_style(Style::Firefox)
            .annotations(annotations.as_object().ok_or("no object")?)
            .file("upload_file_minidump", "load.dmp", minidump(self.bytes));
        let mut body = form.to_bytes()?.to_vec();
        let mut head = format!(
            "POST /submit HTTP/1.1\r\nHost: {}\r\nUser-Agent: load/1\r\nContent-Type: {}\r\n",
            self.address,
            form.content_type()
        );
        if self.gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&body)?;
            body = encoder.finish()?;
            head.push_str("Content-Encoding: gzip\r\n");
        }
        let mut request = head.into_bytes();
        if self.chunked {
            request.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in body.chunks(32 << 10) {
                write!(request, "{:x}\r\n", chunk.len())?;
                request.extend_from_slice(chunk);
                request.extend_from_slice(b"\r\n");
            }
            request.extend_from_slice(b"0\r\n\r\n");
        } else {
            write!(request, "Content-Length: {}\r\n\r\n", body.len())?;
            request.extend_from_slice(&body);
        }
        Ok(request)
    }
}

/// Bytes that begin like a minidump and have two bits of information each.
fn minidump(size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut bytes = b"MDMP".to_vec();
    bytes.resize_with(size.max(4), || b"\0\x01\x7f\xff"[random.usize(..4)]);
    bytes
}

/// Sends reports on one connection until the time is over; gives how long each took.
async fn send(
    address: Arc<str>,
    request: Arc<[u8]>,
    end: Instant,
    failed: Arc<AtomicUsize>,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut connection = None;
    let mut buffer = vec![0; 4096];
    while Instant::now() < end {
        let stream = match &mut connection {
            Some(stream) => stream,
            None => connection.insert(TcpStream::connect(&*address).await?),
        };
        let begin = Instant::now();
        stream.write_all(&request).await?;
        let mut length = 0;
        while !is_whole(&buffer[..length]) {
            let read = stream.read(&mut buffer[length..]).await?;
            length += read;
            if read == 0 {
                break;
            }
        }
        if buffer[..length].starts_with(b"HTTP/1.1 200") {
            times.push(begin.elapsed());
        } else {
            failed.fetch_add(1, Ordering::Relaxed);
            connection = None;
        }
    }
    Ok(times)
}

/// Whether all of an answer is there.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    length.is_some_and(|length| length == body.len().to_string())
}

/// CPU time of a process so far. The unit of the kernel is a hundredth of a second on every Linux in use.
fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("odd /proc/PID/stat")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// Resident memory of a process in MiB: now, and the most so far.
fn memory(pid: u32) -> Result<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let of = |name: &str| -> Option<f64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024.0)
    };
    of("VmRSS:")
        .zip(of("VmHWM:"))
        .ok_or("odd /proc/PID/status".into())
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let request: Arc<[u8]> = arguments.request()?.into();
    let address: Arc<str> = arguments.address.as_str().into();
    println!("{} bytes for each report", request.len());

    let cpu_before = arguments.pid.map(cpu).transpose()?;
    let failed = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let end = begin + Duration::from_secs(arguments.seconds);
    let mut senders = JoinSet::new();
    for _ in 0..arguments.connections {
        let (address, request) = (Arc::clone(&address), Arc::clone(&request));
        senders.spawn(send(address, request, end, Arc::clone(&failed)));
    }
    let mut times = Vec::new();
    while let Some(sent) = senders.join_next().await {
        times.extend(sent??);
    }
    let elapsed = begin.elapsed();

    times.sort();
    let at = |percent: usize| {
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let accepted = times.len();
    let per_second = accepted as f64 / elapsed.as_secs_f64();
    println!(
        "{accepted} accepted, {} not",
        failed.load(Ordering::Relaxed)
    );
    println!(
        "{per_second:.0} accepted/s, p50 {:.1} ms, p99 {:.1} ms",
        at(50),
        at(99)
    );
    if let (Some(pid), Some(before)) = (arguments.pid, cpu_before) {
        let used = cpu(pid)?.saturating_sub(before).as_secs_f64() * 1000.0;
        let (now, most) = memory(pid)?;
        println!(
            "{:.3} ms of CPU for each report",
            used / accepted.max(1) as f64
        );
        println!("{now:.1} MiB resident, {most:.1} MiB at most");
    }
    Ok(())
}
