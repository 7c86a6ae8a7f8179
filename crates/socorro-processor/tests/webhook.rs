//! Sending crashes over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use socorro_core::{CrashId, ProcessedCrash};
use socorro_processor::destinations::{Content, Destination as _, DestinationError, Webhook};

/// What the receiver got.
type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

async fn receive(
    State(received): State<Received>,
    Path(status): Path<u16>,
    headers: HeaderMap,
    body: String,
) -> Response {
    received.lock().unwrap().push((headers, body));
    let status = StatusCode::from_u16(status).unwrap();
    (
        status,
        [(header::RETRY_AFTER, "7"), (header::LOCATION, "/200")],
    )
        .into_response()
}

/// Sends a crash to a receiver that answers `status`.
async fn send(
    status: u16,
    change: impl FnOnce(Webhook) -> Webhook,
) -> (Result<(), DestinationError>, Vec<(HeaderMap, String)>) {
    let received = Received::default();
    let router = Router::new()
        .route("/{status}", post(receive))
        .with_state(Arc::clone(&received));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let webhook = Webhook::to(&format!("http://user:secret@{address}/{status}?key=secret"));
    let webhook = change(webhook.unwrap());
    let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
    let mut crash = ProcessedCrash::new();
    crash.set("signature", "s");
    crash.set("user_comments", "private");
    let result = webhook.take(&id, &crash).await;
    server.abort();
    if let Err(error) = &result {
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let received = received.lock().unwrap().clone();
    (result, received)
}

#[tokio::test]
async fn a_crash_is_posted_as_json_without_what_is_private() {
    let with_key = |webhook: Webhook| webhook.with_header("X-Key", "confidential").unwrap();
    let (result, received) = send(204, with_key).await;
    result.unwrap();
    let [(headers, body)] = &received[..] else {
        unreachable!("one request: {received:?}")
    };
    assert_eq!(body, r#"{"signature": "s"}"#);
    assert_eq!(headers["crash-id"], "de1bb258-cbbf-4589-a673-34f800160918");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["x-key"], "confidential");
}

#[tokio::test]
async fn everything_is_sent_only_when_asked_for() {
    let (_, received) = send(200, |webhook| webhook.with_content(Content::Everything)).await;
    assert!(received[0].1.contains("private"));
}

#[tokio::test]
async fn an_answer_says_whether_to_try_again() {
    for (status, temporary) in [
        (500, true),
        (503, true),
        (429, true),
        (401, true),
        (400, false),
        (413, false),
        (302, false),
    ] {
        let (result, received) = send(status, |webhook| webhook).await;
        let error = result.expect_err("not taken");
        assert_eq!(error.is_temporary(), temporary, "{error}");
        assert_eq!(received.len(), 1, "{status}: redirects are not followed");
        let asked = temporary.then_some(Duration::from_secs(7));
        assert_eq!(error.retry_after(), asked);
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_an_outage() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let webhook = Webhook::to(&format!("http://user:secret@{address}/")).unwrap();
    let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
    let error = webhook.take(&id, &ProcessedCrash::new()).await;
    let error = error.expect_err("nobody is there");
    assert!(error.is_temporary());
    assert!(!format!("{error} {error:?} {webhook:?}").contains("secret"));
}

#[test]
fn bad_addresses_and_headers_are_refused_without_repeating_secrets() {
    for url in ["", "secret", "ftp://user:secret@host/", "http://secret@"] {
        let error = Webhook::to(url).expect_err("a bad URL");
        assert!(matches!(error, DestinationError::BadUrl { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let webhook = Webhook::to("https://example.org/").unwrap();
    for (name, value) in [("a b", "secret"), ("key", "sec\nret")] {
        let error = webhook.clone().with_header(name, value);
        let error = error.expect_err("a bad header").to_string();
        assert!(!error.contains("sec"), "{error}");
    }
}
