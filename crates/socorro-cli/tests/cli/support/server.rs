//! Symbol servers: one that takes its time, and one with files.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A symbol server that a walk waits for, until it is answered.
pub(crate) struct SlowServer(TcpListener);

impl SlowServer {
    pub(crate) fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().unwrap())
    }

    /// Waits until a walk asks.
    pub(crate) fn asked(&self) -> Question {
        let (mut connection, _) = self.0.accept().unwrap();
        // To the end of the request: closing a connection with something unread resets it, and the
        // answer may be lost.
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        Question(connection)
    }
}

/// A walk that waits for symbols.
pub(crate) struct Question(TcpStream);

impl Question {
    /// Tells it that there are none.
    pub(crate) fn has_none(mut self) {
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        self.0.write_all(answer).unwrap();
    }
}

/// A symbol server with the files of a directory.
pub(crate) struct FileServer {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl FileServer {
    pub(crate) fn start(root: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
        };
        let requests = Arc::clone(&server.requests);
        thread::spawn(move || {
            for connection in listener.incoming() {
                requests.fetch_add(1, Ordering::SeqCst);
                answer(&root, connection.unwrap());
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How often it was asked.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn answer(root: &Path, mut connection: TcpStream) {
    let mut request = BufReader::new(&connection).lines();
    let first = request.next().unwrap().unwrap();
    let path = first.split([' ', '?']).nth(1).unwrap();
    let _ = request.find(|line| line.as_ref().unwrap().is_empty());
    let file = fs::read(root.join(path.trim_start_matches('/')));
    let status = if file.is_ok() {
        "200 OK"
    } else {
        "404 Not Found"
    };
    let body = file.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(&body).unwrap();
}
