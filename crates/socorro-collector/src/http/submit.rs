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
    record::Record,
    request_body::{Failure, Progress},
    router::Service,
};
use crate::{Details, Malformed, Outcome, metrics};

/// How a request was dealt with, for log and metrics.
#[derive(Debug)]
pub(crate) enum Dealt {
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
    let (dealt, details) = take(&service, family, &mut head, body, &mut progress).await;
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
    let record = Record {
        family,
        status: response.status().as_u16(),
        progress: progress.as_deref(),
        details: &details,
        products: &service.options.metric_products,
        time: begun.elapsed(),
        address,
    };
    record.count(&dealt);
    record.log(&dealt);
    response
}

/// Checks the head of a report, then hands it to the collector.
async fn take<I: Intake>(
    service: &Service<I>,
    family: ClientFamily,
    head: &mut Parts,
    body: axum::body::Body,
    progress: &mut Option<Arc<Progress>>,
) -> (Dealt, Details) {
    let nothing = Details::default();
    match service.options.tokens.check(head) {
        Ok(products) => head.extensions.insert(products),
        Err(_) => return (Dealt::Outcome(Outcome::Unauthorized), nothing),
    };
    let limit = service.intake.body_limit();
    let declared = content_length(&head.headers).or_else(|| body.size_hint().exact());
    if limit > 0 && declared.is_some_and(|declared| declared > limit) {
        let too_large = Outcome::Malformed(Malformed::TooLarge);
        return (Dealt::Outcome(too_large), nothing);
    }
    let limited = rate_limit(service, head, family);
    if let Some(limited) = limited.filter(|limited| limited.action == RateAction::Refuse) {
        return (Dealt::RateLimited(limited.retry_after), nothing);
    }
    let Some(admitted) = service.admission.admit(declared).await else {
        metrics::OVERLOADED.count(&[("by", "bytes".into())]);
        return (Dealt::Outcome(try_later()), nothing);
    };
    let body = RequestBody::new(body, service.options.timeouts, limit, admitted);
    let progress: &Arc<Progress> = progress.insert(body.progress());
    let work = async {
        match limited.map(|limited| limited.action) {
            None | Some(RateAction::Refuse) => service.intake.submit(head, body).await,
            Some(RateAction::Discard) => {
                body.discard().await;
                let rule = rate::RULE.into();
                (Outcome::Rejected { rule }, nothing)
            }
            Some(RateAction::FakeAccept) => {
                body.discard().await;
                (fake_acceptance(), nothing)
            }
        }
    };
    let outcome = tokio::select! {
        biased;
        outcome = AssertUnwindSafe(work).catch_unwind() => outcome,
        () = service.options.shutdown.over().cancelled() => Ok((try_later(), Details::default())),
    };
    match outcome {
        Ok((outcome, details)) => (Dealt::Outcome(corrected(outcome, progress)), details),
        Err(_) => (Dealt::Panicked, Details::default()),
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
