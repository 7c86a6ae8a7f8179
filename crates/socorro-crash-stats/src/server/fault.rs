//! What goes wrong on demand.

use std::{ops::Range, time::Duration};

/// What goes wrong with requests; see [the module](super#faults).
///
/// A new fault is for all requests to all endpoints, until [`Fault::on`], [`Fault::from`],
/// [`Fault::times`] and [`Fault::where_query_has`] say otherwise.
#[derive(Debug, Clone)]
pub struct Fault {
    pub(super) kind: Kind,
    endpoint: Option<String>,
    query: Option<String>,
    /// Which of the requests that fit, counted from 1.
    requests: Range<usize>,
    seen: usize,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// This answer, instead of the true one.
    Answer {
        status: u16,
        content_type: &'static str,
        body: String,
        retry_after: Option<String>,
    },
    /// The true answer, whose connection ends after so many bytes of the body.
    CutAfter(usize),
    /// The true answer, of whose body nothing follows after so many bytes.
    StallAfter(usize),
    /// The true answer, in pieces of so many bytes with a pause before each.
    Slow { piece: usize, pause: Duration },
    /// The true answer with a byte changed in the middle of its body.
    WrongByte,
    /// The true answer with this as its length.
    Length(u64),
    /// Another place to ask.
    Redirect(String),
}

impl Fault {
    /// An answer with this status and a JSON body that says so.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::answer(status, "application/json", r#"{"error": "on demand"}"#)
    }

    /// An answer of 200 that is a page for people, as a proxy or a portal gives it.
    #[must_use]
    pub fn html() -> Self {
        let page = "<!DOCTYPE html>\n<html><body><h1>Please sign in</h1></body></html>\n";
        Self::answer(200, "text/html; charset=utf-8", page)
    }

    /// Any answer.
    #[must_use]
    pub fn answer(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self::of(Kind::Answer {
            status,
            content_type,
            body: body.into(),
            retry_after: None,
        })
    }

    /// The connection ends after so many bytes of the body; after 0, without any answer.
    #[must_use]
    pub fn cut_after(bytes: usize) -> Self {
        Self::of(Kind::CutAfter(bytes))
    }

    /// Nothing follows after so many bytes of the body, and the connection stays open.
    #[must_use]
    pub fn stall_after(bytes: usize) -> Self {
        Self::of(Kind::StallAfter(bytes))
    }

    /// The body comes in pieces of so many bytes, with a pause before each.
    #[must_use]
    pub fn slow(piece: usize, pause: Duration) -> Self {
        Self::of(Kind::Slow {
            piece: piece.max(1),
            pause,
        })
    }

    /// A byte in the middle of the body is another one.
    #[must_use]
    pub fn wrong_byte() -> Self {
        Self::of(Kind::WrongByte)
    }

    /// `Content-Length` says this, whatever the body has. Where it says less, the rest of the body
    /// is not sent; where it says more, the connection ends too early.
    #[must_use]
    pub fn length(bytes: u64) -> Self {
        Self::of(Kind::Length(bytes))
    }

    /// A redirect (302) to this URL.
    #[must_use]
    pub fn redirect(url: impl Into<String>) -> Self {
        Self::of(Kind::Redirect(url.into()))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            endpoint: None,
            query: None,
            requests: 1..usize::MAX,
            seen: 0,
        }
    }

    /// With `Retry-After` of this text: seconds or a date. Only for answers.
    #[must_use]
    pub fn retry_after(mut self, text: impl Into<String>) -> Self {
        if let Kind::Answer { retry_after, .. } = &mut self.kind {
            *retry_after = Some(text.into());
        }
        self
    }

    /// Only for this endpoint, for example `RawCrash`.
    #[must_use]
    pub fn on(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Only for requests whose query contains this text as it was sent, for example `format=raw`.
    #[must_use]
    pub fn where_query_has(mut self, text: impl Into<String>) -> Self {
        self.query = Some(text.into());
        self
    }

    /// From this one on of the requests that it is for, counted from 1.
    #[must_use]
    pub fn from(mut self, request: usize) -> Self {
        let length = self.requests.len();
        self.requests = request..request.saturating_add(length);
        self
    }

    /// For so many requests only.
    #[must_use]
    pub fn times(mut self, requests: usize) -> Self {
        self.requests.end = self.requests.start.saturating_add(requests);
        self
    }

    /// Whether it is for this request, which is counted if it may be.
    pub(super) fn strikes(&mut self, endpoint: &str, query: &str) -> bool {
        let fits = self.endpoint.as_deref().is_none_or(|name| name == endpoint)
            && self
                .query
                .as_deref()
                .is_none_or(|text| query.contains(text));
        self.seen += usize::from(fits);
        fits && self.requests.contains(&self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(mut fault: Fault, requests: &[(&str, &str)]) -> Vec<bool> {
        let strike = |(endpoint, query): &(&str, &str)| fault.strikes(endpoint, query);
        requests.iter().map(strike).collect()
    }

    #[test]
    fn a_fault_is_for_the_requests_it_names() {
        let requests = [("A", "x=1"), ("B", "x=1"), ("A", "x=2"), ("A", "x=1")];
        assert_eq!(struck(Fault::html(), &requests), [true; 4]);
        assert_eq!(
            struck(Fault::html().on("A").from(2), &requests),
            [false, false, true, true]
        );
        assert_eq!(
            struck(Fault::html().times(1).from(2), &requests),
            [false, true, false, false]
        );
        assert_eq!(
            struck(Fault::html().from(2).times(2), &requests),
            [false, true, true, false]
        );
        assert_eq!(
            struck(
                Fault::html().on("A").where_query_has("x=1").times(1),
                &requests
            ),
            [true, false, false, false]
        );
    }
}
