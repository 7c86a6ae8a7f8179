//! One connection, from its first byte to its last.

mod framing;
mod guard;
mod head;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{Router, body::Body as AxumBody, response::Response};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Version, header};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt as _;

use super::{Options, Shutdown, address::Peer, answer::text, options::limit};
use crate::metrics;
use guard::{Guard, GuardLimits, Refused};
use head::{HeadLimits, Refusal};

/// What hyper may hold of a connection. Heads fit in; bodies pass in such pieces.
const BUFFER: usize = 64 << 10;

/// Fields of a head for which hyper has room without asking for memory.
const HYPERS_FIELDS: usize = 100;

/// Serves all requests of a connection, then closes it.
pub(crate) async fn serve<S>(stream: S, peer: Peer, router: Router, options: &Options)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let refused = Refused::default();
    let limits = guard_limits(options);
    let stopping = options.shutdown.stopping().clone();
    let guard = Guard::new(stream, limits, refused.clone(), stopping);
    let requests = Requests {
        router,
        peer,
        refused,
        shutdown: options.shutdown.clone(),
    };
    let service = service_fn(|request| Box::pin(requests.answer(request)));
    let mut builder = http1::Builder::new();
    builder
        .half_close(true)
        .header_read_timeout(None)
        .title_case_headers(true)
        .max_buf_size(BUFFER.max(limits.head.bytes.saturating_mul(2)));
    if limits.head.fields > HYPERS_FIELDS {
        builder.max_headers(limits.head.fields);
    }
    let mut connection = builder.serve_connection(TokioIo::new(guard), service);
    let served = std::future::poll_fn(|context| connection.poll_without_shutdown(context)).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke");
    }
    connection.into_parts().io.into_inner().close().await;
}

/// Answers the requests of one connection.
struct Requests {
    router: Router,
    peer: Peer,
    refused: Refused,
    shutdown: Shutdown,
}

impl Requests {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let old = request.version() == Version::HTTP_10;
        let ended = Arc::new(AtomicBool::new(false));
        let response = match self.refused.take() {
            Some(refusal) => refuse(refusal),
            None => {
                let mut request = request.map(|body| AxumBody::new(Watched::new(body, &ended)));
                request.extensions_mut().insert(self.peer);
                self.router.clone().oneshot(request).await?
            }
        };
        let last = old || !ended.load(Ordering::Relaxed) || self.shutdown.has_begun();
        Ok(finished(response, last))
    }
}

fn guard_limits(options: &Options) -> GuardLimits {
    let (fields, bytes) = options.head_limits();
    GuardLimits {
        head: HeadLimits { fields, bytes },
        head_time: limit(options.timeouts.head),
        keep_alive: limit(options.timeouts.keep_alive),
        write: limit(options.timeouts.silence),
    }
}

/// Answers a request whose head is not passed on.
fn refuse(refusal: Refusal) -> Response {
    let (reason, status, body) = match refusal {
        Refusal::BadRequest => ("bad_request", StatusCode::BAD_REQUEST, "Bad request\n"),
        Refusal::TooLarge => (
            "too_large",
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The head of the request is too large\n",
        ),
        Refusal::Timeout => (
            "timeout",
            StatusCode::REQUEST_TIMEOUT,
            "Discarded=malformed_timeout",
        ),
    };
    metrics::REFUSED_HEADS.count(&[("reason", reason.into())]);
    text(status, body.to_owned())
}

/// Counts an answer, and says so if it is the last one of its connection.
fn finished(mut response: Response, last: bool) -> Response {
    let status = response.status().as_u16().to_string();
    metrics::RESPONSES.count(&[("status", status.into())]);
    if last {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// The body of a request that tells when it was read to its end: only then can the connection be used again.
struct Watched {
    body: Incoming,
    ended: Arc<AtomicBool>,
}

impl Watched {
    fn new(body: Incoming, ended: &Arc<AtomicBool>) -> Self {
        let ended = Arc::clone(ended);
        ended.store(body.is_end_stream(), Ordering::Relaxed);
        Self { body, ended }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let ended = frame.is_none() || self.body.is_end_stream();
        self.ended.store(ended, Ordering::Relaxed);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
