//! A server of the S3 protocol that checks signatures, in this process.

use std::sync::{Arc, OnceLock};

use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use object_store::aws::AmazonS3Builder;
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use socorro_storage::{
    CrashStorage as _, ErrorKind, ObjectStorage, StorageOptions, create, open,
    testkit::{ObjectHarness, sample},
};
use tempfile::TempDir;
use tokio::sync::Mutex;

const BUCKET: &str = "signed";

struct Server {
    endpoint: String,
    directory: TempDir,
}

/// What the environment says, so that addresses work, or anything.
fn credentials() -> [String; 2] {
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .map(|name| std::env::var(name).unwrap_or_else(|_| "test".to_owned()))
}

/// The server, running as long as this process.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join(BUCKET)).unwrap();
        let [key, secret] = credentials();
        let mut service = S3ServiceBuilder::new(FileSystem::new(directory.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(key, secret));
        let service = service.build();

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        listener.set_nonblocking(true).unwrap();
        // A runtime of its own: those of the tests end with them.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(serve(listener, service));
        });
        Server {
            endpoint,
            directory,
        }
    })
}

async fn serve(listener: std::net::TcpListener, service: S3Service) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let one_at_a_time = Arc::new(Mutex::new(()));
    while let Ok((connection, _)) = listener.accept().await {
        let (service, one_at_a_time) = (service.clone(), one_at_a_time.clone());
        let answer = service_fn(move |request: Request<Incoming>| {
            let (service, one_at_a_time) = (service.clone(), one_at_a_time.clone());
            async move {
                // The server looks, then writes: what S3 does in one step takes two here.
                let conditional = ["if-match", "if-none-match"]
                    .iter()
                    .any(|header| request.headers().contains_key(*header));
                let _guard = match conditional {
                    true => Some(one_at_a_time.lock().await),
                    false => None,
                };
                service.call(request.map(s3s::Body::from)).await
            }
        });
        tokio::spawn(async move {
            let http = Builder::new(TokioExecutor::new());
            // The client may go away whenever it likes.
            let _ = http
                .serve_connection(TokioIo::new(connection), answer)
                .await;
        });
    }
}

fn storage(secret: &str) -> ObjectStorage {
    let [key, _] = credentials();
    let bucket = AmazonS3Builder::new()
        .with_endpoint(&server().endpoint)
        .with_allow_http(true)
        .with_bucket_name(BUCKET)
        .with_region("us-east-1")
        .with_access_key_id(key)
        .with_secret_access_key(secret)
        .build()
        .unwrap();
    ObjectStorage::over(Arc::new(bucket), "s3://signed", StorageOptions::default())
        .below(sample::crash_id().as_str())
        .unwrap()
}

async fn harness() -> Option<ObjectHarness> {
    let [_, secret] = credentials();
    Some(ObjectHarness::of(storage(&secret)))
}

socorro_storage::conformance_tests!(harness);

#[tokio::test]
async fn a_wrong_signature_is_refused_access() {
    let (storage, id) = (storage("another secret"), sample::crash_id());
    let (raw_crash, dumps) = (sample::raw_crash(&id), sample::dumps());
    for error in [
        storage.raw_crash(&id).await.err(),
        storage.check().await.err(),
        storage.save_raw_crash(&id, &raw_crash, &dumps).await.err(),
    ] {
        let error = error.expect("nothing works");
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    }
}

#[tokio::test]
async fn a_bucket_is_made_once_with_a_signed_request() {
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(
            !in_ci,
            "there are no credentials, and CI must not skip tests"
        );
        eprintln!("SKIPPED: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to anything");
        return;
    }
    let server = server();
    for region in ["us-east-1", "eu-central-1"] {
        let bucket = format!("new-in-{region}");
        let address = format!(
            "s3://{bucket}/p?endpoint={}&region={region}",
            server.endpoint
        );
        assert!(create(&address).await.unwrap());
        assert!(server.directory.path().join(&bucket).is_dir());
        assert!(!create(&address).await.unwrap(), "it is there already");
        let storage = open(&address, StorageOptions::default()).unwrap();
        storage.check().await.unwrap();
    }
    let address = format!("s3://dev_bucket?endpoint={}", server.endpoint);
    let error = create(&address).await.unwrap_err();
    assert!(error.to_string().contains("dev-bucket"), "{error}");
}
