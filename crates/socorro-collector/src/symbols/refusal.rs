//! Why an upload was not taken.

use std::{io, path::PathBuf};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::BodyError;

/// Seconds after which a client that was asked to try later may do so.
const RETRY_AFTER: u64 = 30;

/// Why an upload was not taken at all. The message is the answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "Nobody may upload symbols here: no token is configured. Whoever runs this server has to set one."
    )]
    NoTokens,
    #[error(
        "Uploading symbols needs a token, and this is none: send it as the header `Auth-Token` or \
         `Authorization: Bearer`, or as `?token=` of the address."
    )]
    Unauthorized,
    #[error("Too many uploads at the same time. Try again in {RETRY_AFTER} seconds.")]
    Busy,
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("{what} is larger than {limit} bytes, the most that is taken.")]
    TooLarge { what: String, limit: u64 },
    #[error("There are more than {limit} {what}, the most that is taken at once.")]
    TooMany { what: &'static str, limit: usize },
    #[error("This is not what it says it is: {0}.")]
    Damaged(String),
    #[error(
        "There is no symbol file in it. Send a .sym file, a zip with NAME/ID/NAME.sym, or a form with one of them \
         as a file."
    )]
    Nothing,
    #[error("The symbols cannot be stored now. Try again in {RETRY_AFTER} seconds.")]
    Storage {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("Something failed here. Try again in {RETRY_AFTER} seconds.")]
    Died,
    #[error(
        "The symbols are stored, but crashes that lacked them could not all be queued to be processed again. \
         Upload the same once more in {RETRY_AFTER} seconds to have that done."
    )]
    NotPublished(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    /// The client gets no path of this machine.
    pub(super) fn storage(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Storage { path, source }
    }

    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoTokens => StatusCode::FORBIDDEN,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Busy | Self::Storage { .. } | Self::Died | Self::NotPublished(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Body(BodyError::Timeout) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::TooLarge) | Self::TooLarge { .. } | Self::TooMany { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Body(BodyError::Broken(_)) | Self::Damaged(_) | Self::Nothing => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// For logs: with what the client is not told.
    fn log(&self) {
        match self {
            Self::Storage { path, source } => {
                tracing::error!(path = %path.display(), error = %source, "cannot store symbols");
            }
            Self::NotPublished(error) => {
                tracing::error!(%error, "symbols are stored, but not all crashes that lacked them are published");
            }
            Self::Died => tracing::error!("an upload of symbols ended early"),
            _ => tracing::info!(status = self.status().as_u16(), reason = %self, "refused symbols"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.log();
        let status = self.status();
        let mut response = (status, format!("{self}\n")).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
