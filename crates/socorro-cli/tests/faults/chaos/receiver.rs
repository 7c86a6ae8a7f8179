//! Who receives processed crashes by webhook.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use super::{
    random::Random,
    reference,
    switches::{Part, Switches},
};

/// Of a thousand requests, how many are refused although the receiver is in order, and how many
/// are taken without the sender getting to know.
const REFUSED: u64 = 10;
const UNANSWERED: u64 = 10;

/// What was received for a crash: results, in the form that is compared and as they are.
#[derive(Debug, Default, Clone)]
pub(crate) struct Received {
    pub(crate) comparable: BTreeSet<String>,
    pub(crate) whole: BTreeSet<u64>,
    pub(crate) times: u32,
}

/// Who receives processed crashes by webhook.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<BTreeMap<String, Received>>>,
}

impl Receiver {
    pub(crate) async fn start(switches: Arc<Switches>, random: Random) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let receiver = Self {
            url: format!("http://{}/hook", listener.local_addr()?),
            received: Arc::default(),
        };
        let received = Arc::clone(&receiver.received);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (received, switches) = (Arc::clone(&received), Arc::clone(&switches));
                let answer = service_fn(move |request| {
                    take(
                        request,
                        Arc::clone(&received),
                        Arc::clone(&switches),
                        random,
                    )
                });
                tokio::spawn(async move {
                    // A sender may be killed in the middle of it.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(connection), answer)
                        .await;
                });
            }
        });
        Ok(receiver)
    }

    /// What was received for a crash.
    pub(crate) fn of(&self, id: &str) -> Received {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.get(id).cloned().unwrap_or_default()
    }
}

async fn take(
    request: Request<Incoming>,
    received: Arc<Mutex<BTreeMap<String, Received>>>,
    switches: Arc<Switches>,
    random: Random,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let answer = |status| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    };
    if switches.is_down(Part::Webhook) {
        switches.count("webhook: down");
        return Ok(answer(StatusCode::SERVICE_UNAVAILABLE));
    }
    let body = request.into_body().collect().await?.to_bytes();
    let Ok(crash) = serde_json::from_slice::<Value>(&body) else {
        return Ok(answer(StatusCode::BAD_REQUEST));
    };
    let id = crash["uuid"].as_str().unwrap_or_default().to_owned();
    let times = {
        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = received.entry(id.clone()).or_default();
        entry.times += 1;
        entry.times
    };
    let mut chance = random.on(("webhook", &id, times));
    let chance = if switches.is_calm() {
        u64::MAX
    } else {
        chance.u64(..1000)
    };
    if chance < REFUSED {
        switches.count("webhook: refused");
        return Ok(answer(StatusCode::INTERNAL_SERVER_ERROR));
    }
    {
        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = received.entry(id.clone()).or_default();
        entry.whole.insert(reference::fingerprint(&crash));
        entry.comparable.insert(reference::comparable(&crash, &id));
    }
    if chance < REFUSED + UNANSWERED {
        switches.count("webhook: taken, answered with an error");
        return Ok(answer(StatusCode::BAD_GATEWAY));
    }
    Ok(answer(StatusCode::NO_CONTENT))
}
