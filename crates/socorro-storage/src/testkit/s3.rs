//! A bucket on a test server.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// The bucket of the tests.
pub(super) const BUCKET: &str = "socorro-storage-tests";

const ENDPOINT: &str = "SOCORRO_TEST_S3_ENDPOINT";
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a server that is still starting is asked for a bucket.
const TRIES: u32 = 50;

/// The address of the S3 server for tests: `SOCORRO_TEST_S3_ENDPOINT`. Its credentials are in
/// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
///
/// `None`, said loudly, when there is no such server.
///
/// # Panics
///
/// With `CI=true` when there is no such server, and when there are no credentials for it.
#[must_use]
pub fn endpoint() -> Option<String> {
    let endpoint = std::env::var(ENDPOINT).ok().filter(|text| !text.is_empty());
    if endpoint.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "{ENDPOINT} is not set, and CI must not skip tests");
        eprintln!("SKIPPED: set {ENDPOINT} to the address of an S3 server to run this test");
    }
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let missing = endpoint.is_some() && std::env::var_os(name).is_none();
        assert!(!missing, "{ENDPOINT} is set, but {name} is not");
    }
    endpoint
}

/// Makes a bucket with one plain HTTP request, which object_store cannot do. Says nothing when the
/// bucket is there already.
pub(super) fn make_bucket(endpoint: &str, bucket: &str) {
    let host = endpoint
        .strip_prefix("http://")
        .unwrap_or_else(|| panic!("{ENDPOINT} has to begin with http://, not be {endpoint:?}"))
        .trim_end_matches('/');
    let mut answer = String::new();
    // A server that has only just started may say at first that it cannot.
    for _ in 0..TRIES {
        answer = put_bucket(host, bucket).unwrap_or_else(|error| {
            panic!("cannot make the bucket {bucket} at {endpoint}: {error}")
        });
        match answer.split(' ').nth(1).unwrap_or_default() {
            "200" | "204" | "409" => return,
            "501" | "503" => {}
            _ => break,
        }
    }
    panic!("cannot make the bucket {bucket} at {endpoint}: {answer}");
}

fn put_bucket(host: &str, bucket: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(host)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    // The header makes servers that look at more than the path take the request for one of S3.
    write!(
        connection,
        "PUT /{bucket} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=test/20240716/us-east-1/s3/aws4_request, \
         SignedHeaders=host, Signature=0\r\n\r\n"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}
