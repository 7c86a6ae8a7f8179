//! A bucket that does not exist, on the servers of Google's and Azure's kind.

use futures::TryStreamExt as _;
use socorro_core::DumpName;
use socorro_storage::{
    CrashStorage as _, ErrorKind, Expected, Item, StorageOptions, open,
    testkit::{endpoint, sample},
};

async fn is_an_outage(scheme: &str, endpoint: &str) {
    let address = format!("{scheme}://no-such-bucket-anywhere?endpoint={endpoint}");
    let options = StorageOptions {
        max_retries: 0,
        ..StorageOptions::default()
    };
    let (storage, id) = (open(&address, options).unwrap(), sample::crash_id());
    let crash = sample::processed_crash(&id, "x");
    let list = storage.list_raw(sample::DATE, None);
    for error in [
        storage.raw_crash(&id).await.err(),
        storage.dump(&id, &DumpName::main()).await.err(),
        storage.exists(&id, &Item::ProcessedCrash).await.err(),
        storage.catalog(&id).await.err(),
        storage.delete(&id).await.err(),
        list.try_collect::<Vec<_>>().await.err(),
        storage
            .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
            .await
            .err(),
        storage
            .save_processed_crash(&id, &crash, Expected::Absent)
            .await
            .err(),
        storage.check().await.err(),
    ] {
        let error = error.expect("no access works");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn a_missing_bucket_of_google_is_an_outage() {
    if let Some(endpoint) = endpoint("SOCORRO_TEST_GCS_ENDPOINT") {
        is_an_outage("gs", &endpoint).await;
    }
}

#[cfg(feature = "azure")]
#[tokio::test]
async fn a_missing_container_of_azure_is_an_outage() {
    if let Some(endpoint) = endpoint("SOCORRO_TEST_AZURE_ENDPOINT") {
        is_an_outage("az", &endpoint).await;
    }
}
