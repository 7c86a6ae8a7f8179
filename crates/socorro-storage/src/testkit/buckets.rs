//! Harnesses in buckets of test servers.

use super::{ObjectHarness, sample};
use crate::StorageOptions;

/// The bucket of the tests.
const BUCKET: &str = "socorro-storage-tests";

#[expect(
    clippy::expect_used,
    reason = "where the harness cannot be built there is nothing to test"
)]
impl ObjectHarness {
    /// A storage below a new prefix of a bucket on the S3 server at `SOCORRO_TEST_S3_ENDPOINT`,
    /// with the credentials in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. The bucket is
    /// made when it is not there.
    ///
    /// `None`, said loudly, when there is no such server.
    ///
    /// # Panics
    ///
    /// When the server does not do what it is asked, and with `CI=true` when there is none.
    #[cfg(feature = "s3")]
    pub async fn s3() -> Option<Self> {
        let endpoint = super::s3_endpoint()?;
        Some(Self::on_server("s3", &format!("endpoint={endpoint}&region=us-east-1")).await)
    }

    /// The same on the emulator of Google's JSON API at `SOCORRO_TEST_GCS_ENDPOINT`.
    ///
    /// # Panics
    ///
    /// When the server does not do what it is asked, and with `CI=true` when there is none.
    #[cfg(feature = "gcs")]
    pub async fn gcs() -> Option<Self> {
        let endpoint = super::endpoint("SOCORRO_TEST_GCS_ENDPOINT")?;
        Some(Self::on_server("gs", &format!("endpoint={endpoint}")).await)
    }

    /// The same on the Azure emulator at `SOCORRO_TEST_AZURE_ENDPOINT` (with the account as its
    /// path), with the credentials in `AZURE_STORAGE_ACCOUNT_NAME` and
    /// `AZURE_STORAGE_ACCOUNT_KEY`.
    ///
    /// # Panics
    ///
    /// When the server does not do what it is asked, and with `CI=true` when there is none.
    #[cfg(feature = "azure")]
    pub async fn azure() -> Option<Self> {
        let endpoint = super::endpoint("SOCORRO_TEST_AZURE_ENDPOINT")?;
        Some(Self::on_server("az", &format!("endpoint={endpoint}")).await)
    }

    async fn on_server(scheme: &str, query: &str) -> Self {
        let prefix = sample::crash_id();
        let address = format!("{scheme}://{BUCKET}/{prefix}?{query}");
        crate::create(&address)
            .await
            .expect("a bucket on the test server");
        let storage = crate::address::open_objects(&address, StorageOptions::default())
            .expect("a storage on the test server");
        Self::of(storage)
    }
}
