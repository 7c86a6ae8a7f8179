//! Servers that ask to be left alone, and those that do not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socorro_storage::{
    CrashStorage as _, ErrorKind, Expected, Item, StorageOptions, open,
    testkit::{endpoint, s3_endpoint, sample},
};

use crate::server::{server, server_of};

const TWO_MINUTES: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const UNTIL: &str = "HTTP/1.1 429 Too Many Requests\r\n\
    Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const OVER: &str = "HTTP/1.1 503 Service Unavailable\r\n\
    Date: Sun, 06 Nov 1994 08:52:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const NOTHING_SAID: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\
    Connection: close\r\n\r\n";

/// Looks at the failures of every kind of access to a server with one answer.
async fn asks(scheme: &str, answer: &'static str, wanted: Option<Duration>) {
    let address = format!("{scheme}://bucket?endpoint={}", server(answer));
    let options = StorageOptions {
        max_retries: 0,
        ..StorageOptions::default()
    };
    let (storage, id) = (open(&address, options).unwrap(), sample::crash_id());
    let crash = sample::processed_crash(&id, "x");
    for error in [
        storage.raw_crash(&id).await.err(),
        storage.exists(&id, &Item::ProcessedCrash).await.err(),
        storage
            .save_processed_crash(&id, &crash, Expected::Any)
            .await
            .err(),
        storage.check().await.err(),
    ] {
        let error = error.expect("no access works");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert_eq!(error.retry_after(), wanted, "{answer}: {error}");
    }
}

async fn all(scheme: &str) {
    let two_minutes = Some(Duration::from_secs(120));
    asks(scheme, TWO_MINUTES, two_minutes).await;
    asks(scheme, UNTIL, two_minutes).await;
    asks(scheme, OVER, None).await;
    asks(scheme, NOTHING_SAID, None).await;
}

#[tokio::test]
async fn google_is_left_alone() {
    all("gs").await;
}

#[tokio::test]
async fn amazon_is_left_alone() {
    // The credentials in the environment come with the server.
    if s3_endpoint().is_some() {
        all("s3").await;
    }
}

#[tokio::test]
async fn azure_is_left_alone() {
    if endpoint("SOCORRO_TEST_AZURE_ENDPOINT").is_some() {
        all("az").await;
    }
}

#[tokio::test]
async fn who_asks_for_long_is_not_asked_again() {
    if s3_endpoint().is_none() {
        return;
    }
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let endpoint = server_of(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        TWO_MINUTES
    });
    let address = format!("s3://bucket?endpoint={endpoint}");
    let storage = open(&address, StorageOptions::default()).unwrap();
    let error = storage.raw_crash(&sample::crash_id()).await.unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}
