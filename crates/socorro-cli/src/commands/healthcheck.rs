//! `socorro healthcheck`: for images without curl.

use std::{net::SocketAddr, time::Duration};

use clap::Args;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{
    Request, StatusCode, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
    http::uri::PathAndQuery,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    arguments::{listen_address, reachable, values},
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro healthcheck http://127.0.0.1:8000
  SOCORRO_LISTEN=0.0.0.0:8000 socorro healthcheck

  HEALTHCHECK CMD [\"socorro\", \"healthcheck\"]

Exit code 0: the answer is 200. Exit code 1: it is not, or there is none; the body says why.";

/// The page that is asked.
const PATH: &str = "/__heartbeat__";
/// How much of an answer is shown.
const LONGEST: usize = 64 << 10;

/// Ask a running processor whether it is healthy.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct HealthcheckArguments {
    /// Page to ask, by default /__heartbeat__; only http. Default: where --listen says
    #[arg(value_name = "URL")]
    url: Option<Uri>,
    /// Where the processor listens
    #[arg(long, value_name = "ADDR", env = "SOCORRO_LISTEN", value_parser = listen_address, conflicts_with = "url")]
    listen: Option<SocketAddr>,
    /// How long to wait for the answer
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = values::duration)]
    timeout: Duration,
}

impl HealthcheckArguments {
    fn page(&self) -> Result<Uri, Failure> {
        let url = match (&self.url, self.listen) {
            (Some(url), _) => url.clone(),
            (None, Some(address)) => format!("http://{}{PATH}", reachable(address))
                .parse()
                .map_err(|error| Failure::because("cannot make the URL", &error))?,
            (None, None) => {
                return Err(Failure::usage("no URL to ask")
                    .hint("socorro healthcheck http://127.0.0.1:8000/__heartbeat__"));
            }
        };
        if url.scheme_str() != Some("http") || url.host().is_none() {
            return Err(Failure::usage("only http://HOST:PORT/PATH can be asked"));
        }
        if url.path() != "/" {
            return Ok(url);
        }
        // Of a host alone, its health is wanted, not its front page.
        let mut parts = url.into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static(PATH));
        Uri::from_parts(parts).map_err(|error| Failure::because("cannot make the URL", &error))
    }
}

pub(super) async fn run(
    arguments: &HealthcheckArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let url = arguments.page()?;
    let answered = timeout(arguments.timeout, ask(&url)).await;
    let (code, body) = answered.unwrap_or_else(|_| {
        let time = arguments.timeout;
        Err(Failure::new(format!(
            "{url} does not answer within {time:?}"
        )))
    })?;
    output.line(Clean(body.trim_end()))?;
    Ok(Exit::failure_if(code != StatusCode::OK))
}

async fn ask(url: &Uri) -> Result<(StatusCode, String), Failure> {
    let failed =
        |error: &dyn std::error::Error| Failure::because(format_args!("cannot ask {url}"), error);
    let host = url.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((bare, port))
        .await
        .map_err(|error| failed(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, format!("{host}:{port}"))
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(&error))?;
    let response: hyper::Response<Incoming> = sender
        .send_request(request)
        .await
        .map_err(|error| failed(&error))?;
    let code = response.status();
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    let body = body.map_err(|error| failed(&*error))?.to_bytes();
    Ok((code, String::from_utf8_lossy(&body).into_owned()))
}
