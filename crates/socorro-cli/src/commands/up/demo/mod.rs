//! `socorro up --demo`: one crash, from the program that crashes to its signature.

mod crash;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use socorro_collector::form::Form;
use socorro_core::{CrashId, ProcessedCrash};
use socorro_storage::{CrashStorage, ErrorKind};
use tokio::time::{Instant, sleep};

pub(crate) use self::crash::take_over_in_child;
use crate::{
    commands::collector::Submit,
    failure::Failure,
    output::{Clean, Output},
};

/// How long the crash may take to be processed.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to look.
const PAUSE: Duration = Duration::from_millis(25);
/// How much of an answer is read.
const LONGEST: usize = 4 << 10;

/// Where things are.
pub(super) struct Site {
    /// Where reports are taken.
    pub(super) submit: Submit,
    /// Where processed crashes are shown.
    pub(super) status_page: Option<SocketAddr>,
    pub(super) storage: Arc<dyn CrashStorage>,
    /// The address of the storage.
    pub(super) address: String,
}

/// Crashes a program, sends its report, waits for the result, and shows where it is.
///
/// # Errors
///
/// When any of that does not work.
pub(super) async fn run(site: &Site, output: &mut Output) -> Result<(), Failure> {
    let started = Instant::now();
    let directory = tempfile::tempdir()
        .map_err(|error| Failure::because("cannot make a directory for a minidump", &error))?;
    let minidump = crash::in_child(directory.path()).await?;
    let form = Form::new()
        .annotation("ProductName", "SocorroDemo")
        .annotation("Version", env!("CARGO_PKG_VERSION"))
        .annotation("ReleaseChannel", "demo")
        .file("upload_file_minidump", "crash.dmp", minidump);
    let id = send(site, &form).await?;
    let processed = wait(site, &id).await?;
    let signature = processed.signature().unwrap_or("none");
    output.line("")?;
    output.line(format_args!("crash           {id}"))?;
    output.line(format_args!("signature       {}", Clean(signature)))?;
    output.line(format_args!(
        "took            {:.1} s from the crash to this",
        started.elapsed().as_secs_f64()
    ))?;
    if let Some(address) = site.status_page {
        output.line(format_args!("page            http://{address}/crash/{id}"))?;
    }
    output.line(format_args!(
        "in a terminal   socorro show {id} --storage {}",
        site.address
    ))?;
    Ok(())
}

/// Sends the report over HTTP, as any client does.
async fn send(site: &Site, form: &Form) -> Result<CrashId, Failure> {
    let failed = |error: &dyn std::error::Error| {
        let url = site.submit.url();
        Failure::because(format_args!("cannot send the report to {url}"), error)
    };
    let body = form.to_bytes().map_err(|error| failed(&error))?;
    let stream = site
        .submit
        .connect()
        .await
        .map_err(|error| failed(&error))?;
    let (mut sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    tokio::spawn(connection);
    let request = Request::post(site.submit.path())
        .header(header::HOST, site.submit.host())
        .header(header::CONTENT_TYPE, form.content_type())
        .header(
            header::USER_AGENT,
            concat!("socorro/", env!("CARGO_PKG_VERSION")),
        )
        .body(Full::new(body))
        .map_err(|error| failed(&error))?;
    let response = sender.send_request(request);
    let response = response.await.map_err(|error| failed(&error))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    let body = body.map_err(|error| failed(&*error))?.to_bytes();
    let answer = String::from_utf8_lossy(&body);
    let id = answer
        .lines()
        .find_map(|line| line.strip_prefix("CrashID=bp-"));
    id.and_then(|id| CrashId::parse(id).ok()).ok_or_else(|| {
        Failure::new(format!(
            "the report was not taken: {status}, {}",
            Clean(answer.trim_end())
        ))
        .hint("--throttle open takes every report")
    })
}

/// Waits until the crash is processed.
async fn wait(site: &Site, id: &CrashId) -> Result<ProcessedCrash, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match site.storage.processed_crash(id).await {
            Ok(crash) => return Ok(crash.value),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            Err(_) if Instant::now() > deadline => {
                return Err(Failure::new(format!(
                    "crash {id} was not processed within {PATIENCE:?}"
                ))
                .hint("the log and the status page say why"));
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}
