//! Single HTTP requests, for what object_store has no call for.

use object_store::{
    Error as StoreError,
    client::{HttpClient, HttpRequest, HttpRequestBody, HttpResponse},
};
use url::Url;

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
    let (path, source) = (path.to_owned(), format!("{status}: {body}").into());
    Err(match status.as_u16() {
        401 => StoreError::Unauthenticated { path, source },
        403 => StoreError::PermissionDenied { path, source },
        404 => StoreError::NotFound { path, source },
        409 => StoreError::AlreadyExists { path, source },
        412 => StoreError::Precondition { path, source },
        _ => generic(source),
    })
}

pub(crate) fn generic(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Generic {
        store: "HTTP",
        source: error.into(),
    }
}
