//! Objects by their keys, in every kind of bucket.

use std::time::UNIX_EPOCH;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use socorro_storage::{
    ErrorKind, StorageOptions,
    bucket::{Bucket, ObjectAddress},
};

/// More than fit on one page of a list.
const MANY: usize = 1_030;

async fn keys(bucket: &Bucket, prefix: &str) -> Vec<String> {
    let listed = bucket.list(prefix).map_ok(|object| object.key);
    listed.try_collect().await.unwrap()
}

/// What every bucket does. `many` says whether it is asked to hold more than a page.
async fn holds_objects(bucket: &Bucket, many: bool) {
    for key in ["a/b/one", "a/b/two words", "a/c", "ab"] {
        bucket.put(key, key.as_bytes().into()).await.unwrap();
    }
    assert_eq!(
        keys(bucket, "").await,
        ["a/b/one", "a/b/two words", "a/c", "ab"]
    );
    assert_eq!(keys(bucket, "a/b/t").await, ["a/b/two words"]);
    assert_eq!(keys(bucket, "none").await, [""; 0]);
    let level: Vec<_> = bucket.level("a").try_collect().await.unwrap();
    assert_eq!(level[0].prefixes, ["a/"]);
    assert_eq!(level[0].objects[0].key, "ab");

    let object = bucket.head("a/c").await.unwrap();
    assert_eq!((object.key.as_str(), object.size), ("a/c", 3));
    let fetched = bucket.get("a/b/two words").await.unwrap();
    assert_eq!(fetched.bytes(100).await.unwrap(), "a/b/two words");
    let too_large = bucket.get("a/c").await.unwrap().bytes(2).await;
    assert_eq!(too_large.unwrap_err().kind(), ErrorKind::TooLarge);
    bucket.copy("a/c", "copy").await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("deep/file");
    bucket.get_to_file("copy", &file, &|_| ()).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"a/c");
    assert_eq!(bucket.put_file("back", &file, &|_| ()).await.unwrap(), 3);

    let absent = bucket.head("none").await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound, "{absent}");
    for key in ["", "/a", "a/", "a//b", "a/../b", ".", "a\nb"] {
        let error = bucket.put(key, "x".into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{key:?}: {error}");
    }
    let deleted = bucket
        .delete(["copy", "back", "never there"])
        .await
        .unwrap();
    assert!(
        deleted.iter().all(|(_, outcome)| outcome.is_ok()),
        "{deleted:?}"
    );
    assert_eq!(keys(bucket, "").await.len(), 4);
    if many {
        let puts = stream::iter(0..MANY).map(|number| bucket.put_numbered(number));
        puts.buffer_unordered(16).for_each(|()| async {}).await;
        let listed = keys(bucket, "many/").await;
        assert_eq!(listed.len(), MANY);
        assert!(listed.is_sorted());
        assert_eq!(bucket.delete(listed).await.unwrap().len(), MANY);
    }
    bucket.delete(keys(bucket, "").await).await.unwrap();
    assert_eq!(keys(bucket, "").await, [""; 0]);
}

trait Numbered {
    async fn put_numbered(&self, number: usize);
}

impl Numbered for Bucket {
    async fn put_numbered(&self, number: usize) {
        let key = format!("many/{number:05}");
        self.put(&key, "x".into()).await.unwrap();
    }
}

#[tokio::test]
async fn memory_and_directories_hold_objects() {
    holds_objects(&Bucket::memory(StorageOptions::default()), true).await;
    let directory = tempfile::tempdir().unwrap();
    let address = format!("file://{}/", directory.path().display());
    let address = ObjectAddress::parse(&address).unwrap();
    let bucket = Bucket::open(&address, StorageOptions::default()).unwrap();
    holds_objects(&bucket, false).await;
    drop(directory);
    let gone = bucket.list("").try_next().await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Unavailable, "{gone}");
    assert!(
        Bucket::all(&address, StorageOptions::default())
            .await
            .is_err()
    );
}

/// A new bucket on a server, from making to removing it.
async fn works(scheme: &str, query: &str, many: bool) {
    let time = UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let text = format!("{scheme}://bucket-of-objects-{time}?{query}");
    let address = ObjectAddress::parse(&text).unwrap();
    let bucket = Bucket::open(&address, StorageOptions::default()).unwrap();
    assert!(!bucket.exists().await.unwrap());
    let missing = bucket.list("").try_next().await.unwrap_err();
    assert!(missing.is_no_bucket(), "{missing}");
    assert!(socorro_storage::create(&address.of_bucket()).await.unwrap());
    assert!(bucket.exists().await.unwrap());
    let all = Bucket::all(&address, StorageOptions::default())
        .await
        .unwrap();
    let ours = all.iter().find(|bucket| bucket.name == address.bucket());
    assert!(ours.is_some(), "{all:?}");
    holds_objects(&bucket, many).await;
    bucket.remove().await.unwrap();
    assert!(!bucket.exists().await.unwrap());
}

#[cfg(feature = "s3")]
#[tokio::test]
async fn buckets_of_s3_hold_objects() {
    if let Some(endpoint) = socorro_storage::testkit::s3_endpoint() {
        works("s3", &format!("endpoint={endpoint}&region=us-east-1"), true).await;
    }
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn buckets_of_google_hold_objects() {
    let endpoint = socorro_storage::testkit::endpoint("SOCORRO_TEST_GCS_ENDPOINT");
    if let Some(endpoint) = endpoint {
        // The emulator does one thing at a time.
        works("gs", &format!("endpoint={endpoint}"), false).await;
    }
}

#[cfg(feature = "azure")]
#[tokio::test]
async fn containers_of_azure_hold_objects() {
    let endpoint = socorro_storage::testkit::endpoint("SOCORRO_TEST_AZURE_ENDPOINT");
    if let Some(endpoint) = endpoint {
        works("az", &format!("endpoint={endpoint}"), true).await;
    }
}
