//! What the HTTP clients of this crate share.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use socorro_core::innermost_source;

/// How long the service wants to be left alone.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// What went wrong, without the URL, which may hold a password.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "transfer failed"
    };
    innermost_source(error).map_or_else(|| kind.to_owned(), |cause| format!("{kind}: {cause}"))
}
