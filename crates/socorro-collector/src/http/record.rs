//! What is said of a report that was taken or refused: metrics and a line of the log.

use std::{net::IpAddr, time::Duration};

use super::{ClientFamily, request_body::Progress, submit::Dealt};
use crate::{Details, Outcome, metrics, throttle::ThrottleResult};

/// One report, as it was dealt with.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) family: ClientFamily,
    pub(crate) status: u16,
    /// How far the body was read; `None` when it was not even begun.
    pub(crate) progress: Option<&'a Progress>,
    pub(crate) details: &'a Details,
    /// The products that metrics name; the rest is `other`.
    pub(crate) products: &'a [String],
    pub(crate) time: Duration,
    pub(crate) address: Option<IpAddr>,
}

impl Record<'_> {
    /// Emits the metrics.
    pub(crate) fn count(&self, dealt: &Dealt) {
        metrics::ON_POST.time(self.time, &[]);
        if let Some(progress) = self.progress {
            count_upload(progress, self.details.read_time);
        }
        if self.details.payload.is_some() {
            self.count_content();
        }
        let Dealt::Outcome(outcome) = dealt else {
            return;
        };
        match outcome {
            Outcome::Malformed(malformed) => {
                metrics::MALFORMED.count(&[("reason", malformed.code().into())]);
            }
            Outcome::UnauthorizedUuid => metrics::UNAUTHORIZED_UUID.count(&[]),
            Outcome::Unauthorized => metrics::UNAUTHORIZED.count(&[]),
            _ => {}
        }
    }

    /// What is known of a report that was read.
    fn count_content(&self) {
        let details = self.details;
        metrics::INCOMING.count(&[]);
        let payload = if details.compressed {
            metrics::GZIPPED_CRASH.count(&[]);
            let (packed, unpacked) = (details.size.max(1), details.unpacked_size);
            let ratio = metrics::to_float(unpacked) / metrics::to_float(packed);
            metrics::COMPRESSION_RATIO.record(ratio, &[]);
            "compressed"
        } else {
            "uncompressed"
        };
        metrics::CRASH_SIZE.size(details.unpacked_size, &[("payload", payload.into())]);
        metrics::FILES.size(details.files as u64, &[]);
        metrics::NOTES.add(details.notes as u64, &[]);
        if let Some(size) = details.main_dump_size {
            let product = details.product.as_ref();
            let product = product.filter(|product| self.products.contains(product));
            let product = product.map_or_else(|| "other".into(), |product| product.clone().into());
            metrics::MINIDUMP_SIZE.size(size, &[("product", product)]);
        }
        if let (Some(rule), Some(result)) = (&details.rule, details.result) {
            metrics::THROTTLE_RULE.count(&[("rule", rule.clone().into())]);
            metrics::THROTTLE.count(&[("result", name(result).into())]);
        }
    }

    /// Writes one line. Nothing of the report's content is in it.
    pub(crate) fn log(&self, dealt: &Dealt) {
        let details = self.details;
        let (result, crash_id, reason) = match dealt {
            Dealt::Outcome(Outcome::Accepted { id, .. }) => ("accepted", Some(*id), None),
            Dealt::Outcome(Outcome::Rejected { rule }) => ("rejected", details.id, Some(&**rule)),
            Dealt::Outcome(Outcome::Malformed(malformed)) => {
                ("malformed", None, Some(malformed.code()))
            }
            Dealt::Outcome(Outcome::UnauthorizedUuid) => ("unauthorized_uuid", None, None),
            Dealt::Outcome(Outcome::Unauthorized) => ("unauthorized", None, None),
            Dealt::Outcome(Outcome::TryLater { .. }) => ("try_later", details.id, None),
            Dealt::Outcome(Outcome::NotStored) => ("not_stored", details.id, None),
            Dealt::RateLimited(_) => ("rate_limited", None, None),
            Dealt::Panicked => ("internal_error", None, None),
        };
        tracing::info!(
            crash_id = crash_id.map(tracing::field::display),
            result,
            reason,
            status = self.status,
            rule = details.rule.as_deref(),
            throttle = details.result.map(name),
            fate = details.fate.as_str(),
            bytes = self.progress.map(Progress::received),
            unpacked_bytes = details.unpacked_size,
            files = details.files,
            notes = details.notes,
            milliseconds = milliseconds(self.time),
            read_milliseconds = milliseconds(details.read_time),
            delivery_milliseconds = milliseconds(details.delivery_time),
            client = self.family.name(),
            address = self.address.map(tracing::field::display),
            "report",
        );
    }
}

/// How fast the body came.
fn count_upload(progress: &Progress, time: Duration) {
    if let Some(time) = progress.first_byte() {
        metrics::FIRST_BYTE.time(time, &[]);
    }
    if time > Duration::from_secs(1) {
        let rate = metrics::to_float(progress.received()) / time.as_secs_f64();
        metrics::UPLOAD_RATE.record(rate, &[]);
    }
}

fn name(result: ThrottleResult) -> &'static str {
    match result {
        ThrottleResult::Accept => "accept",
        ThrottleResult::Defer => "defer",
        ThrottleResult::Reject => "reject",
        ThrottleResult::FakeAccept => "fakeaccept",
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
