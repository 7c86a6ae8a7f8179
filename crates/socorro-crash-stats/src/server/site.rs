//! What a server holds and how it behaves.

use std::sync::Arc;

use serde_json::Value;
use socorro_core::time::{Clock, ManualClock, SystemClock, Timestamp};

use super::{Crash, Fault, Token};

/// What a [`TestServer`](super::TestServer) holds, and how it behaves.
#[derive(Debug, Clone)]
pub struct Site {
    pub(super) crashes: Vec<Crash>,
    pub(super) tokens: Vec<Token>,
    pub(super) faults: Vec<Fault>,
    pub(super) products: Vec<String>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) anonymous_limit: u32,
    pub(super) token_limit: u32,
    pub(super) search_errors: Vec<Value>,
    pub(super) like_mozilla: bool,
}

/// The products that Crash Stats knows.
const PRODUCTS: [&str; 6] = [
    "Firefox",
    "Fenix",
    "Focus",
    "MozillaVPN",
    "ReferenceBrowser",
    "Thunderbird",
];

impl Site {
    /// No crashes, no tokens, the clock of this machine, Mozilla's products, and no rate limit.
    #[must_use]
    pub fn new() -> Self {
        Self {
            crashes: Vec::new(),
            tokens: Vec::new(),
            faults: Vec::new(),
            products: PRODUCTS.map(str::to_owned).to_vec(),
            clock: Arc::new(SystemClock),
            anonymous_limit: u32::MAX,
            token_limit: u32::MAX,
            search_errors: Vec::new(),
            like_mozilla: false,
        }
    }

    /// Adds a crash.
    #[must_use]
    pub fn crash(mut self, crash: Crash) -> Self {
        self.crashes.push(crash);
        self
    }

    /// Adds crashes.
    #[must_use]
    pub fn crashes(mut self, crashes: impl IntoIterator<Item = Crash>) -> Self {
        self.crashes.extend(crashes);
        self
    }

    /// Adds a token.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.tokens.push(token);
        self
    }

    /// Adds a fault; the first one that fits a request is what goes wrong with it.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Adds a product that may be searched for.
    #[must_use]
    pub fn product(mut self, name: impl Into<String>) -> Self {
        self.products.push(name.into());
        self
    }

    /// How many requests a minute are answered: without a token, from one address; with one.
    /// Crash Stats has 100 and 1,000.
    #[must_use]
    pub fn rate_limits(mut self, anonymous: u32, with_token: u32) -> Self {
        self.anonymous_limit = anonymous;
        self.token_limit = with_token;
        self
    }

    /// Takes the time from this clock: for rate limits, the expiry of tokens, the last seven days.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Stops the clock at `now`.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        self.clock(Arc::new(ManualClock::at(now)))
    }

    /// Adds one of the `errors` that answers of Super Search have, for example
    /// `{"type": "missing_index", "index": "socorro202447"}`: not all results may be there.
    #[must_use]
    pub fn search_error(mut self, error: impl Into<Value>) -> Self {
        self.search_errors.push(error.into());
        self
    }

    /// Behaves like Mozilla's server where ours is better by default: no `Retry-After`, the data is
    /// looked for before the permission, and what names a protected field in a search is left out
    /// without a word.
    #[must_use]
    pub fn like_mozilla(mut self) -> Self {
        self.like_mozilla = true;
        self
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}
