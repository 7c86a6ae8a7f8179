//! A service at a free port of this machine, with something in the place of the collector.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use http::request::Parts;
use http_body_util::BodyExt as _;
use socorro_collector::{
    BodyError, Details, Health, Malformed, Outcome,
    http::{Intake, Options, RequestBody, router, serve},
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

/// The id that reports get.
pub(crate) const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

/// Takes every body that is not empty, and remembers it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stub(Arc<State>);

#[derive(Debug, Default)]
struct State {
    bodies: Mutex<Vec<Vec<u8>>>,
    health: Mutex<Health>,
    /// Reports wait for it, if there is one.
    gate: Mutex<Option<Arc<Notify>>>,
    arrived: Notify,
}

impl Stub {
    /// The bodies that came.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let bodies = self.0.bodies.lock().unwrap();
        let texts = bodies
            .iter()
            .map(|body| String::from_utf8_lossy(body).into_owned());
        texts.collect()
    }

    pub(crate) fn set_health(&self, health: Health) {
        *self.0.health.lock().unwrap() = health;
    }

    /// Lets reports wait until the gate is opened.
    pub(crate) fn close_gate(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *self.0.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    fn keep(&self, body: &[u8]) -> Outcome {
        if body.is_empty() {
            return Outcome::Malformed(Malformed::NoContentLength);
        }
        self.0.bodies.lock().unwrap().push(body.to_vec());
        Outcome::Accepted {
            id: ID.parse().unwrap(),
            stop_sending: None,
        }
    }

    /// Waits until a report is waiting at the gate.
    pub(crate) async fn arrived(&self) {
        self.0.arrived.notified().await;
    }
}

impl Intake for Stub {
    async fn submit(&self, head: &Parts, body: RequestBody) -> (Outcome, Details) {
        assert!(!head.headers.contains_key("x-panic"), "asked for");
        let body = body.collect().await;
        let gate = self.0.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            self.0.arrived.notify_one();
            gate.notified().await;
        }
        let outcome = match body {
            Ok(body) => self.keep(&body.to_bytes()),
            Err(BodyError::Timeout) => Outcome::Malformed(Malformed::Timeout),
            Err(BodyError::TooLarge) => Outcome::Malformed(Malformed::TooLarge),
            Err(BodyError::Broken(_)) => Outcome::Malformed(Malformed::InvalidPayloadStructure),
        };
        (outcome, Details::default())
    }

    async fn health(&self) -> Health {
        self.0.health.lock().unwrap().clone()
    }

    fn body_limit(&self) -> u64 {
        1 << 20
    }
}

/// A service that runs until it is stopped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) options: Options,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start<I: Intake>(intake: I, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(intake, &options);
        let served = options.clone();
        let task =
            tokio::spawn(
                async move { serve(listener, router, &served, std::future::pending()).await },
            );
        Self {
            address,
            options,
            task,
        }
    }

    /// Begins to end it, and waits for the end.
    pub(crate) async fn stop(self) {
        self.options.shutdown.begin();
        self.task.await.unwrap().unwrap();
    }
}
