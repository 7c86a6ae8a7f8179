//! What the service needs of a collector.

use http::request::Parts;

use super::RequestBody;
use crate::{Collector, Details, Health, Outcome};

/// What takes the reports that come in: a [`Collector`], or something that a test puts in its place.
pub trait Intake: Clone + Send + Sync + 'static {
    /// Takes a report, and tells what a log line and metrics need.
    fn submit(
        &self,
        head: &Parts,
        body: RequestBody,
    ) -> impl Future<Output = (Outcome, Details)> + Send;

    /// Asks everything that is needed to take reports.
    fn health(&self) -> impl Future<Output = Health> + Send;

    /// Bytes that the body of a report may have; 0 for any number.
    fn body_limit(&self) -> u64;

    /// What `/__spool__` tells: entries, bytes, oldest age, last error; `null` when there is no spool.
    fn spool_status(&self) -> impl Future<Output = serde_json::Value> + Send {
        std::future::ready(serde_json::Value::Null)
    }
}

impl Intake for Collector {
    async fn submit(&self, head: &Parts, body: RequestBody) -> (Outcome, Details) {
        self.submit_with_details(head, body).await
    }

    async fn health(&self) -> Health {
        Self::health(self).await
    }

    fn body_limit(&self) -> u64 {
        self.parse_options().limits.body
    }

    async fn spool_status(&self) -> serde_json::Value {
        let status = Self::spool_status(self);
        serde_json::to_value(status).unwrap_or_default()
    }
}
