//! A symbol server that takes its time.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
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
