//! Single HTTP requests, for what object_store has no call for.

use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use object_store::{
    Error as StoreError,
    client::{HttpClient, HttpRequest, HttpRequestBody, HttpResponse},
};
use url::Url;

use crate::{engine::left_alone::LeftAlone, options::StorageOptions};

/// The largest answer that is read: a page of a list, which is one of 1,000 objects.
const MAX_ANSWER: usize = 16 << 20;
/// How long the first repetition of a request is held back; each further one twice as long.
const BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// How much of an answer's body goes into an error.
const SHOWN_BODY: usize = 1000;

/// A request.
pub(crate) fn request(
    method: &str,
    url: &Url,
    body: impl Into<HttpRequestBody>,
) -> Result<HttpRequest, StoreError> {
    let mut request = HttpRequest::new(body.into());
    *request.method_mut() = method.parse().map_err(generic)?;
    *request.uri_mut() = url.as_str().parse().map_err(generic)?;
    Ok(request)
}

/// Sends a request. An answer that is no success is an error, of the kind that object_store's own
/// clients give; `path` is what it is about.
pub(crate) async fn send(
    client: &HttpClient,
    request: HttpRequest,
    path: &str,
) -> Result<HttpResponse, StoreError> {
    let response = client.execute(request).await.map_err(generic)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.into_body().bytes().await.map_err(generic)?;
    let body = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BODY)]).into_owned();
    let said = Answer {
        status: status.as_u16(),
        text: format!("{status}: {body}"),
    };
    let (path, source) = (path.to_owned(), said.into());
    Err(match status.as_u16() {
        401 => StoreError::Unauthenticated { path, source },
        403 => StoreError::PermissionDenied { path, source },
        404 => StoreError::NotFound { path, source },
        409 => StoreError::AlreadyExists { path, source },
        412 => StoreError::Precondition { path, source },
        _ => generic(source),
    })
}

/// An answer that is no success.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Answer {
    status: u16,
    text: String,
}

/// The text of an answer.
pub(crate) async fn text(response: HttpResponse) -> Result<Vec<u8>, StoreError> {
    let mut chunks = response.into_body().bytes_stream();
    let mut body = Vec::new();
    while let Some(chunk) = chunks.try_next().await.map_err(generic)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(generic("the answer is too long"));
        }
    }
    Ok(body)
}

/// Makes and sends a request that may be repeated, as long as the server is in trouble or cannot be
/// reached, and the options allow.
pub(crate) async fn retried<V, W: Future<Output = Result<V, StoreError>>>(
    options: &StorageOptions,
    request: impl Fn() -> W,
) -> Result<V, StoreError> {
    let (begin, mut backoff) = (Instant::now(), BACKOFF);
    for _ in 0..options.max_retries {
        match request().await {
            Err(error) if may_pass(&error) && begin.elapsed() < options.retry_timeout => {
                tokio::time::sleep(backoff).await;
                backoff = MAX_BACKOFF.min(backoff * 2);
            }
            answer => return answer,
        }
    }
    request().await
}

/// Whether an error may be gone when the request is repeated.
fn may_pass(error: &StoreError) -> bool {
    let StoreError::Generic { source, .. } = error else {
        return false;
    };
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&**source);
    while let Some(error) = cause {
        if error.is::<LeftAlone>() {
            return false;
        }
        if let Some(answer) = error.downcast_ref::<Answer>() {
            return answer.status >= 500 || answer.status == 429;
        }
        cause = error.source();
    }
    true
}

pub(crate) fn generic(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Generic {
        store: "HTTP",
        source: error.into(),
    }
}
