//! One question and its answer over HTTP, tried again where that may help.

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method, Response, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION},
};
use serde_json::Value;
use socorro_core::json;
use tokio::time::Instant;

use super::{
    CrashStats,
    error::Error,
    host::shown,
    retry::{self, Tries},
};

const AUTH_TOKEN: HeaderName = HeaderName::from_static("auth-token");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// How often a host may redirect within itself.
const MAX_REDIRECTS: u32 = 5;
/// How much of an answer that reports an error is read, and how much of that is told.
const ERROR_LENGTH: usize = 64 << 10;
const TOLD_LENGTH: usize = 300;

/// A question.
#[derive(Debug, Clone)]
pub(super) struct Question {
    url: Url,
    /// The fields of a form, encoded; what is sent is a `POST` then.
    form: Option<String>,
    /// What is asked for, for messages.
    pub(super) what: String,
}

impl CrashStats {
    /// A question to an endpoint, with what follows the question mark.
    pub(super) fn question<'a>(
        &self,
        endpoint: &str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
        what: String,
    ) -> Question {
        let mut url = self.host.endpoint(endpoint);
        url.query_pairs_mut().extend_pairs(parameters);
        Question {
            url,
            form: None,
            what,
        }
    }

    /// A form for an endpoint.
    pub(super) fn form(&self, endpoint: &str, fields: String, what: String) -> Question {
        Question {
            url: self.host.endpoint(endpoint),
            form: Some(fields),
            what,
        }
    }

    /// Asks for a JSON document.
    pub(super) async fn json(&self, question: &Question) -> Result<Value, Error> {
        let mut tries = Tries::new(&self.options.retry);
        loop {
            let asked_at = Instant::now();
            match self.try_json(question).await {
                Ok(value) => return Ok(value),
                Err(error) => self.before_next_try(&mut tries, error, asked_at).await?,
            }
        }
    }

    async fn try_json(&self, question: &Question) -> Result<Value, Error> {
        let what = &question.what;
        let limit = self.options.max_document_size;
        let mut response = self.send(question).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk(&mut response).await? {
            if bytes.len() as u64 + chunk.len() as u64 > limit {
                let what = what.clone();
                return Err(Error::TooLarge { what, limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        if bytes.trim_ascii_start().starts_with(b"<") {
            return Err(self.web_page(question, StatusCode::OK));
        }
        json::read(&bytes, limit).map_err(|error| self.malformed(question, error.to_string()))
    }

    /// Waits until a request that failed may be sent again.
    ///
    /// # Errors
    ///
    /// The error itself, when it may not.
    pub(super) async fn before_next_try(
        &self,
        tries: &mut Tries<'_>,
        error: Error,
        asked_at: Instant,
    ) -> Result<(), Error> {
        let (wait, error) = tries.again_after(error)?;
        self.count_retry();
        tracing::debug!(%error, ?wait, "trying again");
        if matches!(error, Error::TooManyRequests { .. }) {
            // All wait, not only this one.
            self.pace.complaint(asked_at, wait);
        } else {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Sends a question, and gives back the answer when it is a good one.
    pub(super) async fn send(&self, question: &Question) -> Result<Response, Error> {
        let mut url = question.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.pace.turn().await;
            let response = self.send_once(question, url.clone()).await?;
            if !response.status().is_redirection() {
                return self.accept(question, response).await;
            }
            url = self.followed(question, &url, &response)?;
        }
        Err(self.redirected(&url))
    }

    async fn send_once(&self, question: &Question, url: Url) -> Result<Response, Error> {
        let method = match question.form {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.options.token {
            request = request.header(AUTH_TOKEN, token.header());
        }
        if let Some(form) = &question.form {
            request = request.header(CONTENT_TYPE, FORM).body(form.clone());
        }
        self.count_request();
        request.send().await.map_err(|error| self.failure(&error))
    }

    /// The next piece of an answer.
    pub(super) async fn chunk(&self, response: &mut Response) -> Result<Option<Bytes>, Error> {
        response.chunk().await.map_err(|error| self.failure(&error))
    }

    /// Tells good answers from bad ones.
    async fn accept(&self, question: &Question, response: Response) -> Result<Response, Error> {
        let status = response.status();
        self.know_host();
        if status.is_success() {
            self.pace.answered();
            if is_html(&response) {
                return Err(self.web_page(question, status));
            }
            return Ok(response);
        }
        let host = self.host.name().to_owned();
        let what = question.what.clone();
        let retry_after = retry::retry_after(response.headers(), Timestamp::now());
        match status.as_u16() {
            429 => return Err(Error::TooManyRequests { host, retry_after }),
            status @ (500 | 502 | 503 | 504) => {
                let reason = self.reason(response).await;
                return Err(Error::OutOfOrder {
                    host,
                    status,
                    reason,
                    retry_after,
                });
            }
            _ if is_html(&response) => return Err(self.web_page(question, status)),
            _ => {}
        }
        let reason = self.reason(response).await;
        Err(match status.as_u16() {
            400 => Error::BadRequest { host, what, reason },
            401 | 403 if is_about_token(&reason) => Error::TokenRefused { host, reason },
            401 | 403 => Error::Denied { host, what, reason },
            404 => Error::NotFound { host, what },
            status => Error::Refused {
                host,
                what,
                status,
                reason,
            },
        })
    }

    /// What an answer says about an error, short and printable; nothing when it is a web page.
    async fn reason(&self, mut response: Response) -> String {
        if is_html(&response) {
            return "(a web page)".to_owned();
        }
        let mut bytes = Vec::new();
        while bytes.len() < ERROR_LENGTH
            && let Ok(Some(chunk)) = response.chunk().await
        {
            bytes.extend_from_slice(&chunk);
        }
        let told = match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(said)) => {
                let members = ["error", "detail", "errors"];
                let member = members.iter().find_map(|name| said.get(*name));
                match member {
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                }
            }
            _ => String::from_utf8_lossy(&bytes).into_owned(),
        };
        printable(&told)
    }

    /// Where a redirect leads that may be followed: to the same host, and not with a form, whose
    /// content would be lost.
    fn followed(&self, question: &Question, from: &Url, response: &Response) -> Result<Url, Error> {
        self.know_host();
        let location = response.headers().get(LOCATION);
        let text = location.and_then(|location| location.to_str().ok());
        let target = text.and_then(|text| from.join(text).ok());
        let Some(target) = target else {
            return Err(self.malformed(question, "a redirect to nowhere".to_owned()));
        };
        if question.form.is_some() || target.origin() != from.origin() {
            return Err(self.redirected(&target));
        }
        Ok(target)
    }

    fn redirected(&self, to: &Url) -> Error {
        Error::Redirected {
            host: self.host.name().to_owned(),
            to: printable(&shown(to)),
        }
    }

    pub(super) fn malformed(&self, question: &Question, reason: String) -> Error {
        Error::Malformed {
            host: self.host.name().to_owned(),
            what: question.what.clone(),
            reason,
        }
    }

    fn web_page(&self, question: &Question, status: StatusCode) -> Error {
        Error::WebPage {
            host: self.host.name().to_owned(),
            what: question.what.clone(),
            status: status.as_u16(),
        }
    }

    /// What kept a request from being sent, or its answer from being read.
    fn failure(&self, error: &reqwest::Error) -> Error {
        let host = self.host.name().to_owned();
        if error.is_connect() {
            let reason = root_cause(error);
            let known = self.is_host_known();
            Error::Unreachable {
                host,
                reason,
                known,
            }
        } else if error.is_timeout() {
            Error::TimedOut { host }
        } else {
            let reason = root_cause(error);
            Error::Interrupted { host, reason }
        }
    }
}

fn is_html(response: &Response) -> bool {
    let header = response.headers().get(CONTENT_TYPE);
    let text = header.and_then(|value| value.to_str().ok());
    text.is_some_and(|text| {
        text.trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
    })
}

/// Whether a refusal is about the token itself: not ours, expired, of a user that is gone.
fn is_about_token(reason: &str) -> bool {
    reason.starts_with("API Token") || reason.starts_with("User of API token")
}

/// The last cause of an error: the others only say that something failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    printable(&cause.to_string())
}

/// Text of a server on one line, without control characters, and not too long.
fn printable(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let clean = line.chars().filter(|character| !character.is_control());
    let mut told: String = clean.clone().take(TOLD_LENGTH).collect();
    if clean.count() > TOLD_LENGTH {
        told.push('…');
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_one_short_line() {
        assert_eq!(printable("a\n b\u{1b}[31m"), "a b[31m");
        let long = printable(&"é".repeat(TOLD_LENGTH + 1));
        assert_eq!(long.chars().count(), TOLD_LENGTH + 1);
        assert!(long.ends_with('…'), "{long}");
    }

    #[test]
    fn refusals_of_the_token_are_told_from_those_of_the_data() {
        for text in [
            "API Token not matched",
            "API Token found but expired",
            "User of API token not active",
        ] {
            assert!(is_about_token(text), "{text}");
        }
        assert!(!is_about_token(
            "Binary response requires permissions: View Raw Dumps"
        ));
    }
}
