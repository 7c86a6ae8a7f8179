//! `socorro waitfor`.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use crate::support::run;

/// Answers requests one after the other with these codes, the last one for ever; its URL.
fn server(codes: &'static [u16]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let last = codes.last().into_iter().cycle();
        for (stream, code) in listener.incoming().zip(codes.iter().chain(last)) {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let answer =
                format!("HTTP/1.1 {code} Such\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[cfg(feature = "crash-stats")]
#[test]
fn it_asks_until_the_answer_is_good() {
    let url = server(&[500, 503, 200]);
    let told = run(["waitfor", "-v", &url]).succeeds();
    assert_eq!(told.stdout, "");
    assert!(told.stderr.contains("the answer is 503"), "{told:?}");
    run(["waitfor", "--codes", "404, 418", &server(&[200, 418])])
        .succeeds()
        .quietly();
}

#[cfg(feature = "crash-stats")]
#[test]
fn it_gives_up_when_the_time_is_over() {
    let url = server(&[500]);
    run(["waitfor", "--timeout", "0", &url]).fails(1, &["is not there after", "the answer is 500"]);
    run([
        "waitfor",
        "--timeout",
        "0",
        "http://user:secret@127.0.0.1:9/?key=secret",
    ])
    .fails(1, &["http://127.0.0.1:9/ is not there after"]);
}

#[test]
fn a_connection_may_be_enough() {
    let url = server(&[500]).replace("http:", "postgresql:");
    run(["waitfor", "--conn-only", &url]).succeeds().quietly();
    run([
        "waitfor",
        "--conn-only",
        "--timeout",
        "250ms",
        "tcp://127.0.0.1:9",
    ])
    .fails(1, &["127.0.0.1:9 is not there after 250ms"]);
    run(["waitfor", &url]).fails(2, &["postgresql:", "--conn-only"]);
    run(["waitfor", "--conn-only", "tcp://127.0.0.1"]).fails(2, &["no host and port"]);
    run(["waitfor", "--codes", "ok", &url]).fails(2, &["from 100 to 599"]);
    run(["waitfor", "nonsense"]).fails(2, &["nonsense"]);
}
