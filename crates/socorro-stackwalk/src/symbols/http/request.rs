//! One question to a symbol server, and asking again.

use std::time::Duration;

use ::url::Url;
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use socorro_core::innermost_source;
use tracing::debug;

use super::options::HttpOptions;
use super::pause::Pause;
use super::url;
use crate::symbols::error::SymbolError;

/// What a server said.
pub(super) enum Answer {
    /// It has the file.
    Found(Response),
    /// It points elsewhere. Seen only by a client that does not follow.
    Redirect(String),
    /// It does not have the file.
    NotFound,
    /// It will not give the file, and asking again will not help.
    Refused(StatusCode),
}

/// A failure that may pass.
#[derive(Debug)]
pub(super) struct Failure {
    reason: String,
    /// How long the server asked to be left alone.
    retry_after: Option<Duration>,
    /// Whether it would be the same for any file.
    is_of_server: bool,
    /// Whether there is no sense in asking again soon.
    is_final: bool,
}

impl Failure {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        Self {
            reason: reason(error),
            retry_after: None,
            is_of_server: error.is_connect() || error.is_timeout(),
            is_final: false,
        }
    }

    /// The server sends so slowly that nobody wants to wait for that again.
    pub(super) fn too_slow(least: u64) -> Self {
        Self {
            reason: format!("sends less than {least} bytes a second"),
            retry_after: None,
            is_of_server: true,
            is_final: true,
        }
    }
}

/// What went wrong, without the URL, which may hold a password.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let kind = match () {
        () if error.is_timeout() => "timed out",
        () if error.is_connect() => "cannot connect",
        () if error.is_redirect() => "too many redirects",
        () => "transfer failed",
    };
    innermost_source(error).map_or_else(|| kind.to_owned(), |cause| format!("{kind}: {cause}"))
}

/// Asks once.
pub(super) async fn get(client: &Client, url: &Url) -> Result<Answer, Failure> {
    let response = client
        .get(url.clone())
        .send()
        .await
        .map_err(|error| Failure::of(&error))?;
    let status = response.status();
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Answer::NotFound),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(busy(&response)),
        _ if status.is_server_error() => Err(busy(&response)),
        _ if status.is_redirection() => {
            let location = response
                .headers()
                .get(LOCATION)
                .and_then(|location| location.to_str().ok());
            Ok(location.map_or(Answer::Refused(status), |location| {
                Answer::Redirect(location.to_owned())
            }))
        }
        _ if status == StatusCode::OK => Ok(Answer::Found(response)),
        _ => Ok(Answer::Refused(status)),
    }
}

fn busy(response: &Response) -> Failure {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Failure {
        reason: format!("answered {}", response.status()),
        retry_after: seconds.map(Duration::from_secs),
        is_of_server: seconds.is_some() || response.status() == StatusCode::TOO_MANY_REQUESTS,
        is_final: false,
    }
}

/// Counts the attempts at one file.
pub(super) struct Attempts<'a> {
    options: &'a HttpOptions,
    pause: &'a Pause,
    url: &'a Url,
    made: u32,
}

impl<'a> Attempts<'a> {
    /// Begins to ask for a file.
    ///
    /// # Errors
    ///
    /// When the server is left alone for the time being.
    pub(super) fn begin(
        options: &'a HttpOptions,
        pause: &'a Pause,
        url: &'a Url,
    ) -> Result<Self, SymbolError> {
        let attempts = Self {
            options,
            pause,
            url,
            made: 0,
        };
        match pause.current() {
            Some((reason, left)) => Err(attempts.error(reason, Some(left))),
            None => Ok(attempts),
        }
    }

    /// Asks until there is an answer; `None` if the server does not have the file.
    ///
    /// # Errors
    ///
    /// When it refuses, or does not answer however often it is asked.
    pub(super) async fn answer(
        &mut self,
        client: &Client,
    ) -> Result<Option<Response>, SymbolError> {
        loop {
            match get(client, self.url).await {
                Ok(Answer::Found(response)) => return Ok(Some(response)),
                Ok(Answer::NotFound) => return Ok(None),
                Ok(Answer::Redirect(_)) => return Err(self.give_up("too many redirects")),
                Ok(Answer::Refused(status)) => {
                    return Err(self.give_up(&format!("answered {status}")));
                }
                Err(failure) => self.wait_after(failure).await?,
            }
        }
    }

    /// Waits until it is time for the next attempt.
    ///
    /// # Errors
    ///
    /// When there is none left, or the server wants to be left alone for longer than it is worth waiting.
    pub(super) async fn wait_after(&mut self, failure: Failure) -> Result<(), SymbolError> {
        let backoff = self
            .options
            .backoff
            .saturating_mul(2_u32.saturating_pow(self.made));
        self.made += 1;
        let wait = failure
            .retry_after
            .unwrap_or_else(|| backoff.min(self.options.longest_wait));
        let is_last = failure.is_final || self.made >= self.options.attempts;
        if is_last || wait > self.options.longest_wait {
            if failure.is_of_server {
                let duration = failure.retry_after.unwrap_or(self.options.pause);
                self.pause.begin(&failure.reason, duration);
            }
            return Err(self.error(failure.reason, failure.retry_after));
        }
        debug!(
            url = url::shown(self.url),
            reason = failure.reason,
            ?wait,
            "asking again"
        );
        tokio::time::sleep(wait).await;
        Ok(())
    }

    pub(super) fn give_up(&self, reason: &str) -> SymbolError {
        self.error(reason.to_owned(), None)
    }

    fn error(&self, reason: String, retry_after: Option<Duration>) -> SymbolError {
        SymbolError::Server {
            url: url::shown(self.url),
            reason,
            retry_after,
        }
    }
}
