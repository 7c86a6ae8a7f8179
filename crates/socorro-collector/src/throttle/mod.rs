//! Which reports to keep.

use std::sync::Arc;

use serde_json::{Map, Value};
use socorro_core::time::Timestamp;

/// What a throttler decides on.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The annotations.
    pub annotations: &'a Map<String, Value>,
    /// Bytes of the main minidump, if there is one.
    pub main_dump_size: Option<u64>,
    /// SHA-256 of the main minidump in hexadecimal.
    pub main_dump_sha256: Option<&'a str>,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// When the report came.
    pub now: Timestamp,
}

/// Where samples come from.
pub trait Draws: Send {
    /// A number from 0 up to, but not including, 1.
    fn draw(&mut self) -> f64;
}

/// What to do with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThrottleResult {
    /// Store and publish.
    Accept,
    /// Store only.
    Defer,
    /// Tell the client that it is not wanted.
    Reject,
    /// Give the client an id and forget it.
    FakeAccept,
}

/// What a throttler decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What to do.
    pub result: ThrottleResult,
    /// The rule that decided.
    pub rule: Arc<str>,
    /// How many percent of such reports the rule keeps.
    pub percentage: f64,
    /// A version of which no more crashes are wanted.
    pub stop_sending: Option<Arc<str>>,
}

/// Decides which reports to keep.
pub trait Throttler: Send + Sync + std::fmt::Debug {
    /// Decides.
    fn throttle(&self, subject: &Subject<'_>, draws: &mut dyn Draws) -> Verdict;
}
