//! A proxy in front of an HTTP server that breaks what passes through.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode, Uri,
    body::{Frame, Incoming},
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    http::{request, response},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::TcpListener;

use super::{
    random::Random,
    switches::{Part, Switches},
};

/// How long a connection that stalls does so.
const STALL: Duration = Duration::from_secs(8);

type Body = BoxBody<Bytes, io::Error>;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is held back, so that later ones overtake it.
    Delay(Duration),
    InternalError,
    SlowDown,
    /// The connection ends before anything is done.
    CutBefore,
    /// The connection ends when all is done: the client has to ask again.
    CutAfter,
    TornRequest,
    TornResponse,
    Stall,
}

impl Fault {
    /// Of ten thousand requests, so many have this fault.
    const SHARES: [(u32, Self); 7] = [
        (40, Self::InternalError),
        (60, Self::SlowDown),
        (40, Self::CutBefore),
        (40, Self::CutAfter),
        (30, Self::TornRequest),
        (30, Self::TornResponse),
        (3, Self::Stall),
    ];
    const DELAYED: u32 = 150;

    fn by(chance: &mut fastrand::Rng) -> Option<Self> {
        let mut number = chance.u32(..10_000);
        for (share, fault) in Self::SHARES {
            if number < share {
                return Some(fault);
            }
            number -= share;
        }
        let delay = Duration::from_millis(chance.u64(5..400));
        (number < Self::DELAYED).then_some(Self::Delay(delay))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Delay(_) => "request overtaken by others",
            Self::InternalError => "500 Internal Server Error",
            Self::SlowDown => "503 Slow Down",
            Self::CutBefore => "connection cut before the request",
            Self::CutAfter => "connection cut before the answer",
            Self::TornRequest => "request torn",
            Self::TornResponse => "answer torn",
            Self::Stall => "connection stalled",
        }
    }
}

/// A proxy in front of an HTTP server that breaks what passes through.
struct Proxy {
    /// Scheme, host and port of the server.
    backend: String,
    client: Client<HttpConnector, Body>,
    switches: Arc<Switches>,
    random: Random,
    /// The bucket that can be down alone.
    copy: String,
    /// How often each request came.
    seen: Mutex<HashMap<String, u32>>,
}

/// Starts a proxy; gives its address. `copy` names the bucket that can be down alone.
pub(crate) async fn start(
    backend: &str,
    copy: &str,
    switches: Arc<Switches>,
    random: Random,
) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let proxy = Arc::new(Proxy {
        backend: backend.trim_end_matches('/').to_owned(),
        client: Client::builder(TokioExecutor::new()).build_http(),
        switches,
        random,
        copy: format!("/{copy}"),
        seen: Mutex::default(),
    });
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let proxy = Arc::clone(&proxy);
            let answer = service_fn(move |request| {
                let proxy = Arc::clone(&proxy);
                async move { proxy.pass(request).await }
            });
            tokio::spawn(async move {
                // That connections end in the middle is what this is for.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), answer)
                    .await;
            });
        }
    });
    Ok(address)
}

/// The connection is to end here.
fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut on purpose")
}

fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never| match never {}).boxed()
}

/// The first half of a body, and then nothing.
fn torn(body: &Bytes) -> Body {
    let half = Ok(Frame::data(body.slice(..body.len() / 2)));
    let parts = stream::iter([half, Err(cut())]);
    StreamBody::new(parts).boxed()
}

fn answer(status: StatusCode, code: &str) -> Response<Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>on purpose</Message></Error>"
    );
    let mut response = Response::new(whole(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("application/xml"),
    );
    response
}

impl Proxy {
    async fn pass(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        self.switches.count("requests");
        if self.switches.is_down(Part::Storage) {
            return Err(cut());
        }
        if self.switches.is_down(Part::Copy) && request.uri().path().starts_with(&self.copy) {
            return Ok(answer(
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailable",
            ));
        }
        let fault = self.fault(&request);
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        match fault {
            None => self.forward(head, whole(body)).await,
            Some(Fault::Delay(delay)) => {
                tokio::time::sleep(delay).await;
                self.forward(head, whole(body)).await
            }
            Some(Fault::InternalError) => {
                Ok(answer(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"))
            }
            Some(Fault::SlowDown) => Ok(answer(StatusCode::SERVICE_UNAVAILABLE, "SlowDown")),
            Some(Fault::CutBefore) => Err(cut()),
            Some(Fault::CutAfter) => {
                let _ = self.forward(head, whole(body)).await?;
                Err(cut())
            }
            Some(Fault::TornRequest) => {
                let _ = self.forward(head, torn(&body)).await?;
                Err(cut())
            }
            Some(Fault::TornResponse) => {
                let (head, body) = self.forward(head, whole(body)).await?.into_parts();
                tear(head, body).await
            }
            Some(Fault::Stall) => {
                tokio::time::sleep(STALL).await;
                Err(cut())
            }
        }
    }

    /// What happens to this request: the same for the same seed, whatever else goes on.
    fn fault(&self, request: &Request<Incoming>) -> Option<Fault> {
        if self.switches.is_calm() {
            return None;
        }
        let name = format!("{} {}", request.method(), request.uri());
        let times = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let times = seen.entry(name.clone()).or_default();
            *times += 1;
            *times
        };
        let fault = Fault::by(&mut self.random.on(("request", name, times)))?;
        self.switches.count(fault.name());
        Some(fault)
    }

    async fn forward(&self, mut head: request::Parts, body: Body) -> io::Result<Response<Body>> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("{}{path}", self.backend)
            .parse::<Uri>()
            .map_err(io::Error::other)?;
        let request = Request::from_parts(head, body);
        let response = self
            .client
            .request(request)
            .await
            .map_err(io::Error::other)?;
        Ok(response.map(|body| body.map_err(io::Error::other).boxed()))
    }
}

/// Announces the whole answer, and sends half of it.
async fn tear(mut head: response::Parts, body: Body) -> io::Result<Response<Body>> {
    let body = body.collect().await?.to_bytes();
    if body.is_empty() {
        return Err(cut());
    }
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Ok(Response::from_parts(head, torn(&body)))
}
