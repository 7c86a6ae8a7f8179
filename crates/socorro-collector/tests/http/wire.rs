//! A client that sends bytes as they are, and reads answers to the letter.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long an answer is waited for before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names as they are written.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The value of the header that is written exactly so.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What Crashpad's socket reader demands: a length by the name in that case, a body, and no chunks
    /// (`util/net/http_transport_socket.cc`).
    pub(crate) fn assert_readable_for_crashpad(&self) {
        assert_eq!(self.status, 200, "{self:?}");
        let length = self.header("Content-Length").unwrap();
        assert_eq!(length.parse(), Ok(self.body.len()), "{self:?}");
        assert!(!self.body.is_empty(), "{self:?}");
        assert_eq!(self.header("Transfer-Encoding"), None, "{self:?}");
    }
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Sends; an error is for the reading to show.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Sends no more, but reads.
    pub(crate) async fn half_close(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// The next answer; `None` when the connection ended instead.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        timeout(PATIENCE, async {
            loop {
                if let Some((answer, length)) = parse(&self.read, true) {
                    self.read.drain(..length);
                    return Some(answer);
                }
                let mut buffer = [0; 4096];
                match self.stream.read(&mut buffer).await {
                    Ok(length @ 1..) => self.read.extend_from_slice(&buffer[..length]),
                    _ => return None,
                }
            }
        })
        .await
        .expect("no answer in time")
    }

    /// The answer to HEAD, which has the length of a body, but no body; the server closes behind it.
    pub(crate) async fn answer_to_head(&mut self) -> Answer {
        let read = self.stream.read_to_end(&mut self.read);
        timeout(PATIENCE, read).await.unwrap().unwrap();
        let (answer, length) = parse(&self.read, false).unwrap();
        assert_eq!(length, self.read.len(), "a body");
        answer
    }

    /// All answers until the server closes the connection.
    pub(crate) async fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(answer) = self.answer().await {
            answers.push(answer);
        }
        assert_eq!(String::from_utf8_lossy(&self.read), "", "half an answer");
        answers
    }

    /// Sends a request and gives its answer.
    pub(crate) async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Answer {
        self.send(bytes).await;
        self.answer().await.expect("the connection was closed")
    }
}

/// Sends pieces on a fresh connection, and gives all answers until it is closed.
pub(crate) async fn exchange(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
    let mut client = Client::connect(address).await;
    client.send(bytes).await;
    client.answers().await
}

/// The first answer in the bytes and its length, if it is complete.
/// Without a body only the head is looked at.
fn parse(bytes: &[u8], with_body: bool) -> Option<(Answer, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap();
    let status: u16 = status_line.split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut answer = Answer {
        status,
        headers,
        body: String::new(),
    };
    if status == 100 || !with_body {
        return Some((answer, end));
    }
    let length: usize = answer.header("Content-Length").unwrap().parse().unwrap();
    let body = bytes.get(end..end + length)?;
    answer.body = String::from_utf8(body.to_vec()).unwrap();
    Some((answer, end + length))
}
