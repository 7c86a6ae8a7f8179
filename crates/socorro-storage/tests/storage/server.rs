//! Servers that say whatever a test wants.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
};

/// A server that gives every request the same answer, as long as the test runs.
pub(crate) fn server(answer: &'static str) -> String {
    server_of(move |_| answer)
}

/// A server that answers by the head of the request, in lower case.
pub(crate) fn server_of(answer: impl Fn(&str) -> &'static str + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else {
                continue;
            };
            let mut request = BufReader::new(connection.try_clone().unwrap());
            let mut head = String::new();
            while request.read_line(&mut head).is_ok_and(|read| read > 2) {}
            head.make_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |length| length.trim().parse().unwrap());
            let mut body = std::io::Read::take(&mut request, length);
            let _ = std::io::copy(&mut body, &mut std::io::sink());
            // The client may have gone away.
            let _ = connection.write_all(answer(&head).as_bytes());
        }
    });
    endpoint
}
