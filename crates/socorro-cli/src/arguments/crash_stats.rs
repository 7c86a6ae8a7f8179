//! Which Crash Stats server, and who asks.

use std::time::Duration;

use clap::Args;
use socorro_crash_stats::client::{ApiToken, ClientOptions, CrashStats, MOZILLA};

use super::values;
use crate::failure::Failure;

/// Which Crash Stats server.
#[derive(Debug, Args)]
pub(crate) struct HostArguments {
    /// The Crash Stats server to ask
    #[arg(long, value_name = "URL", env = "SOCORRO_HOST", default_value = MOZILLA)]
    host: String,
    /// Send at most so many requests in a minute, fewer when the server wants that
    /// [default: 90, or 900 with a token]
    #[arg(long, value_name = "N", env = "SOCORRO_API_RATE", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// How long to wait before a request is tried again
    #[arg(long, value_name = "TIME", hide = true, value_parser = values::duration)]
    retry_wait: Option<Duration>,
}

/// A token for it.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// A token of a user of Crash Stats; better set the variable, for others can see what is on a
    /// command line. Without one only public data can be had
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SOCORRO_API_TOKEN",
        hide_env_values = true
    )]
    api_token: Option<String>,
}

impl HostArguments {
    /// A client of the server.
    ///
    /// # Errors
    ///
    /// When host or token cannot be.
    pub(crate) fn client(&self, token: Option<&str>) -> Result<CrashStats, Failure> {
        let mut options = ClientOptions {
            token: token.map(str::parse::<ApiToken>).transpose()?,
            requests_per_minute: self.rate,
            ..ClientOptions::default()
        };
        if let Some(wait) = self.retry_wait {
            options.retry.first_wait = wait;
        }
        Ok(CrashStats::new(&self.host, options)?)
    }
}

impl TokenArguments {
    /// The token, if there is one.
    pub(crate) fn token(&self) -> Option<&str> {
        self.api_token.as_deref()
    }
}
