//! `socorro waitfor`: for scripts that start services.

use std::time::Duration;

use clap::Args;
use tokio::{net::TcpStream, time};
use url::Url;

use crate::{arguments::values, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro waitfor http://localhost:8000/__heartbeat__
  socorro waitfor --timeout 60 --codes 200,404 http://localhost:4566/
  socorro waitfor --conn-only postgresql://localhost:5432/

Asks again and again until the answer has one of the codes; redirections are followed. With
--conn-only it is enough that somebody takes a connection, at the port of the URL whatever its
scheme. -v tells of each attempt.

Exit code 0: somebody is there. Exit code 1: nobody was, until the time was over.";

/// How long a single attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long to wait between attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// Wait until a server answers.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WaitforArguments {
    /// How long to wait
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = values::duration)]
    timeout: Duration,
    /// Which answers are good, as HTTP status codes
    #[arg(long, value_name = "CODES", default_value = "200", value_delimiter = ',', value_parser = code)]
    codes: Vec<u16>,
    /// Only try to connect
    #[arg(long)]
    conn_only: bool,
    /// Whom to ask
    #[arg(value_name = "URL")]
    url: Url,
}

fn code(text: &str) -> Result<u16, String> {
    let code = text.trim().parse().ok();
    code.filter(|code| (100..=599).contains(code))
        .ok_or_else(|| "a status code is a number from 100 to 599".to_owned())
}

pub(super) async fn run(
    arguments: &WaitforArguments,
    _output: &mut Output,
) -> Result<Exit, Failure> {
    let prober = Prober::of(arguments)?;
    let give_up_at = time::Instant::now() + arguments.timeout;
    let mut pauses = time::interval(PAUSE);
    pauses.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        pauses.tick().await;
        let left = give_up_at.saturating_duration_since(time::Instant::now());
        // At least one attempt, with a moment for it.
        let limit = left.clamp(PAUSE, ATTEMPT);
        let result = time::timeout(limit, prober.probe()).await;
        let why = match result {
            Ok(Ok(())) => return Ok(Exit::Success),
            Ok(Err(why)) => why,
            Err(_) => "no answer".to_owned(),
        };
        tracing::info!(why, "not there yet");
        if time::Instant::now() >= give_up_at {
            let (url, timeout) = (prober.shown(), arguments.timeout);
            return Err(Failure::new(format!(
                "{url} is not there after {timeout:?}: {why}"
            )));
        }
    }
}

/// What is tried.
struct Prober<'a> {
    arguments: &'a WaitforArguments,
    host: String,
    port: u16,
    #[cfg(feature = "crash-stats")]
    client: reqwest::Client,
}

impl<'a> Prober<'a> {
    fn of(arguments: &'a WaitforArguments) -> Result<Self, Failure> {
        let url = &arguments.url;
        let is_http = matches!(url.scheme(), "http" | "https");
        if !is_http && !arguments.conn_only {
            return Err(Failure::usage(format!(
                "only http:// and https:// can be asked, not {}:",
                url.scheme()
            ))
            .hint("--conn-only waits until somebody takes a connection, whatever they speak"));
        }
        #[cfg(not(feature = "crash-stats"))]
        if !arguments.conn_only {
            return Err(Failure::usage(
                "asking over HTTP was left out of this program; --conn-only is there",
            )
            .hint(crate::failure::install_with("crash-stats")));
        }
        let host = url.host_str().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = url.port().or(match url.scheme() {
            "http" => Some(80),
            "https" => Some(443),
            "postgres" | "postgresql" => Some(5432),
            "redis" => Some(6379),
            _ => None,
        });
        let (false, Some(port)) = (host.is_empty(), port) else {
            return Err(
                Failure::usage("the URL names no host and port to connect to")
                    .hint("write it as SCHEME://HOST:PORT/"),
            );
        };
        Ok(Self {
            arguments,
            host,
            port,
            #[cfg(feature = "crash-stats")]
            client: reqwest::Client::builder()
                .build()
                .map_err(|error| Failure::because("cannot make an HTTP client", &error))?,
        })
    }

    /// The URL without user, password and query.
    fn shown(&self) -> String {
        let url = &self.arguments.url;
        format!(
            "{}://{}:{}{}",
            url.scheme(),
            self.host,
            self.port,
            url.path()
        )
    }

    /// Tries it once; or says why it is not there.
    async fn probe(&self) -> Result<(), String> {
        if self.arguments.conn_only {
            let connected = TcpStream::connect((&*self.host, self.port)).await;
            return connected.map(|_| ()).map_err(|error| error.to_string());
        }
        self.ask().await
    }

    #[cfg(feature = "crash-stats")]
    async fn ask(&self) -> Result<(), String> {
        let answer = self.client.get(self.arguments.url.clone()).send().await;
        let answer = answer.map_err(|error| crate::failure::with_causes(&error.without_url()))?;
        let code = answer.status().as_u16();
        if self.arguments.codes.contains(&code) {
            return Ok(());
        }
        Err(format!("the answer is {code}"))
    }

    #[cfg(not(feature = "crash-stats"))]
    async fn ask(&self) -> Result<(), String> {
        Err("not built in".to_owned())
    }
}
