//! The HTTP server: a handful of pages, made from what is in memory, and processed crashes.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use socorro_core::CrashId;
use socorro_report::Report;
use socorro_storage::{CrashStorage as _, ErrorKind};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};

use super::{checks, observer::Observer, page, status, version::version};
use crate::failure::Failure;

/// How many connections are served at a time; others wait.
const CONNECTIONS: usize = 64;
/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(5);
/// How long a connection may take altogether.
const WHOLE: Duration = Duration::from_secs(15);
/// Size of the buffer that the head of a request has to fit into.
const HEAD: usize = 16 << 10;
/// How long the storage may take for a crash.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long to wait when the system has no connection to give.
const PAUSE: Duration = Duration::from_millis(100);

/// What the pages are made from.
#[derive(Debug)]
struct Pages {
    observer: Arc<Observer>,
    prometheus: Option<PrometheusHandle>,
    version: Value,
}

/// Takes the address.
///
/// # Errors
///
/// When it is taken, or not one of this machine.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|error| {
        Failure::because(format_args!("cannot listen at {address}"), &error)
            .hint("--listen says where to answer health checks; another process may have the port")
    })
}

/// Serves from now on, until the program ends.
///
/// # Errors
///
/// When the runtime cannot take the listener.
pub(super) fn serve(
    listener: TcpListener,
    observer: Arc<Observer>,
    prometheus: Option<PrometheusHandle>,
) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|error| Failure::because("cannot listen", &error))?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "listening");
    }
    let pages = Arc::new(Pages {
        observer,
        prometheus,
        version: version(),
    });
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let pages = Arc::clone(&pages);
                    tokio::spawn(async move {
                        let _place = place;
                        // One that is too slow is cut off.
                        let _ = timeout(WHOLE, answer(stream, &pages)).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    });
    Ok(())
}

async fn answer(stream: TcpStream, pages: &Arc<Pages>) {
    let service = service_fn(|request: Request<Incoming>| {
        let pages = Arc::clone(pages);
        async move {
            let response = pages.response(request.method(), request.uri().path());
            Ok::<_, Infallible>(response.await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ARRIVAL)
        .max_buf_size(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

impl Pages {
    async fn response(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        }
        match path {
            "/" => {
                let document = status::document(&self.observer);
                let html = "text/html; charset=utf-8";
                body(StatusCode::OK, html, page::render(&document))
            }
            "/status.json" => json(StatusCode::OK, &status::document(&self.observer)),
            "/metrics" => match &self.prometheus {
                Some(prometheus) => {
                    let form = "text/plain; version=0.0.4; charset=utf-8";
                    body(StatusCode::OK, form, prometheus.render())
                }
                None => text(StatusCode::NOT_FOUND, "no metrics\n"),
            },
            "/__version__" => json(StatusCode::OK, &self.version),
            "/__heartbeat__" => {
                let checks = self.observer.seen().checks;
                json(available(checks.are_ok()), &checks.to_json())
            }
            "/__lbheartbeat__" => {
                let ok = !checks::is_draining(&self.observer.status());
                json(available(ok), &json!({"ok": ok}))
            }
            _ => match path.strip_prefix(page::CRASH) {
                Some(id) => self.crash(id).await,
                None => text(StatusCode::NOT_FOUND, "no such page\n"),
            },
        }
    }

    /// A processed crash, without what is private.
    async fn crash(&self, id: &str) -> Response<Full<Bytes>> {
        let Ok(id) = CrashId::parse(id) else {
            return text(StatusCode::NOT_FOUND, "this is no crash id\n");
        };
        let storage = &self.observer.watched().storage;
        let found = timeout(PATIENCE, storage.processed_crash(&id)).await;
        match found {
            Ok(Ok(crash)) => {
                let page = Report::public(&crash.value).page().to_string();
                body(StatusCode::OK, "text/html; charset=utf-8", page)
            }
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => text(
                StatusCode::NOT_FOUND,
                "there is no such crash, or it is not processed yet\n",
            ),
            _ => text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the storage does not answer; try again later\n",
            ),
        }
    }
}

fn available(ok: bool) -> StatusCode {
    if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

fn json(code: StatusCode, document: &Value) -> Response<Full<Bytes>> {
    body(code, "application/json", format!("{document}\n"))
}

fn text(code: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    body(code, "text/plain; charset=utf-8", text)
}

fn body(code: StatusCode, form: &'static str, content: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(content.into()));
    *response.status_mut() = code;
    let headers = [
        (header::CONTENT_TYPE, form),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
