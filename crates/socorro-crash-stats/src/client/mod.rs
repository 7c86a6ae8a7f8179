//! Asks a Crash Stats server.
//!
//! [`CrashStats`] is cheap to clone, and all clones share what is to be shared: connections, the
//! pace of requests, and the memory that the server wanted fewer of them.
//!
//! * **Trying again.** Connections that fail or end early, time that runs out, and the statuses 429,
//!   500, 502, 503 and 504 are tried again ([`RetryOptions`]), other refusals never.
//! * **Pace.** Requests go out at 90 a minute, or 900 with a token. When the server refuses one, all
//!   wait, and go on more slowly.
//! * **Bounds.** Every answer has a limit in bytes, and every silence one in time.
//! * **The token** goes to the configured host only, over https only (but to this machine itself),
//!   and is shown by nothing.
//!
//! ```
//! # use socorro_crash_stats::server::{Crash, Site, TestServer};
//! use socorro_crash_stats::client::{ClientOptions, CrashStats, Search};
//!
//! # let crash = Crash::new("0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123".parse()?)
//! #     .field("product", "Firefox").field("signature", "mozilla::dom::Crash");
//! # let server = TestServer::start(Site::new().crash(crash))?;
//! # let host = server.url();
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // Or "https://crash-stats.mozilla.org".
//! let crash_stats = CrashStats::new(&host, ClientOptions::default())?;
//! let search = Search::new()
//!     .filter("product", "Firefox")
//!     .between("2026-11-23T00:00:00Z".parse()?, "2026-11-24T00:00:00Z".parse()?)
//!     .limit(10);
//! let mut results = crash_stats.search(search);
//! while let Some(hits) = results.next_page().await? {
//!     for hit in hits {
//!         let crash = crash_stats.processed_crash(&hit.id).await?;
//!         println!("{} {:?}", hit.id, crash.text("signature"));
//!     }
//! }
//! # assert_eq!(results.total(), Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod crashes;
mod error;
mod exchange;
mod host;
mod missing;
mod options;
mod pace;
mod reprocessing;
mod retry;
mod search;
mod token;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use reqwest::redirect::Policy;

pub use self::{
    crashes::{FetchedDump, ListedDump, RawCrashMeta, Verified},
    error::Error,
    missing::{Missing, MissingPage},
    options::{ClientOptions, RetryOptions},
    reprocessing::{MAX_GROUP, ReprocessingJob},
    search::{Hit, Search, SearchResults, Window},
    token::ApiToken,
};
use self::{host::Host, pace::Pace};

/// Mozilla's Crash Stats.
pub const MOZILLA: &str = "https://crash-stats.mozilla.org";

const USER_AGENT: &str = concat!("socorro-rs/", env!("CARGO_PKG_VERSION"));
/// How many requests there are in a minute, at most. Crash Stats allows 100 and 1,000.
const ANONYMOUS_RATE: u32 = 90;
const RATE_WITH_TOKEN: u32 = 900;

/// A client of one Crash Stats server.
#[derive(Clone)]
pub struct CrashStats {
    host: Arc<Host>,
    http: reqwest::Client,
    options: Arc<ClientOptions>,
    pace: Arc<Pace>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    retries: AtomicU64,
    host_is_known: AtomicBool,
}

impl CrashStats {
    /// A client of the server at `host`, for example [`MOZILLA`]. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidHost`], also when it is neither https nor this machine itself.
    pub fn new(host: &str, options: ClientOptions) -> Result<Self, Error> {
        let host = Host::parse(host)?;
        let mut http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .redirect(Policy::none());
        if host.is_loopback() {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| Error::InvalidHost {
            host: host.address().to_owned(),
            reason: error.to_string(),
        })?;
        let rate = options.requests_per_minute.unwrap_or(match options.token {
            Some(_) => RATE_WITH_TOKEN,
            None => ANONYMOUS_RATE,
        });
        Ok(Self {
            host: Arc::new(host),
            http,
            pace: Arc::new(Pace::new(rate)),
            options: Arc::new(options),
            counts: Arc::default(),
        })
    }

    /// Whether requests carry a token.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.options.token.is_some()
    }

    /// How many requests were sent, and how many of these because an earlier one had failed.
    #[must_use]
    pub fn requests(&self) -> (u64, u64) {
        let Counts {
            requests, retries, ..
        } = &*self.counts;
        (
            requests.load(Ordering::Relaxed),
            retries.load(Ordering::Relaxed),
        )
    }

    fn count_request(&self) {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn count_retry(&self) {
        self.counts.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// The server has answered something.
    fn know_host(&self) {
        self.counts.host_is_known.store(true, Ordering::Relaxed);
    }

    fn is_host_known(&self) -> bool {
        self.counts.host_is_known.load(Ordering::Relaxed)
    }
}

/// The address of the server.
impl fmt::Display for CrashStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.host.address())
    }
}

impl fmt::Debug for CrashStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrashStats")
            .field("host", &self.host.address())
            .field("token", &self.options.token)
            .finish_non_exhaustive()
    }
}
