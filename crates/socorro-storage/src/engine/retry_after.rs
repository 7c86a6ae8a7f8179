//! `Retry-After`, which object_store does not look at.
//!
//! Source: RFC 9110, section 10.2.3.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{Timestamp, fmt::rfc2822};
use object_store::{
    ClientOptions, Result,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
        HttpService, ReqwestConnector,
    },
};

use super::left_alone::LeftAlone;

/// The longest time a server can ask for.
const LONGEST: Duration = Duration::from_secs(3600);
const TOO_MANY_REQUESTS: u16 = 429;

/// Makes the HTTP clients of stores. When a server asks to be left alone, they wait and ask again
/// while their patience lasts; then the request fails at once with [`LeftAlone`], and object_store
/// does not repeat it. Trouble without `Retry-After` is left to object_store's own retry.
#[derive(Debug, Default)]
pub(crate) struct Connector {
    /// How long one request waits at most.
    pub(crate) patience: Duration,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        Ok(HttpClient::new(Patient {
            client: ReqwestConnector::default().connect(options)?,
            patience: self.patience,
        }))
    }
}

#[derive(Debug)]
struct Patient {
    client: HttpClient,
    patience: Duration,
}

#[async_trait]
impl HttpService for Patient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut left = self.patience;
        loop {
            let answer = self.client.execute(request.clone()).await?;
            let Some(time) = asked(&answer) else {
                return Ok(answer);
            };
            let Some(rest) = left.checked_sub(time) else {
                let status = answer.status().to_string();
                // Of all kinds, this is one that object_store does not repeat.
                let kind = HttpErrorKind::Unknown;
                return Err(HttpError::new(kind, LeftAlone { status, time }));
            };
            left = rest;
            drop(answer);
            tokio::time::sleep(time).await;
        }
    }
}

/// How long the server asks to be left alone, if it does.
fn asked(answer: &HttpResponse) -> Option<Duration> {
    let status = answer.status();
    if !status.is_server_error() && status.as_u16() != TOO_MANY_REQUESTS {
        return None;
    }
    let header = |name| Some(answer.headers().get(name)?.to_str().ok()?.trim());
    let text = header("retry-after")?;
    let time = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        // By the server's clock, which need not be ours.
        Err(_) => {
            let time = moment(text)?.duration_since(moment(header("date")?)?);
            time.try_into().ok()?
        }
    };
    (!time.is_zero()).then(|| time.min(LONGEST))
}

/// A date of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn moment(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use object_store::client::HttpRequestBody;
    use tokio::time::Instant;

    use super::*;

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> HttpResponse {
        let mut answer = HttpResponse::new(String::new().into());
        *answer.status_mut() = status.try_into().unwrap();
        for (name, value) in headers {
            answer.headers_mut().insert(*name, value.parse().unwrap());
        }
        answer
    }

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        let asked = |text| asked(&answer(503, &[("retry-after", text), DATE]));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(asked("120"), seconds(120));
        assert_eq!(asked(" 7 "), seconds(7));
        assert_eq!(asked("86400"), Some(LONGEST));
        assert_eq!(asked("Sun, 06 Nov 1994 08:51:37 GMT"), seconds(120));
        assert_eq!(asked("Mon, 06 Nov 2034 08:49:37 GMT"), Some(LONGEST));
        for over in [
            "0",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:00:00 GMT",
        ] {
            assert_eq!(asked(over), None, "{over}");
        }
        for odd in ["", "-1", "1.5", "soon", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(asked(odd), None, "{odd}");
        }
    }

    #[test]
    fn only_trouble_of_the_server_counts() {
        let wanted = [("retry-after", "120")];
        for status in [429, 500, 502, 503, 504] {
            assert!(asked(&answer(status, &wanted)).is_some(), "{status}");
            assert!(asked(&answer(status, &[])).is_none(), "{status}");
        }
        for status in [200, 301, 403, 404, 412] {
            assert!(asked(&answer(status, &wanted)).is_none(), "{status}");
        }
        let date = [("retry-after", "Sun, 06 Nov 1994 08:51:37 GMT")];
        assert!(asked(&answer(503, &date)).is_none(), "whose clock is it?");
    }

    /// Asks for so many seconds of each request, until there is nothing left to ask for.
    #[derive(Debug)]
    struct Busy(Mutex<Vec<&'static str>>);

    #[async_trait]
    impl HttpService for Busy {
        async fn call(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
            Ok(match self.0.lock().unwrap().pop() {
                Some(seconds) => answer(503, &[("retry-after", seconds)]),
                None => answer(200, &[]),
            })
        }
    }

    async fn asks(seconds: &[&'static str]) -> (Result<HttpResponse, HttpError>, Duration) {
        let seconds = seconds.iter().rev().copied().collect();
        let patient = Patient {
            client: HttpClient::new(Busy(Mutex::new(seconds))),
            patience: Duration::from_secs(10),
        };
        let begun = Instant::now();
        let request = HttpRequest::new(HttpRequestBody::empty());
        (patient.call(request).await, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_time_is_waited_for() {
        let (answer, took) = asks(&["2", "7"]).await;
        assert_eq!(answer.unwrap().status().as_u16(), 200);
        assert_eq!(took.as_secs(), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_time_is_told_at_once() {
        let (answer, took) = asks(&["4", "7"]).await;
        let error = answer.unwrap_err().to_string();
        assert!(error.contains("503") && error.contains("7s"), "{error}");
        assert_eq!(took.as_secs(), 4);
    }
}
