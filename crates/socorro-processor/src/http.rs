//! What the HTTP clients of this crate share.

use std::{error::Error as _, time::Duration};

use reqwest::header::{HeaderMap, RETRY_AFTER};

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
    // The innermost cause says most: `connection refused`, `unexpected end of file`.
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| kind.to_owned(), |cause| format!("{kind}: {cause}"))
}
