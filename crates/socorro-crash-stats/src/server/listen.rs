//! The server as it runs.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{self, header},
    response::Response,
};
use socorro_core::{CrashId, time::Clock};
use tokio::{net::TcpListener, sync::oneshot};

use super::{
    Crash, Fault, Request, Site, Token,
    answer::{Answer, response},
    endpoints,
    fault::Kind,
    limits::Limiter,
    request::{Asked, Reader},
    spoil,
};

/// How large the body of a request may be.
const BODY: usize = 16 << 20;

/// A server that answers like Crash Stats; see [the module](super). It ends when it is dropped.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What all requests see.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) site: Site,
    state: Mutex<Stateful>,
}

/// What changes.
#[derive(Debug, Default)]
pub(super) struct Stateful {
    pub(super) crashes: BTreeMap<CrashId, Arc<Crash>>,
    pub(super) reprocessed: Vec<String>,
    faults: Vec<Fault>,
    journal: Vec<Request>,
    limiter: Limiter,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, Stateful> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.site.clock
    }

    /// A crash by its id.
    ///
    /// # Errors
    ///
    /// The answer when there is none.
    pub(super) fn crash(&self, id: &CrashId) -> Result<Arc<Crash>, Answer> {
        let found = self.state().crashes.get(id).map(Arc::clone);
        found.ok_or_else(|| Answer::not_found(id))
    }
}

impl TestServer {
    /// Listens at a free port of this machine.
    ///
    /// # Errors
    ///
    /// When there is none, or no thread for it.
    pub fn start(mut site: Site) -> io::Result<Self> {
        let crashes = std::mem::take(&mut site.crashes).into_iter();
        let state = Stateful {
            crashes: crashes.map(|crash| (crash.id, Arc::new(crash))).collect(),
            faults: std::mem::take(&mut site.faults),
            ..Stateful::default()
        };
        let shared = Arc::new(Shared {
            site,
            state: Mutex::new(state),
        });
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let router = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&shared));
        let thread = std::thread::Builder::new().name("crash-stats".to_owned());
        let thread = thread.spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else {
                    return;
                };
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
            // Connections that are open end with it.
            drop(runtime);
        })?;
        Ok(Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it is: `http://127.0.0.1:{port}`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests there were to an endpoint, whatever was answered.
    #[must_use]
    pub fn requests(&self, endpoint: &str) -> usize {
        let state = self.shared.state();
        let to_it = |request: &&Request| request.endpoint == endpoint;
        state.journal.iter().filter(to_it).count()
    }

    /// All requests, in the order in which they were answered.
    #[must_use]
    pub fn journal(&self) -> Vec<Request> {
        self.shared.state().journal.clone()
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        self.shared.state().journal.clear();
    }

    /// What was asked to be processed again: `{crash id}` or `{crash id}:{ruleset}`.
    #[must_use]
    pub fn reprocessed(&self) -> Vec<String> {
        self.shared.state().reprocessed.clone()
    }

    /// Adds a crash, or replaces the one of the same id.
    pub fn add_crash(&self, crash: Crash) {
        let crash = Arc::new(crash);
        self.shared.state().crashes.insert(crash.id, crash);
    }

    /// Adds a fault; those that were there before come first.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.state().faults.push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers a request.
async fn serve(State(shared): State<Arc<Shared>>, request: http::Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY).await.unwrap_or_default();
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    let asked = Asked::new(head.method.clone(), path, query, &head.headers, &body);
    let fault = {
        let mut state = shared.state();
        // All of them count the request.
        state
            .faults
            .iter_mut()
            .fold(None, |first: Option<Kind>, fault| {
                let strikes = fault.strikes(&asked.endpoint, &asked.query);
                first.or_else(|| strikes.then(|| fault.kind.clone()))
            })
    };
    let answer = match &fault {
        Some(Kind::Answer {
            status,
            content_type,
            body,
            retry_after,
        }) => {
            let answer = Answer::text(*status, content_type, body);
            match retry_after {
                Some(text) => answer.with(header::RETRY_AFTER, text),
                None => answer,
            }
        }
        Some(Kind::Redirect(url)) => Answer::text(302, "text/html", "").with(header::LOCATION, url),
        _ => admit(&shared, &asked, path).unwrap_or_else(|refusal| refusal),
    };
    shared.state().journal.push(Request {
        method: asked.method.to_string(),
        endpoint: asked.endpoint.clone(),
        query: asked.query.clone(),
        with_token: asked.secret.is_some(),
        user_agent: asked.user_agent.clone(),
        status: answer.status.as_u16(),
    });
    let pretty = asked.parameter("pretty") == Some("print");
    let (status, content_type, body, mut headers) = answer.into_parts(pretty);
    let length = match &fault {
        Some(Kind::Length(length)) => *length,
        _ => body.len() as u64,
    };
    headers.push((header::CONTENT_LENGTH, length.to_string()));
    response(
        status,
        content_type,
        spoil::spoilt(body, fault.as_ref()),
        headers,
    )
}

/// Checks who asks, and how often, before an endpoint answers.
fn admit(shared: &Shared, asked: &Asked, path: &str) -> Result<Answer, Answer> {
    if !path.starts_with("/api/") {
        let page = "<!DOCTYPE html>\n<html><body><h1>Page not Found</h1></body></html>\n";
        return Err(Answer::text(404, "text/html; charset=utf-8", page));
    }
    if !path.ends_with('/') {
        let query = if asked.query.is_empty() { "" } else { "?" };
        let slashed = format!("{path}/{query}{}", asked.query);
        return Err(Answer::text(301, "text/html", "").with(header::LOCATION, slashed));
    }
    let now = shared.clock().now();
    let token = token_of(&shared.site, asked);
    let (who, limit) = match token {
        Ok(Some(_)) => ("token", shared.site.token_limit),
        _ => ("anonymous", shared.site.anonymous_limit),
    };
    let class = endpoints::is_class_based(&asked.endpoint);
    let group = if class { &*asked.endpoint } else { "models" };
    let counted = format!("{group} {who} {}", asked.address);
    let room = shared.state().limiter.count(counted, limit, now);
    room.map_err(|seconds| too_many(asked, seconds, class, shared.site.like_mozilla))?;
    endpoints::answer(shared, asked, Reader(token?))
}

/// The token of a request, if it has one.
fn token_of<'a>(site: &'a Site, asked: &Asked) -> Result<Option<&'a Token>, Answer> {
    let Some(secret) = &asked.secret else {
        return Ok(None);
    };
    let token = site.tokens.iter().find(|token| token.is(secret));
    let token = token.ok_or_else(|| Answer::error(403, "API Token not matched"))?;
    match token.refusal(site.clock.now()) {
        Some(reason) => Err(Answer::error(403, reason)),
        None => Ok(Some(token)),
    }
}

fn too_many(asked: &Asked, seconds: i64, class: bool, like_mozilla: bool) -> Answer {
    let answer = if class {
        let detail = serde_json::json!({"detail": "Request was throttled."});
        Answer::new(429, super::answer::Content::Json(detail))
    } else if asked.wants_html {
        let page = "<!DOCTYPE html>\n<html><body><h1>Too Many Requests</h1></body></html>\n";
        Answer::text(429, "text/html; charset=utf-8", page)
    } else {
        Answer::text(429, "text/plain", "Too Many Requests")
    };
    if like_mozilla {
        answer
    } else {
        answer.with(header::RETRY_AFTER, seconds.to_string())
    }
}
