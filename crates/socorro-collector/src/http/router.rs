//! The paths of the service.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{
    Intake, Options,
    admission::Admission,
    answer::{self, text},
    submit::submit,
};
use crate::{Health, metrics};

/// What the handlers of one router share.
#[derive(Debug)]
pub(crate) struct Service<I> {
    pub(crate) intake: I,
    pub(crate) options: Options,
    pub(crate) admission: Admission,
}

/// The paths for clients and load balancers: those of [`Options::submit`], `/__lbheartbeat__`, `/__heartbeat__` and
/// `/__version__` (Mozilla's Dockerflow).
///
/// It can be mounted in a program of its own; what [`serve`](super::serve) adds beneath it (heads within bounds, chunks of HTTP/1.0,
/// connections that end gently) is then that program's to do.
pub fn router<I: Intake>(intake: I, options: &Options) -> Router {
    let service = Arc::new(Service {
        intake,
        options: options.clone(),
        admission: Admission::new(options.max_in_flight_bytes, options.admission_wait),
    });
    let mut router = Router::new();
    for path in &options.submit {
        let (service, style) = (Arc::clone(&service), path.style);
        let post = move |request: Request| submit(Arc::clone(&service), style, request);
        let methods = on(MethodFilter::POST, post)
            .on(MethodFilter::OPTIONS, || allow(StatusCode::OK, "POST"))
            .fallback(|| allow(StatusCode::METHOD_NOT_ALLOWED, "POST, OPTIONS"));
        router = router.route(&path.path, methods);
    }
    router
        .route("/__lbheartbeat__", get(&service, lbheartbeat))
        .route("/__heartbeat__", get(&service, heartbeat))
        .route("/__version__", get(&service, version))
        .fallback(not_found)
}

/// The paths for those who look after the service: `/metrics`, with what `metrics` returns, `/__spool__` and, if
/// [`Options::enable_broken`] says so, `/__broken__`.
///
/// Whoever can reach them learns how the service is doing: they belong to a listener of their own.
pub fn admin_router<I: Intake, F>(intake: I, options: &Options, metrics: F) -> Router
where
    F: Fn() -> String + Clone + Send + Sync + 'static,
{
    let exposition = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    let exposed = move || {
        let response = answer::with_type(StatusCode::OK, exposition.clone(), metrics());
        std::future::ready(response)
    };
    let spool = move || {
        let intake = intake.clone();
        async move { answer::json(StatusCode::OK, &intake.spool_status().await) }
    };
    let router = Router::new()
        .route("/metrics", reading(axum::routing::get(exposed)))
        .route("/__spool__", reading(axum::routing::get(spool)));
    if !options.enable_broken {
        return router;
    }
    router.route("/__broken__", reading(axum::routing::get(broken)))
}

/// A path that is read with GET or HEAD.
fn get<I: Intake, H, F>(service: &Arc<Service<I>>, handler: H) -> MethodRouter
where
    H: Fn(Arc<Service<I>>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let service = Arc::clone(service);
    reading(axum::routing::get(move || handler(Arc::clone(&service))))
}

fn reading(methods: MethodRouter) -> MethodRouter {
    methods.fallback(|| allow(StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"))
}

/// Names the methods that there are. No browser page may post reports, so nothing allows other origins.
async fn allow(status: StatusCode, methods: &'static str) -> Response {
    let mut response = text(status, String::new());
    let methods = HeaderValue::from_static(methods);
    response.headers_mut().insert(header::ALLOW, methods);
    response
}

async fn not_found() -> Response {
    text(StatusCode::NOT_FOUND, "Not found\n".to_owned())
}

/// Whether requests may be sent here; asks nobody.
async fn lbheartbeat<I: Intake>(service: Arc<Service<I>>) -> Response {
    metrics::LBHEARTBEAT.count(&[]);
    if service.options.shutdown.has_begun() {
        return text(
            StatusCode::SERVICE_UNAVAILABLE,
            "Shutting down\n".to_owned(),
        );
    }
    answer::with_type(StatusCode::OK, answer::JSON, String::new())
}

/// Whether reports are taken; asks everything that they need.
async fn heartbeat<I: Intake>(service: Arc<Service<I>>) -> Response {
    metrics::HEARTBEAT.count(&[]);
    let health = service.intake.health().await;
    let status = if health.takes_reports() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    answer::json(status, &health_json(&health))
}

fn health_json(health: &Health) -> Value {
    let list = |ailments: &[crate::Ailment]| -> Value {
        let list = ailments
            .iter()
            .map(|ailment| json!({"name": ailment.name, "msg": ailment.message}));
        list.collect()
    };
    let mut body = json!({"errors": list(&health.errors)});
    if !health.degraded.is_empty() {
        body["degraded"] = list(&health.degraded);
    }
    body
}

async fn version<I: Intake>(service: Arc<Service<I>>) -> Response {
    metrics::VERSION.count(&[]);
    answer::json(StatusCode::OK, &service.options.version)
}

/// Fails, to show that failures are noticed.
async fn broken() -> Response {
    metrics::BROKEN.count(&[]);
    tracing::error!("somebody asked for /__broken__, which fails on purpose");
    text(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Discarded=internal_error".to_owned(),
    )
}
