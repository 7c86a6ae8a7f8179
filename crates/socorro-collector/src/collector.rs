//! From a request to its outcome.

use bytes::Bytes;
use http_body::Body;

use crate::{BodyError, Malformed, Outcome};

/// Makes a [`Collector`].
#[derive(Debug, Default)]
pub struct Builder {}

/// Takes crash reports. Clones share everything.
#[derive(Debug, Clone)]
pub struct Collector {}

impl Collector {
    /// Takes a report: reads it, decides, stores, publishes. No HTTP server is needed.
    pub async fn submit<B>(&self, head: &http::request::Parts, body: B) -> Outcome
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        let _ = (head, body);
        Outcome::Malformed(Malformed::NoContentType)
    }
}
