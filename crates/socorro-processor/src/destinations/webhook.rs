//! A receiver over HTTP(S).

use std::fmt;

use async_trait::async_trait;
use reqwest::{
    Client, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use socorro_core::{CrashId, ProcessedCrash};

use super::{Content, Destination, DestinationError};
use crate::http::{reason, retry_after};

/// Sends each processed crash to a receiver: a POST request with the crash as JSON and its id in
/// the header `Crash-Id`.
///
/// Any answer from 200 to 299 means that the crash was taken. Busy (408, 425, 429), broken (5xx)
/// and refused access (401, 403) mean that it may be taken later; everything else that this crash
/// is refused. Redirects are not followed: a crash goes where it was meant to go.
///
/// ```
/// use socorro_processor::destinations::Webhook;
///
/// let webhook = Webhook::to("https://example.org/crashes")?
///     .with_header("Authorization", "Bearer secret")?;
/// assert!(!format!("{webhook:?} {webhook}").contains("secret"));
/// # Ok::<(), socorro_processor::destinations::DestinationError>(())
/// ```
#[derive(Clone)]
pub struct Webhook {
    url: Url,
    headers: HeaderMap,
    content: Content,
    client: Client,
}

impl Webhook {
    /// Sends what is public to `url`. Nothing is asked of it yet.
    ///
    /// # Errors
    ///
    /// [`DestinationError::BadUrl`] when `url` is not an `http` or `https` URL.
    pub fn to(url: &str) -> Result<Self, DestinationError> {
        // Text that is no URL may still hold a password, so it is not repeated.
        let url = Url::parse(url).map_err(|error| bad_url("…", &error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad_url(&origin(&url), "the scheme must be http or https"));
        }
        let client = Client::builder()
            .user_agent(concat!("socorro-processor/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| bad_url(&origin(&url), &reason(&error)))?;
        Ok(Self {
            url,
            headers: HeaderMap::new(),
            content: Content::Public,
            client,
        })
    }

    /// Sends a header with each crash. Its value is taken for a secret and never shown.
    ///
    /// # Errors
    ///
    /// [`DestinationError::BadHeader`] when name or value cannot be in a header.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, DestinationError> {
        let bad = |what| DestinationError::BadHeader {
            destination: self.to_string(),
            what,
        };
        let name = HeaderName::try_from(name).map_err(|_| bad("name"))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| bad("value"))?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sends more than what is public.
    #[must_use]
    pub fn with_content(self, content: Content) -> Self {
        Self { content, ..self }
    }

    fn answered(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), DestinationError> {
        let later = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        let destination = self.to_string();
        let reason = format!("answered {status}");
        if status.is_success() {
            Ok(())
        } else if status.is_server_error() || later.contains(&status) {
            Err(DestinationError::Unavailable {
                destination,
                reason,
                retry_after: retry_after(headers),
                source: None,
            })
        } else {
            Err(DestinationError::Refused {
                destination,
                reason,
            })
        }
    }
}

#[async_trait]
impl Destination for Webhook {
    async fn take(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError> {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Crash-Id", id.as_str())
            .headers(self.headers.clone())
            .body(self.content.of(crash));
        match request.send().await {
            Ok(response) => self.answered(response.status(), response.headers()),
            Err(error) => Err(DestinationError::unavailable(
                self.to_string(),
                reason(&error),
            )),
        }
    }
}

fn bad_url(url: &str, reason: &str) -> DestinationError {
    DestinationError::BadUrl {
        url: url.to_owned(),
        reason: reason.to_owned(),
    }
}

/// A URL as it may be shown: the path of a webhook is often a secret as well.
fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    format!("{}://{host}{}/…", url.scheme(), port.unwrap_or_default())
}

/// The server, without the secrets that the URL may hold.
impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&origin(&self.url))
    }
}

/// Without the secrets in URL and headers.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("url", &origin(&self.url))
            .field("headers", &self.headers)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}
