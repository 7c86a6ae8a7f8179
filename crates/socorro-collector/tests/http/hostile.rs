//! Clients that mean no good, while honest ones go on.

use std::time::Duration;

use socorro_collector::http::{Options, Timeouts};

use crate::{
    server::{Server, Stub},
    wire::{Client, exchange},
};

const REPORT: &str =
    "POST /submit HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

/// Limits that a test can wait for.
fn impatient() -> Options {
    Options {
        timeouts: Timeouts {
            head: Duration::from_millis(300),
            silence: Duration::from_millis(300),
            keep_alive: Duration::from_millis(300),
            ..Timeouts::default()
        },
        ..Options::default()
    }
}

async fn assert_serves(server: &Server) {
    let answers = exchange(server.address, REPORT).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 200);
}

#[tokio::test]
async fn who_says_nothing_is_closed() {
    let server = Server::start(Stub::default(), impatient()).await;
    let mut silent = Client::connect(server.address).await;
    assert_eq!(silent.answers().await, []);
    // Between two requests, too; empty lines are nothing.
    let mut idle = Client::connect(server.address).await;
    let request = REPORT.replace("Connection: close\r\n", "");
    assert_eq!(idle.ask(request).await.status, 200);
    idle.send("\r\n\r\n").await;
    assert_eq!(idle.answers().await, []);
}

#[tokio::test]
async fn who_stops_within_a_head_or_a_body_is_told_so() {
    let server = Server::start(Stub::default(), impatient()).await;
    for request in [
        "POST /submit HTTP/1.1\r\nHost:",
        "POST /submit HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel",
        "POST /submit HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ] {
        let answers = exchange(server.address, request).await;
        assert_eq!(answers.len(), 1, "{request}");
        assert_eq!(answers[0].status, 408);
        assert_eq!(answers[0].body, "Discarded=malformed_timeout");
        assert_eq!(answers[0].header("Connection"), Some("close"));
    }
}

#[tokio::test]
async fn trickling_bodies_end() {
    let mut options = impatient();
    options.timeouts.silence = Duration::from_secs(30);
    options.timeouts.min_rate_after = Duration::from_millis(200);
    let server = Server::start(Stub::default(), options).await;
    let mut client = Client::connect(server.address).await;
    client
        .send("POST /submit HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let answer = loop {
        tokio::select! {
            answer = client.answer() => break answer,
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
        client.send("1\r\nx\r\n").await;
    };
    assert_eq!(answer.unwrap().status, 408);
}

#[tokio::test]
async fn bodies_may_not_take_for_ever() {
    let mut options = impatient();
    options.timeouts.request = Duration::from_millis(300);
    options.timeouts.silence = Duration::ZERO;
    let server = Server::start(Stub::default(), options).await;
    let request = "POST /submit HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel";
    let answers = exchange(server.address, request).await;
    assert_eq!(answers[0].status, 408);
}

#[tokio::test]
async fn heads_are_bounded() {
    let server = Server::start(Stub::default(), Options::default()).await;
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101));
    let long = format!("GET / HTTP/1.1\r\na: {}", "x".repeat(40 << 10));
    for request in [many, long] {
        let answers = exchange(server.address, request).await;
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].status, 431);
        assert_eq!(answers[0].header("Connection"), Some("close"));
    }
    let most = format!(
        "GET / HTTP/1.1\r\n{}\r\n",
        "a: b\r\n".repeat(99) + "Connection: close\r\n"
    );
    assert_eq!(exchange(server.address, most).await[0].status, 404);
}

#[tokio::test]
async fn a_thousand_idle_and_a_thousand_slow_clients_hinder_nobody() {
    let server = Server::start(Stub::default(), Options::default()).await;
    let mut clients = Vec::new();
    for number in 0..1000 {
        let mut idle = Client::connect(server.address).await;
        idle.send(&"POST"[..number % 5]).await;
        let mut slow = Client::connect(server.address).await;
        slow.send("POST /submit HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
            .await;
        clients.extend([idle, slow]);
    }
    for _ in 0..20 {
        assert_serves(&server).await;
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let options = Options {
        max_connections: 1,
        admission_wait: Duration::from_secs(1),
        ..Options::default()
    };
    let server = Server::start(Stub::default(), options).await;
    let mut first = Client::connect(server.address).await;
    let request = REPORT.replace("Connection: close\r\n", "");
    assert_eq!(first.ask(request).await.status, 200);
    let answers = exchange(server.address, REPORT).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 503);
    assert!(answers[0].header("Retry-After").is_some());
    let second = exchange(server.address, REPORT);
    let (answers, ()) = tokio::join!(second, async { drop(first) });
    assert_eq!(answers[0].status, 200);
}

#[tokio::test]
async fn who_reads_no_answers_is_closed() {
    let server = Server::start(Stub::default(), impatient()).await;
    let mut client = Client::connect(server.address).await;
    let request = "GET /__version__ HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    // More answers than all buffers hold; in the end nothing can be sent either.
    let sent = async {
        for _ in 0..1000 {
            client.send(&request).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), sent)
        .await
        .unwrap();
    assert_serves(&server).await;
    server.stop().await;
}
