//! The clients: they send their reports again until they are given an id.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, StatusCode,
    body::Frame,
    client::conn::http1,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use socorro_collector::form::{Form, Style, gzip};
use socorro_core::CrashId;
use tokio::{net::TcpStream, time::timeout};

use super::{Site, service::Service};

/// How many clients there are at once.
const AT_ONCE: usize = 8;
/// How long a client waits for its answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a client waits before it tries again.
const PAUSE: Duration = Duration::from_millis(50);
/// For how long a client tries.
const PATIENCE: Duration = Duration::from_secs(180);

/// What clients were told.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    /// The ids that they were given, and which report each belongs to.
    pub(crate) ids: HashMap<CrashId, Sent>,
    /// Requests that got no id, by what was the matter.
    pub(crate) refused: BTreeMap<String, usize>,
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) number: usize,
    /// Which of the contents.
    pub(crate) content: usize,
}

/// Sends so many reports, each until it is given an id.
pub(crate) async fn send(site: &Site, service: &Service, reports: usize) -> Result<Accepted> {
    let accepted = Mutex::<Accepted>::default();
    stream::iter((0..reports).map(Ok))
        .try_for_each_concurrent(AT_ONCE, |number| {
            let accepted = &accepted;
            async move {
                let mut chance = site.random.on(("report", number));
                let sent = Sent {
                    number,
                    content: chance.usize(..site.contents.len()),
                };
                tokio::time::sleep(Duration::from_millis(chance.u64(0..40))).await;
                one(site, service, sent, accepted).await
            }
        })
        .await?;
    let accepted = accepted.into_inner().ok().context("no client panicked")?;
    ensure!(accepted.ids.len() == reports, "an id was given twice");
    Ok(accepted)
}

async fn one(site: &Site, service: &Service, sent: Sent, accepted: &Mutex<Accepted>) -> Result<()> {
    let give_up_at = Instant::now() + PATIENCE;
    while Instant::now() < give_up_at {
        let address = timeout(PATIENCE, service.address()).await??;
        let answered = timeout(ANSWER, request(site, &address, sent)).await;
        let refused = match answered {
            Ok(Ok((StatusCode::OK, answer))) => {
                let id = answer
                    .strip_prefix("CrashID=bp-")
                    .and_then(|id| id.strip_suffix('\n'));
                let id = id.with_context(|| format!("200, but no id: {answer:?}"))?;
                let mut accepted = accepted.lock().ok().context("no client panicked")?;
                let known = accepted.ids.insert(CrashId::parse(id)?, sent);
                ensure!(known.is_none(), "{id} was given to two clients");
                return Ok(());
            }
            Ok(Ok((StatusCode::SERVICE_UNAVAILABLE, _))) => "503".to_owned(),
            Ok(Ok((status, answer))) => bail!("report {}: {status} {answer:?}", sent.number),
            Ok(Err(_)) => "no answer: the connection ended".to_owned(),
            Err(_) => format!("no answer within {ANSWER:?}"),
        };
        if let Ok(mut accepted) = accepted.lock() {
            *accepted.refused.entry(refused).or_default() += 1;
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("report {} was never taken", sent.number)
}

/// Sends a report in the manner of one of the clients in the field.
async fn request(site: &Site, address: &str, sent: Sent) -> Result<(StatusCode, String)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        http1::handshake::<_, BoxBody<Bytes, std::io::Error>>(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let style = [Style::Curl, Style::Firefox, Style::Crashpad][sent.number % 3];
    let mut form = Form::in_style(style)
        .annotation("ProductName", "Intake")
        .annotation("Version", "1.0")
        .annotation("Number", sent.number.to_string());
    if let Some(dump) = &site.contents[sent.content].dump {
        form = form.file("upload_file_minidump", "crash.dmp", dump.clone());
    }
    let mut request = Request::post("/submit")
        .header(HOST, address)
        .header(CONTENT_TYPE, form.content_type());
    let body = if style == Style::Crashpad {
        // Without a length, as Crashpad does.
        request = request.header(CONTENT_ENCODING, "gzip");
        let chunks: Vec<Bytes> = gzip(form.stream()).try_collect().await?;
        let frames = stream::iter(chunks).map(|chunk| Ok(Frame::data(chunk)));
        BodyExt::boxed(StreamBody::new(frames))
    } else {
        let body = Full::new(form.to_bytes()?);
        BodyExt::boxed(BodyExt::map_err(body, |never| match never {}))
    };
    let response = sender.send_request(request.body(body)?).await?;
    let status = response.status();
    let answer = response.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok((status, String::from_utf8_lossy(&answer).into_owned()))
}
