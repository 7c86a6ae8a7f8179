//! From outcomes to answers.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use socorro_core::CrashId;

use super::{AnswerStyle, ClientFamily, Options, RateAction, rate};
use crate::{Malformed, Outcome};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How one request is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answerer<'a> {
    options: &'a Options,
    style: AnswerStyle,
    family: ClientFamily,
}

impl<'a> Answerer<'a> {
    /// Chooses the style for a request to a path that has `style`.
    pub(crate) fn new(options: &'a Options, style: AnswerStyle, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let accepts = text(header::ACCEPT).unwrap_or_default();
        let wants_json = accepts
            .split(',')
            .any(|range| is_json(range.split(';').next().unwrap_or_default().trim()));
        let user_agent = text(header::USER_AGENT).unwrap_or_default();
        let is_crashpad = ClientFamily::of_user_agent(user_agent) == ClientFamily::Crashpad;
        let style = if wants_json {
            AnswerStyle::Json
        } else if options.bare_for_crashpad && is_crashpad {
            AnswerStyle::Bare
        } else {
            style
        };
        Self {
            options,
            style,
            family: ClientFamily::of(headers),
        }
    }

    /// Answers what became of a report.
    pub(crate) fn outcome(&self, outcome: &Outcome) -> Response {
        match outcome {
            Outcome::Accepted { id, stop_sending } => self.accepted(id, stop_sending.as_deref()),
            Outcome::Rejected { rule }
                if &**rule == rate::RULE
                    && self.options.rate_limits.action(self.family) == RateAction::Refuse =>
            {
                self.rate_limited(Duration::from_secs(1))
            }
            Outcome::Rejected { rule } => self.discarded(StatusCode::OK, &format!("rule_{rule}")),
            Outcome::Malformed(malformed) => self.malformed(*malformed),
            Outcome::UnauthorizedUuid => {
                self.discarded(StatusCode::UNAUTHORIZED, "unauthorized_uuid")
            }
            Outcome::Unauthorized => self.discarded(StatusCode::UNAUTHORIZED, "unauthorized"),
            Outcome::TryLater { retry_after } => {
                let answer = self.discarded(StatusCode::SERVICE_UNAVAILABLE, "try_later");
                retry(answer, *retry_after)
            }
            // As Antenna answers, which has no spool either.
            Outcome::NotStored => text(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        }
    }

    pub(crate) fn malformed(&self, malformed: Malformed) -> Response {
        self.discarded(
            malformed.status(),
            &format!("malformed_{}", malformed.code()),
        )
    }

    pub(crate) fn internal_error(&self) -> Response {
        self.discarded(StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
    }

    pub(crate) fn rate_limited(&self, retry_after: Duration) -> Response {
        let answer = self.discarded(StatusCode::TOO_MANY_REQUESTS, rate::RULE);
        retry(answer, retry_after)
    }

    fn accepted(&self, id: &CrashId, stop_sending: Option<&str>) -> Response {
        let id = id.as_str();
        let body = match self.style {
            AnswerStyle::Bare => id.to_owned(),
            AnswerStyle::Uuid => id.replace('-', ""),
            AnswerStyle::Json => {
                let body = serde_json::json!({"crash_id": id});
                return json(StatusCode::OK, &body);
            }
            AnswerStyle::CrashId => {
                let mut body = format!("CrashID=bp-{id}\n");
                if let Some(version) = stop_sending {
                    body.push_str(&format!("StopSendingReportsFor={version}\n"));
                }
                if let Some(template) = &self.options.view_url {
                    body.push_str(&format!("ViewURL={}\n", template.replace("{crash_id}", id)));
                }
                body
            }
        };
        text(StatusCode::OK, body)
    }

    fn discarded(&self, status: StatusCode, why: &str) -> Response {
        if self.style == AnswerStyle::Json {
            return json(status, &serde_json::json!({"discarded": why}));
        }
        text(status, format!("Discarded={why}"))
    }
}

fn is_json(media_type: &str) -> bool {
    media_type.eq_ignore_ascii_case("application/json")
}

/// An answer of text. It has a length, so that no client gets it in chunks.
pub(crate) fn text(status: StatusCode, body: String) -> Response {
    with_type(status, TEXT, body)
}

/// An answer of JSON.
pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    with_type(status, JSON, body.to_string())
}

pub(crate) fn with_type(status: StatusCode, content_type: HeaderValue, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

/// Adds when to try again, in whole seconds and at least one.
fn retry(mut response: Response, after: Duration) -> Response {
    let seconds = after.as_secs_f64().ceil().max(1.0);
    let value = HeaderValue::from_str(&format!("{seconds}"));
    if let Ok(value) = value {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// When to try again after an overload: not all at the same time.
pub(crate) fn jittered() -> Duration {
    Duration::from_secs(fastrand::u64(5..=30))
}

/// What is answered when too many are there.
pub(crate) fn try_later() -> Outcome {
    Outcome::TryLater {
        retry_after: jittered(),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn accepted(style: AnswerStyle, options: &Options, headers: &[(&str, &str)]) -> String {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let outcome = Outcome::Accepted {
            id: "de1bb258-cbbf-4589-a673-34f800160918".parse().unwrap(),
            stop_sending: Some("148.0".into()),
        };
        let response = Answerer::new(options, style, request.headers()).outcome(&outcome);
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn styles() {
        let mut options = Options {
            view_url: Some("https://crashes.example/{crash_id}".to_owned()),
            ..Options::default()
        };
        let id = "de1bb258-cbbf-4589-a673-34f800160918";
        assert_eq!(
            accepted(AnswerStyle::CrashId, &options, &[]).await,
            format!(
                "CrashID=bp-{id}\nStopSendingReportsFor=148.0\nViewURL=https://crashes.example/{id}\n"
            )
        );
        assert_eq!(accepted(AnswerStyle::Bare, &options, &[]).await, id);
        assert_eq!(
            accepted(AnswerStyle::Uuid, &options, &[]).await,
            id.replace('-', "")
        );
        let accept = [("Accept", "text/html, application/json;q=0.9")];
        let json = format!(r#"{{"crash_id":"{id}"}}"#);
        assert_eq!(
            accepted(AnswerStyle::CrashId, &options, &accept).await,
            json
        );
        let crashpad = [("User-Agent", "Crashpad/0.8.0")];
        assert!(
            accepted(AnswerStyle::CrashId, &options, &crashpad)
                .await
                .contains("CrashID")
        );
        options.bare_for_crashpad = true;
        assert_eq!(
            accepted(AnswerStyle::CrashId, &options, &crashpad).await,
            id
        );
    }

    #[test]
    fn what_is_beyond_the_rate_of_its_product_is_refused_only_to_those_who_bear_it() {
        let options = Options::default();
        let status = |user_agent: &str| {
            let request = http::Request::builder().header("User-Agent", user_agent);
            let request = request.body(()).unwrap();
            let answerer = Answerer::new(&options, AnswerStyle::CrashId, request.headers());
            let rule = rate::RULE.into();
            answerer.outcome(&Outcome::Rejected { rule }).status()
        };
        assert_eq!(status("curl/8"), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(status("Crashpad/0.8.0"), StatusCode::OK);
    }
}
