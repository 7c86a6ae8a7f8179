//! Storages on test servers, whose addresses come from the environment.

/// The address of a server for tests, from an environment variable.
///
/// `None`, said loudly, when there is no such server.
///
/// # Panics
///
/// With `CI=true` when there is no such server.
#[must_use]
pub fn endpoint(variable: &str) -> Option<String> {
    let endpoint = std::env::var(variable).ok().filter(|text| !text.is_empty());
    if endpoint.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "{variable} is not set, and CI must not skip tests");
        eprintln!("SKIPPED: set {variable} to the address of a test server to run this test");
    }
    endpoint
}

/// The address of the S3 server for tests, `SOCORRO_TEST_S3_ENDPOINT`; see [`endpoint`].
#[must_use]
pub fn s3_endpoint() -> Option<String> {
    endpoint("SOCORRO_TEST_S3_ENDPOINT")
}
