//! Settings of a client.

use std::time::Duration;

use super::token::ApiToken;

/// Settings of a client; the defaults are those for Mozilla's Crash Stats.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Who is asking. Without one only public data is answered, and less often.
    pub token: Option<ApiToken>,
    /// How many requests are sent in a minute by all users of the client together. Default: 90, or
    /// 900 with a token; Crash Stats refuses more than 100 and 1,000.
    pub requests_per_minute: Option<u32>,
    /// When to try again.
    pub retry: RetryOptions,
    /// How long connecting may take. Default: 5 s.
    pub connect_timeout: Duration,
    /// How long a server may be silent before or within an answer; an answer as a whole may take as
    /// long as it wants. Default: 30 s.
    pub read_timeout: Duration,
    /// The largest document in bytes, after decompression. Default: 256 MiB, the limit of processed
    /// crashes in storage.
    pub max_document_size: u64,
    /// The largest dump in bytes. Default: 2 GB, the limit of dumps in storage.
    pub max_dump_size: u64,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            token: None,
            requests_per_minute: None,
            retry: RetryOptions::default(),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            max_document_size: 256 << 20,
            max_dump_size: 2_000_000_000,
        }
    }
}

/// When a request is tried again that failed for a reason that may pass.
#[derive(Debug, Clone)]
pub struct RetryOptions {
    /// How often a request is tried at most. Default: 8.
    pub attempts: u32,
    /// The wait after the first try, about; it doubles with each further one. A server that says
    /// when to come back (`Retry-After`) is obeyed instead. Default: 0.5 s.
    pub first_wait: Duration,
    /// The longest such wait. Default: 30 s.
    pub longest_wait: Duration,
    /// When to give up, counted from the first try. Default: 5 min.
    pub give_up_after: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            attempts: 8,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            give_up_after: Duration::from_secs(5 * 60),
        }
    }
}
