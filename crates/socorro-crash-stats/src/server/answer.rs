//! Answers, in the forms of Crash Stats.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde_json::{Value, json};
use socorro_core::{
    CrashId,
    json::{Form, to_string},
};

use super::Permission;
use crate::query::QueryError;

/// What is answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    pub(super) headers: Vec<(HeaderName, String)>,
}

#[derive(Debug)]
pub(super) enum Content {
    Json(Value),
    Text(&'static str, String),
    Bytes(Bytes),
}

impl Answer {
    pub(super) fn new(status: u16, content: Content) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content,
            headers: Vec::new(),
        }
    }

    pub(super) fn json(value: Value) -> Self {
        Self::new(200, Content::Json(value))
    }

    pub(super) fn bytes(bytes: Bytes) -> Self {
        Self::new(200, Content::Bytes(bytes))
    }

    pub(super) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        Self::new(status, Content::Text(content_type, text.into()))
    }

    pub(super) fn error(status: u16, text: impl AsRef<str>) -> Self {
        Self::new(status, Content::Json(json!({"error": text.as_ref()})))
    }

    /// A parameter that is not as it has to be.
    pub(super) fn bad_value(parameter: &str, kind: &str) -> Self {
        let text =
            format!("BadArgumentError: Bad value for parameter {parameter}: not a valid {kind}");
        Self::error(400, format!("Bad request: {text}"))
    }

    /// A parameter that is not there.
    pub(super) fn missing(parameter: &str) -> Self {
        let errors = json!({"errors": {parameter: ["This field is required."]}});
        Self::new(400, Content::Json(errors))
    }

    pub(super) fn not_found(id: &CrashId) -> Self {
        Self::error(404, format!("Not found: CrashIDNotFound {id}"))
    }

    /// A token without the permission, or none.
    pub(super) fn needs(permission: Permission) -> Self {
        let name = permission.name();
        Self::error(
            403,
            format!("Use of this endpoint requires the '{name}' permission"),
        )
    }

    pub(super) fn with(mut self, header: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    /// The bytes and their type. In JSON, `</` is written so that it ends no script of a page.
    pub(super) fn into_parts(
        self,
        pretty: bool,
    ) -> (StatusCode, &'static str, Bytes, Vec<(HeaderName, String)>) {
        let (content_type, body) = match self.content {
            Content::Json(value) => {
                let indented = pretty.then(|| serde_json::to_string_pretty(&value).ok());
                let text = indented.flatten();
                let text = text.unwrap_or_else(|| to_string(&value, Form::Processor));
                let text = text.replace("</", "<\\/");
                ("application/json; charset=UTF-8", text.into())
            }
            Content::Text(content_type, text) => (content_type, text.into()),
            Content::Bytes(bytes) => ("application/octet-stream", bytes),
        };
        (self.status, content_type, body, self.headers)
    }
}

impl From<QueryError> for Answer {
    fn from(error: QueryError) -> Self {
        Self::error(400, format!("Bad request: BadArgumentError: {error}"))
    }
}

/// Puts a response together; headers that cannot be sent are left out.
pub(super) fn response(
    status: StatusCode,
    content_type: &str,
    body: Body,
    headers: Vec<(HeaderName, String)>,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let all = headers.into_iter().chain([
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
    ]);
    for (name, value) in all {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
