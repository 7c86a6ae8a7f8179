//! A proxy in front of a server, which counts requests and breaks some of them.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
    thread,
};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Pass,
    /// The server is in trouble.
    Status(&'static str),
    /// The connection ends before the server hears of it.
    CutBefore,
    /// The connection ends when the server has done it.
    CutAfter,
    /// The answer ends in the middle.
    Torn,
    /// Nobody answers any more.
    Hold,
}

type Decide = Box<dyn Fn(usize, &str) -> Fate + Send + Sync>;

/// A proxy, on a thread of its own until the process ends.
pub(super) struct Proxy {
    endpoint: String,
    seen: Arc<Mutex<Vec<String>>>,
    held: mpsc::Receiver<()>,
}

impl Proxy {
    /// `decide` is told how many requests there were before, and the first line of this one without
    /// the version: `PUT /bucket/key`.
    pub(super) fn start(
        backend: &str,
        decide: impl Fn(usize, &str) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let backend = backend.trim_start_matches("http://").to_owned();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (hold, held) = mpsc::channel();
        let decide: Arc<Decide> = Arc::new(Box::new(decide));
        let requests = Arc::clone(&seen);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (seen, decide) = (Arc::clone(&requests), Arc::clone(&decide));
                let (backend, hold) = (backend.clone(), hold.clone());
                thread::spawn(move || {
                    // The client may go away at any time.
                    let _ = serve(&connection.unwrap(), &backend, &seen, &decide, &hold);
                });
            }
        });
        Self {
            endpoint,
            seen,
            held,
        }
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Waits until a request is held.
    pub(super) fn wait_for_hold(&self) {
        self.held.recv().unwrap();
    }

    /// The keys that were written, in order.
    pub(super) fn puts(&self) -> Vec<String> {
        self.of_method("PUT")
    }

    pub(super) fn of_method(&self, method: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let lines = seen.iter().filter_map(|line| line.strip_prefix(method));
        let keys =
            lines.filter_map(|line| line.trim_start().trim_start_matches('/').split_once('/'));
        keys.map(|(_, key)| key.to_owned()).collect()
    }
}

fn serve(
    client: &TcpStream,
    backend: &str,
    seen: &Mutex<Vec<String>>,
    decide: &Decide,
    hold: &mpsc::Sender<()>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let line = text.split(" HTTP").next().unwrap_or_default().to_owned();
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(line.clone());
        seen.len() - 1
    };
    let fate = decide(before, &line);
    let mut client = client;
    match fate {
        Fate::CutBefore => return client.shutdown(Shutdown::Both),
        Fate::Status(status) => {
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return client.write_all(answer.as_bytes());
        }
        Fate::Hold => {
            let _ = hold.send(());
            // Until the client goes away.
            let _ = reader.read(&mut [0]);
            return Ok(());
        }
        Fate::Pass | Fate::CutAfter | Fate::Torn => {}
    }
    let mut server = TcpStream::connect(backend)?;
    let head = text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    server.write_all(head.as_bytes())?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    match fate {
        Fate::CutAfter => client.shutdown(Shutdown::Both),
        Fate::Torn => client.write_all(&answer[..answer.len() - answer.len().min(5)]),
        _ => client.write_all(&answer),
    }
}
