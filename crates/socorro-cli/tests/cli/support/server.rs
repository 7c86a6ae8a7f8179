//! A symbol server that takes its time.

use std::{
    io::Write as _,
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
        Question(self.0.accept().unwrap().0)
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
