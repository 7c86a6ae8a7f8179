//! The id of a report.

use socorro_core::{
    CrashId,
    time::{self, Timestamp},
};
use subtle::ConstantTimeEq as _;

use super::{Options, Refused};
use crate::{Malformed, parse::Report, throttle::ThrottleResult};

/// The annotation with which a client brings an id of its own.
const UUID: &str = "uuid";
/// How the header begins, in any case.
const SCHEME: &[u8] = b"Bearer ";

/// The id of a report: the one that it brought as the annotation `uuid`, or a new one of this day
/// (UTC) with the digit of `result`.
///
/// Ids are brought by clients that copy crashes from one installation to another. They need the
/// header `Authorization: Bearer TOKEN` (its value is `authorization`) with the token of the
/// options. The digit of such an id says what the other collector decided, and stays: 0 for a crash
/// that is published, 1 for one that is stored only. No other digit, and no date that does not exist,
/// is taken.
///
/// # Errors
///
/// [`Refused::UnauthorizedUuid`] if it brought something without being allowed to, even if that is
/// no id; [`Malformed::InvalidUuid`] if it was allowed to.
pub fn crash_id(
    report: &Report,
    authorization: Option<&[u8]>,
    result: ThrottleResult,
    now: Timestamp,
    options: &Options,
) -> Result<CrashId, Refused> {
    let Some(brought) = report.annotations.get(UUID) else {
        return Ok(CrashId::mint(time::date(now), result.digit()));
    };
    if !is_authorized(authorization, options.submitter_token.as_deref()) {
        return Err(Refused::UnauthorizedUuid);
    }
    brought
        .as_str()
        .and_then(|text| CrashId::parse(text).ok())
        .filter(|id| matches!(id.throttle_digit(), '0' | '1'))
        .ok_or(Refused::Malformed(Malformed::InvalidUuid))
}

/// Whether a header has the token. How long that takes does not depend on where they differ.
fn is_authorized(authorization: Option<&[u8]>, token: Option<&str>) -> bool {
    let (Some(header), Some(token)) = (authorization, token) else {
        return false;
    };
    let Some((scheme, given)) = header.split_at_checked(SCHEME.len()) else {
        return false;
    };
    // An empty token is one that was never set.
    !token.is_empty()
        && scheme.eq_ignore_ascii_case(SCHEME)
        && bool::from(given.ct_eq(token.as_bytes()))
}
