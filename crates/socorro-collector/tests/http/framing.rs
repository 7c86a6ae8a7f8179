//! How requests begin and end.

use socorro_collector::http::Options;

use crate::{
    server::{ID, Server, Stub},
    wire::{Client, exchange},
};

const LENGTH: &str = "POST /submit HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str = "POST /submit HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";

async fn start() -> (Stub, Server) {
    let stub = Stub::default();
    let server = Server::start(stub.clone(), Options::default()).await;
    (stub, server)
}

#[tokio::test]
async fn chunks_of_http_1_0_are_taken() {
    let (stub, server) = start().await;
    let request = CHUNKED.replace("HTTP/1.1", "HTTP/1.0");
    let answers = exchange(server.address, request).await;
    assert_eq!(answers.len(), 1);
    answers[0].assert_readable_for_crashpad();
    assert_eq!(answers[0].header("Connection"), Some("close"));
    assert_eq!(stub.bodies(), ["hello"]);
}

#[tokio::test]
async fn http_1_0_closes_even_if_asked_not_to() {
    let (_, server) = start().await;
    let request = LENGTH.replace("HTTP/1.1\r\n", "HTTP/1.0\r\nConnection: keep-alive\r\n");
    let answers = exchange(server.address, request).await;
    assert_eq!(answers.len(), 1);
    answers[0].assert_readable_for_crashpad();
}

#[tokio::test]
async fn connections_are_kept() {
    let (stub, server) = start().await;
    let mut client = Client::connect(server.address).await;
    for request in [LENGTH, CHUNKED, LENGTH, CHUNKED] {
        let answer = client.ask(request).await;
        answer.assert_readable_for_crashpad();
        assert_eq!(answer.body, format!("CrashID=bp-{ID}\n"));
        assert_eq!(answer.header("Connection"), None);
    }
    assert_eq!(stub.bodies(), ["hello"; 4]);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (stub, server) = start().await;
    let version = "GET /__version__ HTTP/1.1\r\nHost: a\r\n\r\n";
    let old = LENGTH.replace("1.1", "1.0").replace("hello", "there");
    let requests = [LENGTH, CHUNKED, version, LENGTH, &old].concat();
    let answers = exchange(server.address, requests).await;
    let bodies: Vec<_> = answers.iter().map(|answer| &answer.body[..7]).collect();
    assert_eq!(
        bodies,
        ["CrashID", "CrashID", "{\"sourc", "CrashID", "CrashID"]
    );
    assert_eq!(stub.bodies(), ["hello", "hello", "hello", "there"]);
}

#[tokio::test]
async fn every_head_of_a_connection_is_looked_at() {
    let (stub, server) = start().await;
    let old = CHUNKED.replace("HTTP/1.1", "HTTP/1.0");
    let answers = exchange(server.address, [LENGTH, &old].concat()).await;
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[1].status, 200);

    let ambiguous = LENGTH.replace("Host: a", "Transfer-Encoding: chunked");
    let answers = exchange(
        server.address,
        [CHUNKED, LENGTH, &ambiguous, LENGTH].concat(),
    )
    .await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 400]);
    assert_eq!(answers[2].header("Connection"), Some("close"));
    assert_eq!(stub.bodies().len(), 4);
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let (stub, server) = start().await;
    let mut client = Client::connect(server.address).await;
    let old = CHUNKED.replace("HTTP/1.1", "HTTP/1.0");
    for byte in [LENGTH, "\r\n", CHUNKED, &old].concat().bytes() {
        client.send([byte]).await;
    }
    let answers = client.answers().await;
    assert_eq!(answers.len(), 3);
    assert_eq!(stub.bodies(), ["hello"; 3]);
}

#[tokio::test]
async fn who_sends_no_more_is_still_answered() {
    let (stub, server) = start().await;
    for request in [LENGTH, CHUNKED] {
        let mut client = Client::connect(server.address).await;
        client.send(request).await;
        client.half_close().await;
        let answers = client.answers().await;
        assert_eq!(answers.len(), 1);
        answers[0].assert_readable_for_crashpad();
    }
    assert_eq!(stub.bodies().len(), 2);
    for request in [&LENGTH[..LENGTH.len() - 1], &CHUNKED[..CHUNKED.len() - 9]] {
        let mut client = Client::connect(server.address).await;
        client.send(request).await;
        client.half_close().await;
        let answers = client.answers().await;
        assert_eq!(answers.len(), 1, "{request}");
        assert_eq!(answers[0].status, 400);
    }
    let mut client = Client::connect(server.address).await;
    client.send("POST /submit HT").await;
    client.half_close().await;
    assert_eq!(client.answers().await, []);
}

#[tokio::test]
async fn damaged_chunks_are_refused() {
    let (stub, server) = start().await;
    let damaged = CHUNKED.replace("\r\n3\r\n", "\r\nzz\r\n");
    let answers = exchange(server.address, damaged + LENGTH).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 400);
    assert_eq!(stub.bodies().len(), 0);
}

#[tokio::test]
async fn bodies_are_asked_for_only_if_they_are_wanted() {
    let (stub, server) = start().await;
    let expecting = |length: usize| {
        format!(
            "POST /submit HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut client = Client::connect(server.address).await;
    assert_eq!(client.ask(expecting(5)).await.status, 100);
    assert_eq!(client.ask("hello").await.status, 200);

    let answers = exchange(server.address, expecting(100 << 20)).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 413);
    assert_eq!(answers[0].body, "Discarded=malformed_too_large");
    assert_eq!(answers[0].header("Connection"), Some("close"));
    assert_eq!(stub.bodies().len(), 1);
}

#[tokio::test]
async fn who_sends_too_much_can_read_the_answer() {
    let (_, server) = start().await;
    // Declared, and found out on the way.
    let declared = "POST /submit HTTP/1.1\r\nHost: a\r\nContent-Length: 1800000\r\n\r\n".to_owned();
    let chunked =
        "POST /submit HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1b7740\r\n"
            .to_owned();
    for head in [declared, chunked] {
        // All of it is sent before a byte of the answer is read.
        let request = [head.into_bytes(), vec![b'x'; 1_800_000]].concat();
        let answers = exchange(server.address, request).await;
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].status, 413);
        assert_eq!(answers[0].body, "Discarded=malformed_too_large");
    }
}

#[tokio::test]
async fn bodies_that_nobody_wants_end_the_connection() {
    let (stub, server) = start().await;
    let put = LENGTH.replace("POST", "PUT");
    let answers = exchange(server.address, put + LENGTH).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 405);
    assert_eq!(answers[0].header("Allow"), Some("POST, OPTIONS"));
    assert_eq!(answers[0].header("Connection"), Some("close"));
    assert_eq!(stub.bodies().len(), 0);
}
