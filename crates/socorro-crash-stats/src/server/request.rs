//! A request as the endpoints see it.

use axum::http::{HeaderMap, Method, header};
use bytes::Bytes;
use socorro_core::CrashId;

use super::{Permission, Token, answer::Answer};
use crate::query::Parameters;

/// A request as the endpoints see it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) endpoint: String,
    pub(super) query: String,
    /// Of the query, and of a form in the body.
    pub(super) parameters: Parameters,
    /// The text of the header `Auth-Token`.
    pub(super) secret: Option<String>,
    /// Who asks, as far as rate limits are concerned.
    pub(super) address: String,
    pub(super) user_agent: String,
    pub(super) wants_html: bool,
    pub(super) host: String,
}

impl Asked {
    pub(super) fn new(
        method: Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Self {
        let text = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let mut parameters = Parameters::from_query(query);
        if text(header::CONTENT_TYPE.as_str()).starts_with("application/x-www-form-urlencoded") {
            let form = Parameters::from_query(&String::from_utf8_lossy(body));
            form.iter()
                .for_each(|(name, value)| parameters.push(name, value));
        }
        let endpoint = path
            .strip_prefix("/api/")
            .map_or(path, |rest| rest.trim_end_matches('/'));
        Self {
            method,
            endpoint: endpoint.to_owned(),
            query: query.to_owned(),
            parameters,
            secret: headers
                .contains_key("auth-token")
                .then(|| text("auth-token")),
            address: text("x-real-ip"),
            user_agent: text(header::USER_AGENT.as_str()),
            wants_html: text(header::ACCEPT.as_str()).contains("text/html"),
            host: text(header::HOST.as_str()),
        }
    }

    /// The first value of a parameter; `None` when it is empty, too.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.values(name).find(|value| !value.is_empty())
    }

    /// The crash that is asked for.
    ///
    /// # Errors
    ///
    /// The answer when there is none, or no crash id.
    pub(super) fn crash_id(&self) -> Result<CrashId, Answer> {
        let text = self
            .parameter("crash_id")
            .ok_or_else(|| Answer::missing("crash_id"))?;
        CrashId::parse(text).map_err(|_| Answer::bad_value("crash_id", "crash id"))
    }

    pub(super) fn must_be(&self, method: &Method) -> Result<(), Answer> {
        if self.method == *method {
            Ok(())
        } else {
            Err(Answer::error(405, "Method not allowed"))
        }
    }
}

/// Who asks: nobody in particular, or the owner of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) Option<&'a Token>);

impl Reader<'_> {
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.0.is_some_and(|token| token.permits(permission))
    }

    /// # Errors
    ///
    /// The answer when it is not permitted.
    pub(super) fn must_be_allowed(&self, permission: Permission) -> Result<(), Answer> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Answer::needs(permission))
        }
    }
}
