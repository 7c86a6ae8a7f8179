//! Versions from a service.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde_json::Value;

use super::{LookupError, VersionLookup};
use crate::http::{reason, retry_after};

/// How large an answer may be, in bytes after decompression.
const MAX_ANSWER: usize = 1 << 20;
/// The longest rest that is granted to a service that asks for one.
const LONGEST_REST: Duration = Duration::from_secs(5 * 60);

/// How to treat a version service.
#[derive(Debug, Clone)]
pub struct HttpVersionsOptions {
    /// Time for one attempt, from the connection to the end of the answer. Default: 3 seconds.
    pub timeout: Duration,
    /// How often to ask, the first time included, when the service is busy (429), fails (5xx) or
    /// the transfer breaks off. Default: 3.
    pub attempts: u32,
    /// Wait before asking again, doubled each time. Default: 100 milliseconds.
    pub backoff: Duration,
}

impl Default for HttpVersionsOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            attempts: 3,
            backoff: Duration::from_millis(100),
        }
    }
}

/// Asks a service such as Mozilla's crash-stats which version a build is.
///
/// The question is `GET <url>?product=..&channel=..&build_id=..`, the answer
/// `{"hits": [{"version_string": ".."}, ..]}`, of which the first hit counts. Any status other than
/// 200 that does not call for another attempt means that nothing is known. Source: Socorro
/// `webapp/crashstats/api/views.py`, `VersionString`.
///
/// Wrap it in [`CachedVersions`](super::CachedVersions), or every crash of a beta costs a request.
///
/// ```
/// use socorro_processor::version_lookup::{HttpVersions, HttpVersionsOptions};
///
/// let url = "https://crash-stats.mozilla.org/api/VersionString/";
/// let versions = HttpVersions::new(url, HttpVersionsOptions::default())?;
/// # Ok::<(), socorro_processor::version_lookup::LookupError>(())
/// ```
#[derive(Clone)]
pub struct HttpVersions {
    url: Url,
    options: HttpVersionsOptions,
    client: Client,
}

/// Why one attempt did not bring an answer.
enum Failure {
    /// Another attempt may.
    Temporary {
        reason: String,
        rest: Option<Duration>,
    },
    /// Another attempt would not.
    Final(String),
}

impl HttpVersions {
    /// The service at `url`. It is not asked anything yet.
    ///
    /// # Errors
    ///
    /// [`LookupError::BadUrl`] when `url` is not an `http` or `https` URL.
    pub fn new(url: &str, options: HttpVersionsOptions) -> Result<Self, LookupError> {
        // Text that is no URL may still hold a password, so it is not repeated.
        let bad = |url: &str, reason: String| LookupError::BadUrl {
            url: url.to_owned(),
            reason,
        };
        let url = Url::parse(url).map_err(|error| bad("…", error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad(
                &shown(&url),
                "the scheme must be http or https".to_owned(),
            ));
        }
        let client = Client::builder()
            .user_agent(concat!("socorro-processor/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.timeout)
            .timeout(options.timeout)
            .redirect(redirect::Policy::limited(3))
            .build()
            .map_err(|error| bad(&shown(&url), reason(&error)))?;
        Ok(Self {
            url,
            options,
            client,
        })
    }

    async fn ask(&self, url: &Url) -> Result<Option<String>, Failure> {
        let sent = self.client.get(url.clone()).send().await;
        let response = sent.map_err(|error| broken(&error))?;
        match response.status() {
            StatusCode::OK => version_in(&body(response).await?).map_err(Failure::Final),
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Err(Failure::Temporary {
                    reason: format!("answered {status}"),
                    rest: retry_after(response.headers()).map(|asked| asked.min(LONGEST_REST)),
                })
            }
            _ => Ok(None),
        }
    }
}

#[async_trait]
impl VersionLookup for HttpVersions {
    async fn version(
        &self,
        product: &str,
        channel: &str,
        build_id: &str,
    ) -> Result<Option<String>, LookupError> {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("product", product)
            .append_pair("channel", channel)
            .append_pair("build_id", build_id);
        let mut made = 0;
        loop {
            let failure = match self.ask(&url).await {
                Ok(version) => return Ok(version),
                Err(failure) => failure,
            };
            let service = shown(&self.url);
            let (reason, retry_after) = match failure {
                Failure::Final(reason) => return Err(LookupError::BadAnswer { service, reason }),
                Failure::Temporary { reason, rest } => (reason, rest),
            };
            let wait = self
                .options
                .backoff
                .saturating_mul(2_u32.saturating_pow(made));
            made += 1;
            if made >= self.options.attempts || retry_after.is_some() {
                return Err(LookupError::Unavailable {
                    service,
                    reason,
                    retry_after,
                });
            }
            tracing::debug!(service, reason, ?wait, "asking again");
            tokio::time::sleep(wait).await;
        }
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err(Failure::Final(format!("larger than {MAX_ANSWER} bytes")));
        }
    }
    Ok(bytes)
}

/// The version in an answer, or what is wrong with it.
fn version_in(body: &[u8]) -> Result<Option<String>, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let hits = answer.get("hits").and_then(Value::as_array);
    let Some(first) = hits.ok_or("it has no list of hits")?.first() else {
        return Ok(None);
    };
    let version = first.get("version_string").and_then(Value::as_str);
    version
        .map(|version| Some(version.to_owned()))
        .ok_or("its first hit has no version".to_owned())
}

fn broken(error: &reqwest::Error) -> Failure {
    Failure::Temporary {
        reason: reason(error),
        rest: None,
    }
}

/// A URL as it may be shown: without user name, password and query.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // These fail for URLs without a host, which have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

/// Without the secrets that the URL may hold.
impl fmt::Debug for HttpVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpVersions")
            .field("url", &shown(&self.url))
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
