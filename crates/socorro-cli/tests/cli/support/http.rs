//! Raw HTTP, as `curl` writes it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// The boundary of forms.
const BOUNDARY: &str = "------------------------5f1c0ff3e5c0a1b2";

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: String,
}

impl Answer {
    /// Reads to the end of an answer.
    pub(crate) fn read(mut connection: impl Read) -> Self {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Self {
            code: head.split(' ').nth(1).unwrap().parse().unwrap(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The id that the client was given.
    #[track_caller]
    pub(crate) fn crash_id(&self) -> String {
        assert_eq!(self.code, 200, "{self:?}");
        let id = self.body.strip_prefix("CrashID=bp-");
        let id = id.and_then(|id| id.strip_suffix('\n'));
        id.unwrap_or_else(|| panic!("no id: {self:?}")).to_owned()
    }
}

/// Says something to a server, and reads to the end of its answer.
pub(crate) fn say(address: &str, request: &[u8]) -> Answer {
    let mut connection = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(60));
    connection.set_read_timeout(patience).unwrap();
    connection.write_all(request).unwrap();
    Answer::read(connection)
}

pub(crate) fn get(address: &str, path: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    say(address, request.as_bytes())
}

/// A request with a body.
pub(crate) fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The request of `curl -F upload_file_minidump=@crash.dmp -F NAME=VALUE …`.
pub(crate) fn report(minidump: &[u8], annotations: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in annotations {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; \
         filename=\"crash.dmp\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    body.extend(head.as_bytes());
    body.extend(minidump);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let headers = format!("content-type: multipart/form-data; boundary={BOUNDARY}\r\n");
    post("/submit", &headers, &body)
}
