//! How the HTTP service behaves.

use std::time::Duration;

use super::{Network, RateLimits, Shutdown, UploadTokens};

/// How the HTTP service behaves. The defaults are those for clients in the field.
///
/// Clones share [`shutdown`](Options::shutdown), [`tokens`](Options::tokens) and
/// [`rate_limits`](Options::rate_limits), so that a program can change them while the service runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where reports are taken, and how they are answered there.
    pub submit: Vec<SubmitPath>,
    /// Whether clients whose `User-Agent` begins with `crashpad` are answered with the bare id, wherever they
    /// send to: Crashpad stores all of the answer as the report's id.
    pub bare_for_crashpad: bool,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Fields that the head of a request may have; more are answered with 431. 0 for 4096 of them.
    pub head_fields: usize,
    /// Bytes that the head of a request may have; more are answered with 431. 0 for 1 MiB.
    pub head_bytes: usize,
    /// Connections at a time; 0 for any number.
    pub max_connections: usize,
    /// Declared or received bytes of all reports that are being taken at a time; 0 for any number.
    pub max_in_flight_bytes: u64,
    /// How long a connection or a report waits when there are too many, before it is sent away with 503.
    pub admission_wait: Duration,
    /// Proxies whose `Forwarded` and `X-Forwarded-For` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether these headers are believed from whoever connects by a Unix socket.
    pub trust_unix_peers: bool,
    /// How often clients may send reports; by default as often as they like.
    pub rate_limits: RateLimits,
    /// What clients have to bring to send reports; by default nothing.
    pub tokens: UploadTokens,
    /// A line `ViewURL=` of answers; `{crash_id}` in it is replaced.
    pub view_url: Option<String>,
    /// What `/__version__` answers: a JSON object.
    pub version: serde_json::Value,
    /// Whether there is `/__broken__`, which fails on purpose.
    pub enable_broken: bool,
    /// Whether the line that is logged for each report has the client's address.
    pub log_addresses: bool,
    /// Products that metrics name; the others are `other`.
    pub metric_products: Vec<String>,
    /// Ends the service.
    pub shutdown: Shutdown,
    /// How long connections are still accepted after shutdown began, while `/__lbheartbeat__` tells load balancers
    /// to send no more.
    pub drain_delay: Duration,
    /// How long running requests may go on after no more connections are accepted.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            submit: vec![SubmitPath::new("/submit", AnswerStyle::CrashId)],
            bare_for_crashpad: false,
            timeouts: Timeouts::default(),
            head_fields: 100,
            head_bytes: 32 << 10,
            max_connections: 4096,
            max_in_flight_bytes: 512 << 20,
            admission_wait: Duration::from_secs(2),
            trusted_proxies: Vec::new(),
            trust_unix_peers: false,
            rate_limits: RateLimits::default(),
            tokens: UploadTokens::default(),
            view_url: None,
            version: built_in_version(),
            enable_broken: false,
            log_addresses: false,
            metric_products: Vec::new(),
            shutdown: Shutdown::default(),
            drain_delay: Duration::ZERO,
            grace: Duration::from_secs(30),
        }
    }
}

/// The keys of Dockerflow's `version.json`, as far as they are known when this is compiled.
fn built_in_version() -> serde_json::Value {
    serde_json::json!({
        "source": env!("CARGO_PKG_REPOSITORY"),
        "version": env!("CARGO_PKG_VERSION"),
        "commit": option_env!("SOCORRO_COMMIT").unwrap_or_default(),
        "build": option_env!("SOCORRO_BUILD").unwrap_or_default(),
    })
}

/// A path at which reports are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitPath {
    /// The path, compared exactly: `/submit`.
    pub path: String,
    /// How reports are answered.
    pub style: AnswerStyle,
}

impl SubmitPath {
    /// A path and how reports are answered there.
    #[must_use]
    pub fn new(path: impl Into<String>, style: AnswerStyle) -> Self {
        Self {
            path: path.into(),
            style,
        }
    }
}

/// How an accepted report is answered. `Accept: application/json` gets [`Json`](Self::Json) anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AnswerStyle {
    /// `CrashID=bp-{crash id}` in a line, as Mozilla's Antenna does.
    #[default]
    CrashId,
    /// The crash id and nothing else, for clients that show the whole answer as the report's id.
    Bare,
    /// The crash id as 32 hexadecimal digits, as an event id of Sentry looks.
    Uuid,
    /// `{"crash_id": …}`.
    Json,
}

impl std::str::FromStr for AnswerStyle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "crashid" => Ok(Self::CrashId),
            "bare" => Ok(Self::Bare),
            "uuid" => Ok(Self::Uuid),
            "json" => Ok(Self::Json),
            _ => Err(format!(
                "unknown answer style {text:?}: use crashid, bare, uuid or json"
            )),
        }
    }
}

/// How long things may take. Zero means without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the head of a request is complete.
    pub head: Duration,
    /// Without a byte of the body, or of the answer being taken.
    pub silence: Duration,
    /// Bytes a second of the body that a client must reach on average …
    pub min_rate: u64,
    /// … once it has taken longer than this.
    pub min_rate_after: Duration,
    /// For the whole body.
    pub request: Duration,
    /// For which a connection is kept between two requests.
    pub keep_alive: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            min_rate: 1024,
            min_rate_after: Duration::from_secs(10),
            request: Duration::from_secs(300),
            keep_alive: Duration::from_secs(75),
        }
    }
}

/// How large heads may be where nothing is said.
const MOST_HEAD_FIELDS: usize = 4096;
const MOST_HEAD_BYTES: usize = 1 << 20;

impl Options {
    /// Fields and bytes of heads.
    pub(crate) fn head_limits(&self) -> (usize, usize) {
        let or = |configured, most| if configured == 0 { most } else { configured };
        (
            or(self.head_fields, MOST_HEAD_FIELDS),
            or(self.head_bytes, MOST_HEAD_BYTES),
        )
    }
}

/// A duration as configured: zero is without an end, which is years to a timer.
pub(crate) fn limit(configured: Duration) -> Duration {
    if configured.is_zero() {
        Duration::from_secs(10 * 365 * 86_400)
    } else {
        configured
    }
}
