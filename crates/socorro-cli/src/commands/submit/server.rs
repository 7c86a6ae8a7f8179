//! The collector that reports are sent to.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{
    Body, Client, RequestBuilder, Response,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER},
    redirect,
};
use socorro_collector::form::{self, Form};
use url::Url;

use super::answer::{self, Answer, Refusal};
use crate::{
    arguments::values,
    failure::{Failure, with_causes},
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest wait between two attempts, whatever the server says.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The longest wait where the server says nothing.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(60);
/// How much of an answer is read, in bytes.
const ANSWER: usize = 64 << 10;

/// The collector, and how to send.
#[derive(Debug, Args)]
pub(super) struct ServerArguments {
    /// Where the collector takes reports; without a path, /submit is meant
    #[arg(long, value_name = "URL", default_value = "http://localhost:8888/submit", value_parser = address)]
    url: Url,
    /// A token of the collector, sent as Authorization: Bearer; better set the variable, for others
    /// can see what is on a command line
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SOCORRO_SUBMIT_TOKEN",
        hide_env_values = true
    )]
    token: Option<Token>,
    /// Compress the report on its way
    #[arg(long)]
    gzip: bool,
    /// Send the report without telling its length first
    #[arg(long)]
    chunked: bool,
    /// How often a report is tried again
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: u32,
    /// How long an attempt may take
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = values::duration)]
    timeout: Duration,
    /// How long to wait before a report is tried again
    #[arg(long, value_name = "TIME", default_value = "1s", hide = true, value_parser = values::duration)]
    retry_wait: Duration,
}

/// A token; `Debug` does not show it.
#[derive(Clone)]
struct Token(String);

impl std::str::FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |byte: u8| (b'!'..=b'~').contains(&byte);
        if text.is_empty() || !text.bytes().all(fits) {
            return Err("a token has ASCII letters, digits and signs, and no blanks".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

fn address(text: &str) -> Result<Url, String> {
    let wanted = "the URL of a collector is written http://HOST:PORT/submit";
    let mut url = Url::parse(text).map_err(|error| format!("{error}; {wanted}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wanted.to_owned());
    }
    if url.path() == "/" {
        url.set_path("/submit");
    }
    Ok(url)
}

/// A report that was not taken, whatever was tried.
#[derive(Debug)]
pub(super) enum Unsent {
    /// There is something wrong with the report.
    Report(Failure),
    /// There is something wrong with the server, or with the way to it.
    Server(Failure),
}

impl Unsent {
    /// Whether other reports would have the same fate.
    pub(super) fn is_about_the_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::Report(failure) | Self::Server(failure) => failure,
        }
    }
}

/// The collector that reports are sent to.
#[derive(Debug)]
pub(super) struct Server<'a> {
    arguments: &'a ServerArguments,
    client: Client,
}

impl<'a> Server<'a> {
    pub(super) fn new(arguments: &'a ServerArguments) -> Result<Self, Failure> {
        let client = Client::builder()
            .user_agent(concat!("socorro-submit/", env!("CARGO_PKG_VERSION")))
            // A redirected report would arrive without its body, and the token elsewhere.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(arguments.timeout)
            .build()
            .map_err(|error| Failure::because("cannot make an HTTP client", &error))?;
        Ok(Self { arguments, client })
    }

    /// The URL without user, password and query.
    fn shown(&self) -> String {
        let mut url = without_user(&self.arguments.url);
        url.set_query(None);
        url.to_string()
    }

    /// Sends a report, again if need be.
    pub(super) async fn submit(&self, form: &Form) -> Result<Answer, Unsent> {
        let bar = progress(form.length());
        let result = self.attempts(form, &bar).await;
        bar.finish_and_clear();
        result
    }

    async fn attempts(&self, form: &Form, bar: &ProgressBar) -> Result<Answer, Unsent> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            bar.reset();
            let (why, wait, connected) = match self.attempt(form, bar).await? {
                Ok(answer) => return Ok(answer),
                Err(Attempt::Answered(Refusal::Never(failure))) => {
                    let to = format!("{} did not take the report", self.shown());
                    return Err(Unsent::Report(failure.within(to)));
                }
                Err(Attempt::Answered(Refusal::Later { why, wait })) => (why, wait, true),
                Err(Attempt::Lost { why, connected }) => (why, None, connected),
            };
            if attempts > self.arguments.retries {
                return Err(Unsent::Server(self.gave_up(attempts, &why, connected)));
            }
            let wait = self.wait(attempts, wait);
            bar.suspend(|| {
                tracing::warn!("{why}; trying again in {:.1} s", wait.as_secs_f64());
            });
            tokio::time::sleep(wait).await;
        }
    }

    /// How long to wait after so many attempts: as long as the server says, else twice as long each
    /// time, with a bit of chance, so that many clients do not come back at once.
    fn wait(&self, attempts: u32, told: Option<Duration>) -> Duration {
        if let Some(told) = told {
            return told.min(LONGEST_WAIT);
        }
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let wait = self.arguments.retry_wait.saturating_mul(doubled);
        wait.min(LONGEST_OWN_WAIT)
            .mul_f64(0.75 + fastrand::f64() / 2.0)
    }

    fn gave_up(&self, attempts: u32, why: &str, connected: bool) -> Failure {
        let times = match attempts {
            1 => "once".to_owned(),
            attempts => format!("{attempts} times"),
        };
        let failure = Failure::new(format!(
            "cannot submit to {}, tried {times}: {why}",
            self.shown()
        ));
        if connected {
            failure.hint("try again later; --retries N tries more often")
        } else {
            failure.hint("is a collector there? `socorro up` starts one; --url names another")
        }
    }

    /// Tries once.
    async fn attempt(
        &self,
        form: &Form,
        bar: &ProgressBar,
    ) -> Result<Result<Answer, Attempt>, Unsent> {
        let unread = Arc::new(OnceLock::new());
        let request = self.request(form, bar, &unread).await?;
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                if let Some(why) = unread.get() {
                    return Err(Unsent::Report(Failure::new(format!(
                        "cannot read the report: {why}"
                    ))));
                }
                let connected = !error.is_connect();
                let why = with_causes(&error.without_url());
                return Ok(Err(Attempt::Lost { why, connected }));
            }
        };
        let status = response.status();
        let wait = retry_after(response.headers(), SystemTime::now());
        let location = response.headers().get(LOCATION).cloned();
        let location = location.as_ref().and_then(|value| value.to_str().ok());
        Ok(match body(response).await {
            Ok(body) => answer::read(status, &body, location, wait).map_err(Attempt::Answered),
            Err(error) => Err(Attempt::Lost {
                why: with_causes(&error.without_url()),
                connected: true,
            }),
        })
    }

    /// What keeps the report from being read while it is sent is written to `unread`.
    async fn request(
        &self,
        form: &Form,
        bar: &ProgressBar,
        unread: &Arc<OnceLock<String>>,
    ) -> Result<RequestBuilder, Unsent> {
        let ServerArguments {
            url,
            token,
            gzip,
            chunked,
            ..
        } = self.arguments;
        let mut request = match token {
            // One header cannot hold both a token and the user of the URL.
            Some(Token(token)) => self.client.post(without_user(url)).bearer_auth(token),
            None => self.client.post(url.clone()),
        };
        request = request.header(CONTENT_TYPE, form.content_type());
        let counter = bar.clone();
        let unread = Arc::clone(unread);
        let plain = form
            .stream()
            .inspect_ok(move |piece| counter.inc(piece.len() as u64))
            .inspect_err(move |error| {
                let _ = unread.set(error.to_string());
            });
        if *gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        if !chunked {
            let length = match gzip {
                true => packed_length(form).await,
                false => Ok(form.length()),
            };
            let length = length.map_err(|error| {
                Unsent::Report(Failure::because("cannot read the report", &error))
            })?;
            request = request.header(CONTENT_LENGTH, length);
        }
        Ok(request.body(match gzip {
            true => Body::wrap_stream(form::gzip(plain)),
            false => Body::wrap_stream(plain),
        }))
    }
}

/// An attempt that did not come to its end.
enum Attempt {
    /// There was an answer.
    Answered(Refusal),
    /// There was none; `connected` says whether somebody was there.
    Lost { why: String, connected: bool },
}

fn without_user(url: &Url) -> Url {
    let mut url = url.clone();
    // These cannot fail for a URL with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// How long the report is when it is compressed. It is compressed for that, and then once more while
/// it is sent: so it needs no memory.
async fn packed_length(form: &Form) -> std::io::Result<u64> {
    let mut packed = std::pin::pin!(form::gzip(form.stream()));
    let mut length = 0;
    while let Some(piece) = packed.next().await {
        length += piece?.len() as u64;
    }
    Ok(length)
}

/// The beginning of the body of an answer, as text.
async fn body(response: Response) -> Result<String, reqwest::Error> {
    let mut body = Vec::new();
    let mut response = response;
    while let Some(piece) = response.chunk().await? {
        body.extend_from_slice(&piece);
        if body.len() > ANSWER {
            body.truncate(ANSWER);
            break;
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// When to come back, as RFC 9110 has it: in so many seconds, or at a time.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = DateTime::parse_from_rfc2822(text).ok()?;
    let left = time.signed_duration_since(DateTime::<Utc>::from(now));
    Some(left.to_std().unwrap_or_default())
}

/// On a terminal, and unless quiet is wanted.
fn progress(bytes: u64) -> ProgressBar {
    if !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let template = "{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_path_means_submit() {
        let shown = |text: &str| address(text).map(|url| url.to_string());
        let submit = Ok("http://localhost:8888/submit".to_owned());
        assert_eq!(shown("http://localhost:8888"), submit);
        assert_eq!(shown("http://localhost:8888/"), submit);
        assert_eq!(shown("http://h/a?b=c"), Ok("http://h/a?b=c".to_owned()));
        for text in ["localhost:8888", "/submit", "ftp://x/", "http:///"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }

    #[test]
    fn servers_say_when_to_come_back_in_seconds_or_as_a_time() {
        let now: DateTime<Utc> = "2026-08-01T12:00:00Z".parse().unwrap();
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now.into())
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        let minute = Some(Duration::from_secs(60));
        assert_eq!(wait("Sat, 01 Aug 2026 12:01:00 GMT"), minute);
        assert_eq!(wait("Sat, 01 Aug 2026 11:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now.into()), None);
    }

    #[test]
    fn debug_shows_no_token() {
        let token: Token = "s3cret".parse().unwrap();
        assert!(!format!("{token:?}").contains("s3cret"));
        assert!("two words".parse::<Token>().is_err());
    }
}
