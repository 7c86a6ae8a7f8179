//! What a collector answers.
//!
//! Sources: Antenna, `antenna/breakpad_resource.py`; the reporter of Firefox reads the lines
//! `KEY=VALUE` of the answer.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use socorro_core::CrashId;

use crate::{failure::Failure, output::Clean};

/// How much of an answer that is not understood is told.
const TOLD: usize = 200;

/// A report that arrived.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// It was stored.
    Accepted {
        id: CrashId,
        /// Where it can be looked at.
        view_url: Option<String>,
        /// A version of which no more are wanted.
        stop_sending: Option<String>,
    },
    /// A throttling rule did not want it.
    Rejected { rule: String },
}

/// A report that was not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Trying again may help.
    Later { why: String, wait: Option<Duration> },
    /// It does not.
    Never(Failure),
}

/// Understands an answer; `wait` is what it says about when to come back.
pub(super) fn read(
    status: StatusCode,
    body: &str,
    location: Option<&str>,
    wait: Option<Duration>,
) -> Result<Answer, Refusal> {
    if status.is_success() {
        return accepted(body);
    }
    let reason = value(body, "Discarded");
    let told = match reason {
        Some(reason) => format!("{} {}", status.as_u16(), Clean(reason)),
        None => status.to_string(),
    };
    let why = format!("the collector answered {told}");
    if status == StatusCode::REQUEST_TIMEOUT
        || status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error()
    {
        return Err(Refusal::Later { why, wait });
    }
    let failure = Failure::new(why);
    Err(Refusal::Never(match hint(status, reason, location) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }))
}

fn accepted(body: &str) -> Result<Answer, Refusal> {
    if let Some(rule) = value(body, "Discarded") {
        let rule = rule.strip_prefix("rule_").unwrap_or(rule);
        return Ok(Answer::Rejected {
            rule: rule.to_owned(),
        });
    }
    // Collectors may answer with the id alone, or with JSON.
    let json: Option<Value> = serde_json::from_str(body).ok();
    let id = value(body, "CrashID")
        .or(json.as_ref().and_then(|json| json["crash_id"].as_str()))
        .unwrap_or(body);
    let owned = |name| value(body, name).map(str::to_owned);
    match CrashId::parse_lenient(id) {
        Ok(id) => Ok(Answer::Accepted {
            id,
            view_url: owned("ViewURL"),
            stop_sending: owned("StopSendingReportsFor"),
        }),
        Err(_) => {
            let start: String = body.chars().take(TOLD).collect();
            let words: Vec<_> = start.split_whitespace().collect();
            let failure = Failure::new(format!(
                "the answer has no crash id: {:?}",
                Clean(&words.join(" ")).to_string()
            ));
            Err(Refusal::Never(failure.hint(
                "is it a collector? --url names where it takes reports",
            )))
        }
    }
}

/// The value of a line `KEY=VALUE`.
fn value<'a>(body: &'a str, key: &str) -> Option<&'a str> {
    body.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .map(str::trim)
}

/// The way out of an answer that trying again does not change.
fn hint(status: StatusCode, reason: Option<&str>, location: Option<&str>) -> Option<String> {
    let hint = match (status.as_u16(), reason) {
        (401, Some("unauthorized_uuid")) => {
            "the annotation uuid asks for a certain crash id, which needs the collector's submitter token (--token); leave it out to get a new one"
        }
        (401 | 403, _) => "it wants a token: set SOCORRO_SUBMIT_TOKEN",
        (404 | 405, _) => "collectors take reports at /submit: is that the path of --url?",
        (413, _) => "it is too large for the collector; --gzip makes it smaller on the way",
        (400, Some("malformed_no_annotations")) => {
            "a report needs annotations: -a ProductName=MyApp, --annotations FILE.json or --beside"
        }
        (400, Some("malformed_no_content_length")) | (411, _) => {
            "it does not take bodies without a length: leave out --chunked"
        }
        (400, Some("malformed_invalid_uuid")) => "the annotation uuid is no crash id",
        (300..=399, _) => {
            let location = location?;
            return Some(format!("it sends elsewhere: --url {}", Clean(location)));
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

    fn read_ok(body: &str) -> Answer {
        read(StatusCode::OK, body, None, None).unwrap()
    }

    #[test]
    fn ids_are_understood_in_all_styles_of_answers() {
        let accepted = |view_url: Option<&str>, stop_sending: Option<&str>| Answer::Accepted {
            id: ID.parse().unwrap(),
            view_url: view_url.map(str::to_owned),
            stop_sending: stop_sending.map(str::to_owned),
        };
        for body in [
            format!("CrashID=bp-{ID}\n"),
            format!("Other=1\nCrashID={ID}"),
            ID.to_owned(),
            format!("{{\"crash_id\": \"{ID}\"}}"),
        ] {
            assert_eq!(read_ok(&body), accepted(None, None), "{body}");
        }
        assert_eq!(
            read_ok(&format!(
                "CrashID=bp-{ID}\nStopSendingReportsFor=148.0\nViewURL=https://x/{ID}\n"
            )),
            accepted(Some(&format!("https://x/{ID}")), Some("148.0"))
        );
    }

    #[test]
    fn rejections_name_the_rule() {
        let rule = "unsupported_product".to_owned();
        assert_eq!(
            read_ok("Discarded=rule_unsupported_product"),
            Answer::Rejected { rule }
        );
    }

    #[test]
    fn a_page_of_some_other_server_is_no_acceptance() {
        let page = format!("<html>\n\u{1b}[31m{}</html>", "x".repeat(1000));
        match read(StatusCode::OK, &page, None, None) {
            Err(Refusal::Never(failure)) => {
                assert!(failure.message().contains("no crash id"));
                assert!(!failure.message().contains('\u{1b}'));
                assert!(failure.message().len() < 400);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let retried = |code: u16| {
            let status = StatusCode::from_u16(code).unwrap();
            let answer = read(status, "Discarded=try_later", None, None);
            matches!(answer, Err(Refusal::Later { .. }))
        };
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(retried(code), "{code}");
        }
        for code in [301, 400, 401, 403, 404, 405, 411, 413, 415] {
            assert!(!retried(code), "{code}");
        }
    }
}
