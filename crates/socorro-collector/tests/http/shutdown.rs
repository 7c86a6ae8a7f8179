//! The end of the service.

use std::time::Duration;

use socorro_collector::http::Options;

use crate::{
    server::{Server, Stub},
    wire::Client,
};

const REPORT: &str = "POST /submit HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const LBHEARTBEAT: &str = "GET /__lbheartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn what_is_in_flight_is_finished() {
    let stub = Stub::default();
    let server = Server::start(stub.clone(), Options::default()).await;
    let mut idle = Client::connect(server.address).await;
    assert_eq!(idle.ask(REPORT).await.status, 200);
    let gate = stub.close_gate();
    let mut client = Client::connect(server.address).await;
    client.send(REPORT).await;
    stub.arrived().await;
    let address = server.address;
    server.options.shutdown.begin();
    let stopped = tokio::spawn(server.stop());
    // It waited for a further request.
    assert_eq!(idle.answers().await, []);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    gate.notify_one();
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Connection"), Some("close"));
    stopped.await.unwrap();
}

#[tokio::test]
async fn after_the_grace_time_the_rest_is_sent_away() {
    let options = Options {
        grace: Duration::from_millis(100),
        ..Options::default()
    };
    let stub = Stub::default();
    let server = Server::start(stub.clone(), options).await;
    let _gate = stub.close_gate();
    let mut client = Client::connect(server.address).await;
    client.send(REPORT).await;
    stub.arrived().await;
    server.stop().await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, &*answer.body), (503, "Discarded=try_later"));
    assert!(answer.header("Retry-After").is_some());
}

#[tokio::test]
async fn load_balancers_are_told_before_connections_are_refused() {
    let options = Options {
        drain_delay: Duration::from_secs(1),
        ..Options::default()
    };
    let server = Server::start(Stub::default(), options).await;
    let mut client = Client::connect(server.address).await;
    assert_eq!(client.ask(LBHEARTBEAT).await.status, 200);
    server.options.shutdown.begin();
    let mut client = Client::connect(server.address).await;
    assert_eq!(client.ask(LBHEARTBEAT).await.status, 503);
    let mut client = Client::connect(server.address).await;
    assert_eq!(client.ask(REPORT).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn who_has_just_connected_is_still_served() {
    let server = Server::start(Stub::default(), Options::default()).await;
    let mut client = Client::connect(server.address).await;
    client.send("POST /sub").await;
    // Another request has been answered, so that this one has been accepted.
    let mut other = Client::connect(server.address).await;
    assert_eq!(other.ask(REPORT).await.status, 200);
    server.options.shutdown.begin();
    assert_eq!(other.answers().await, []);
    client.send(&REPORT["POST /sub".len()..]).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    server.stop().await;
}
