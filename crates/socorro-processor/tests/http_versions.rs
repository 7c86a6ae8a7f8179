//! Asking a version service over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse as _, Response},
    routing::get,
};
use socorro_processor::version_lookup::{
    HttpVersions, HttpVersionsOptions, LookupError, VersionLookup as _,
};

/// Counts the questions, and answers by the build id.
async fn answer(State(asked): State<Arc<AtomicUsize>>, RawQuery(query): RawQuery) -> Response {
    let before = asked.fetch_add(1, Ordering::SeqCst);
    let query = query.unwrap_or_default();
    let (question, build_id) = query.rsplit_once("&build_id=").expect("a build id");
    assert_eq!(question, "product=Fire%26fox&channel=beta");
    let known =
        r#"{"hits": [{"version_string": "3.0b4"}, {"version_string": "3.0b5"}], "total": 2}"#;
    match build_id {
        "busy_once" if before == 0 => StatusCode::TOO_MANY_REQUESTS.into_response(),
        "known" | "busy_once" => known.into_response(),
        "unknown" => r#"{"hits": [], "total": 0}"#.into_response(),
        "refused" => (StatusCode::BAD_REQUEST, known).into_response(),
        "no_hits" => r#"{"total": 0}"#.into_response(),
        "no_version" => r#"{"hits": [{}]}"#.into_response(),
        "large" => " ".repeat(2 << 20).into_response(),
        "rests" => (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "99999")]).into_response(),
        "hangs" => std::future::pending().await,
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What the service answers about a build, and how often it was asked.
async fn ask(build_id: &str) -> (Result<Option<String>, LookupError>, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let router = Router::new()
        .route("/api/VersionString", get(answer))
        .with_state(Arc::clone(&asked));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let url = format!("http://user:secret@{address}/api/VersionString");
    let options = HttpVersionsOptions {
        timeout: Duration::from_millis(if build_id == "hangs" { 50 } else { 10_000 }),
        backoff: Duration::from_millis(1),
        ..HttpVersionsOptions::default()
    };
    let versions = HttpVersions::new(&url, options).unwrap();
    assert!(!format!("{versions:?}").contains("secret"));
    let answer = versions.version("Fire&fox", "beta", build_id).await;
    server.abort();
    if let Err(error) = &answer {
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    (answer, asked.load(Ordering::SeqCst))
}

#[tokio::test]
async fn the_first_hit_counts_and_no_hit_is_an_answer() {
    let version = Ok(Some("3.0b4".to_owned()));
    assert_eq!(ask("known").await, (version.clone(), 1));
    assert_eq!(ask("busy_once").await, (version, 2));
    assert_eq!(ask("unknown").await, (Ok(None), 1));
    assert_eq!(ask("refused").await, (Ok(None), 1));
}

#[tokio::test]
async fn a_bad_answer_is_not_asked_for_again() {
    for build_id in ["no_hits", "no_version", "large"] {
        let (answer, asked) = ask(build_id).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, LookupError::BadAnswer { .. }), "{error}");
        assert!(!error.is_temporary());
        assert_eq!(asked, 1, "{build_id}");
    }
}

#[tokio::test]
async fn a_service_that_fails_or_hangs_is_asked_three_times() {
    for build_id in ["down", "hangs"] {
        let (answer, asked) = ask(build_id).await;
        assert!(answer.unwrap_err().is_temporary(), "{build_id}");
        assert_eq!(asked, 3, "{build_id}");
    }
}

#[tokio::test]
async fn a_service_that_wants_to_rest_is_left_alone_but_not_for_days() {
    let (answer, asked) = ask("rests").await;
    assert_eq!(asked, 1);
    let rest = answer.unwrap_err().retry_after();
    assert_eq!(rest, Some(Duration::from_secs(300)));
}

#[test]
fn other_urls_are_refused_without_showing_secrets() {
    for url in ["ftp://user:secret@host/", "http://user:secret@[/"] {
        let error = HttpVersions::new(url, HttpVersionsOptions::default()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
