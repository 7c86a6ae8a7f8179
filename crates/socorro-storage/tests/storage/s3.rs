//! What is special about S3: a missing bucket, and a server that misbehaves.

use std::{net::TcpListener, sync::Arc};

use futures::TryStreamExt as _;
use object_store::{RetryConfig, aws::AmazonS3Builder};
use socorro_core::DumpName;
use socorro_storage::{
    CrashStorage as _, Error, ErrorKind, Expected, Item, ObjectStorage, StorageOptions, Version,
    testkit::{s3_endpoint, sample},
};

use crate::server::{server, server_of};

fn storage(endpoint: &str, bucket: &str) -> ObjectStorage {
    let bucket = AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_allow_http(true)
        .with_bucket_name(bucket)
        .with_region("us-east-1")
        .with_access_key_id("test")
        .with_secret_access_key("test")
        .with_retry(RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        })
        .build()
        .unwrap();
    ObjectStorage::over(Arc::new(bucket), "s3://bucket", StorageOptions::default())
}

async fn all_accesses(storage: &ObjectStorage) -> Vec<Error> {
    let id = sample::crash_id();
    let crash = sample::processed_crash(&id, "x");
    let list = storage.list_raw(sample::DATE, None);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    [
        storage.raw_crash(&id).await.err(),
        storage.dump_names(&id).await.err(),
        storage.dump(&id, &DumpName::main()).await.err(),
        storage
            .dump_to_file(&id, &DumpName::main(), &path)
            .await
            .err(),
        storage.processed_crash(&id).await.err(),
        storage.exists(&id, &Item::ProcessedCrash).await.err(),
        storage.catalog(&id).await.err(),
        storage.delete(&id).await.err(),
        list.try_collect::<Vec<_>>().await.err(),
        storage
            .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
            .await
            .err(),
        storage
            .save_processed_crash(&id, &crash, Expected::Any)
            .await
            .err(),
        storage
            .save_processed_crash(&id, &crash, Expected::Absent)
            .await
            .err(),
        storage.check().await.err(),
    ]
    .into_iter()
    .map(|error| error.expect("no access works"))
    .collect()
}

#[tokio::test]
async fn a_missing_bucket_is_an_outage() {
    let Some(endpoint) = s3_endpoint() else {
        return;
    };
    let storage = storage(&endpoint, "no-such-bucket-anywhere");
    for error in all_accesses(&storage).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(
            error.to_string().contains("the bucket does not exist"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_a_body_is_looked_into() {
    // HEAD answers have no body, so nobody can say whether the key or the bucket is missing.
    let endpoint =
        server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    for error in all_accesses(&storage(&endpoint, "bucket")).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[tokio::test]
async fn refused_access_is_neither_absence_nor_outage() {
    let endpoint = server(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 39\r\nConnection: close\r\n\r\n\
         <Error><Code>AccessDenied</Code></Error>",
    );
    for error in all_accesses(&storage(&endpoint, "bucket")).await {
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.is_temporary());
        assert!(error.to_string().contains("credentials"), "{error}");
    }
}

#[tokio::test]
async fn a_server_in_trouble_is_an_outage() {
    for answer in [
        "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "no HTTP at all\r\n\r\n",
        "",
    ] {
        let endpoint = server(answer);
        for error in all_accesses(&storage(&endpoint, "bucket")).await {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{answer:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_outage() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for error in all_accesses(&storage(&format!("http://{port}"), "bucket")).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_an_outage_and_leaves_no_file() {
    let endpoint = server(
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"x\"\r\n\
         Last-Modified: Tue, 16 Jul 2024 00:00:00 GMT\r\nConnection: close\r\n\r\n{\"a\": 1",
    );
    let (storage, id) = (storage(&endpoint, "bucket"), sample::crash_id());
    let error = storage.raw_crash(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    let error = storage
        .dump_to_file(&id, &DumpName::main(), &path)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_server_without_conditional_writes_is_written_to_all_the_same() {
    let endpoint = server_of(|head| {
        if head.contains("if-none-match") || head.contains("if-match") {
            "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"new\"\r\nConnection: close\r\n\r\n"
        }
    });
    let (storage, id) = (storage(&endpoint, "bucket"), sample::crash_id());
    let crash = sample::processed_crash(&id, "x");
    for expected in [Expected::Absent, Expected::Version(Version::new("\"old\""))] {
        let receipt = storage
            .save_processed_crash(&id, &crash, expected)
            .await
            .unwrap();
        assert_eq!(receipt.version.token(), Some("\"new\""));
    }
}
