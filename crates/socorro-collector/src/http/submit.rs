//! Takes one report over HTTP.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{extract::Request, response::Response};
use futures::FutureExt as _;
use http::{HeaderMap, header, request::Parts};
use http_body::Body as _;
use socorro_core::CrashId;
use tokio::time::Instant;

use super::{
    AnswerStyle, ClientFamily, Intake, RateAction, RequestBody,
    address::{Peer, Trust, client_address, rate_key},
    answer::{Answerer, try_later},
    query::query_value,
    rate::{self, By, Limited},
    request_body::{Failure, Progress},
    router::Service,
};
use crate::{Malformed, Outcome, metrics};

/// How a request was dealt with, for log and metrics.
enum Dealt {
    /// The collector, or what came before it, decided.
    Outcome(Outcome),
    /// It was beyond a rate and is refused.
    RateLimited(Duration),
    /// The collector panicked.
    Panicked,
}

/// Takes a report and answers.
pub(crate) async fn submit<I: Intake>(
    service: Arc<Service<I>>,
    style: AnswerStyle,
    request: Request,
) -> Response {
    let begun = Instant::now();
    let (mut head, body) = request.into_parts();
    let family = ClientFamily::of(&head.headers);
    metrics::CLIENTS.count(&[("family", family.name().into())]);
    let mut progress = None;
    let dealt = take(&service, family, &mut head, body, &mut progress).await;
    let answerer = Answerer::new(&service.options, style, &head.headers);
    let response = match &dealt {
        Dealt::Outcome(outcome) => answerer.outcome(outcome),
        Dealt::RateLimited(retry_after) => answerer.rate_limited(*retry_after),
        Dealt::Panicked => answerer.internal_error(),
    };
    let address = service
        .options
        .log_addresses
        .then(|| address(&service, &head))
        .flatten();
    let report = Taken {
        family,
        status: response.status().as_u16(),
        progress: progress.as_deref(),
        time: begun.elapsed(),
        address,
    };
    report.count(&dealt);
    report.log(&dealt);
    response
}

/// Checks the head of a report, then hands it to the collector.
async fn take<I: Intake>(
    service: &Service<I>,
    family: ClientFamily,
    head: &mut Parts,
    body: axum::body::Body,
    progress: &mut Option<Arc<Progress>>,
) -> Dealt {
    match service.options.tokens.check(head) {
        Ok(products) => head.extensions.insert(products),
        Err(_) => return Dealt::Outcome(Outcome::Unauthorized),
    };
    let limit = service.intake.body_limit();
    let declared = content_length(&head.headers).or_else(|| body.size_hint().exact());
    if limit > 0 && declared.is_some_and(|declared| declared > limit) {
        return Dealt::Outcome(Outcome::Malformed(Malformed::TooLarge));
    }
    let limited = rate_limit(service, head, family);
    if let Some(limited) = limited.filter(|limited| limited.action == RateAction::Refuse) {
        return Dealt::RateLimited(limited.retry_after);
    }
    let Some(admitted) = service.admission.admit(declared).await else {
        metrics::OVERLOADED.count(&[("by", "bytes".into())]);
        return Dealt::Outcome(try_later());
    };
    let body = RequestBody::new(body, service.options.timeouts, limit, admitted);
    let progress: &Arc<Progress> = progress.insert(body.progress());
    let work = async {
        match limited.map(|limited| limited.action) {
            None | Some(RateAction::Refuse) => service.intake.submit(head, body).await,
            Some(RateAction::Discard) => {
                body.discard().await;
                Outcome::Rejected {
                    rule: rate::RULE.into(),
                }
            }
            Some(RateAction::FakeAccept) => {
                body.discard().await;
                fake_acceptance()
            }
        }
    };
    let outcome = tokio::select! {
        biased;
        outcome = AssertUnwindSafe(work).catch_unwind() => outcome,
        () = service.options.shutdown.over().cancelled() => Ok(try_later()),
    };
    match outcome {
        Ok(outcome) => Dealt::Outcome(corrected(outcome, progress)),
        Err(_) => Dealt::Panicked,
    }
}

/// The outcome, unless it is that the body was not whole, and here it is known better why.
fn corrected(outcome: Outcome, progress: &Progress) -> Outcome {
    match (outcome, progress.failure()) {
        (Outcome::Malformed(_), Some(Failure::Timeout)) => Outcome::Malformed(Malformed::Timeout),
        (Outcome::Malformed(_), Some(Failure::TooLarge)) => Outcome::Malformed(Malformed::TooLarge),
        (Outcome::Malformed(_), Some(Failure::Overloaded)) => {
            metrics::OVERLOADED.count(&[("by", "bytes".into())]);
            try_later()
        }
        (outcome, _) => outcome,
    }
}

fn fake_acceptance() -> Outcome {
    const FAKE_ACCEPT: u8 = 3;
    let today = socorro_core::time::date(jiff::Timestamp::now());
    Outcome::Accepted {
        id: CrashId::mint(today, FAKE_ACCEPT),
        stop_sending: None,
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    value.parse().ok()
}

fn address<I>(service: &Service<I>, head: &Parts) -> Option<std::net::IpAddr> {
    let peer = *head.extensions.get::<Peer>()?;
    let trust = Trust {
        proxies: &service.options.trusted_proxies,
        unix: service.options.trust_unix_peers,
    };
    client_address(peer, &head.headers, trust)
}

/// Counts the report for its address and its installation.
fn rate_limit<I>(service: &Service<I>, head: &Parts, family: ClientFamily) -> Option<Limited> {
    let limits = &service.options.rate_limits;
    let by_address = address(service, head)
        .and_then(|address| limits.count(By::Address, rate_key(address), family));
    by_address.or_else(|| {
        let query = head.uri.query()?;
        let client = query_value(query, "guid").or_else(|| query_value(query, "id"))?;
        limits.count(By::Client, client, family)
    })
}

/// What there is to say of a report that was taken or refused.
struct Taken<'a> {
    family: ClientFamily,
    status: u16,
    progress: Option<&'a Progress>,
    time: Duration,
    address: Option<std::net::IpAddr>,
}

impl Taken<'_> {
    fn count(&self, dealt: &Dealt) {
        metrics::ON_POST.time(self.time, &[]);
        if let Some(progress) = self.progress {
            if progress.is_complete() {
                metrics::INCOMING.count(&[]);
            }
            if let Some(time) = progress.first_byte() {
                metrics::FIRST_BYTE.time(time, &[]);
            }
            if self.time > Duration::from_secs(1) {
                let rate = metrics::to_float(progress.received()) / self.time.as_secs_f64();
                metrics::UPLOAD_RATE.record(rate, &[]);
            }
        }
        let Dealt::Outcome(outcome) = dealt else {
            return;
        };
        match outcome {
            Outcome::Accepted { .. } => metrics::THROTTLE.count(&[("result", "accept".into())]),
            Outcome::Rejected { .. } => metrics::THROTTLE.count(&[("result", "reject".into())]),
            Outcome::Malformed(malformed) => {
                metrics::MALFORMED.count(&[("reason", malformed.code().into())]);
            }
            Outcome::UnauthorizedUuid => metrics::UNAUTHORIZED_UUID.count(&[]),
            Outcome::Unauthorized => metrics::UNAUTHORIZED.count(&[]),
            Outcome::TryLater { .. } | Outcome::NotStored => {}
        }
    }

    /// One line for each report. Nothing of its content is in it.
    fn log(&self, dealt: &Dealt) {
        let (result, crash_id, reason) = match dealt {
            Dealt::Outcome(Outcome::Accepted { id, .. }) => ("accepted", Some(id), None),
            Dealt::Outcome(Outcome::Rejected { rule }) => ("rejected", None, Some(&**rule)),
            Dealt::Outcome(Outcome::Malformed(malformed)) => {
                ("malformed", None, Some(malformed.code()))
            }
            Dealt::Outcome(Outcome::UnauthorizedUuid) => ("unauthorized_uuid", None, None),
            Dealt::Outcome(Outcome::Unauthorized) => ("unauthorized", None, None),
            Dealt::Outcome(Outcome::TryLater { .. }) => ("try_later", None, None),
            Dealt::Outcome(Outcome::NotStored) => ("not_stored", None, None),
            Dealt::RateLimited(_) => ("rate_limited", None, None),
            Dealt::Panicked => ("internal_error", None, None),
        };
        tracing::info!(
            crash_id = crash_id.map(tracing::field::display),
            result,
            reason,
            status = self.status,
            bytes = self.progress.map(Progress::received),
            milliseconds = u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
            client = self.family.name(),
            address = self.address.map(tracing::field::display),
            "report",
        );
    }
}
