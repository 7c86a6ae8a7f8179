//! What Pub/Sub says, in the words of this crate.

use std::{error::Error as StdError, sync::Arc};

use google_cloud_gax::error::rpc::Code;
use google_cloud_pubsub::error::PublishError;
use socorro_core::with_sources;

use crate::error::{Error, Source};

/// Turns errors into ours, for the queue of this name.
#[derive(Debug, Clone)]
pub(super) struct ErrorsOf(pub(super) Arc<str>);

impl ErrorsOf {
    /// What the failure of a call about `subject` means.
    pub(super) fn call(&self, subject: &str, error: google_cloud_pubsub::Error) -> Error {
        self.call_shared(subject, Arc::new(error))
    }

    fn call_shared(&self, subject: &str, error: Arc<google_cloud_pubsub::Error>) -> Error {
        let queue = self.0.to_string();
        let reason = format!("{subject}: {}", with_sources(&*error));
        let code = error.status().map(|status| status.code);
        let credentials_are_bad = error.is_authentication() && !error.is_transient_and_before_rpc();
        let source = Some(error as Source);
        match code {
            Some(Code::NotFound) => Error::Missing {
                queue,
                missing: subject.to_owned(),
            },
            Some(Code::InvalidArgument) => Error::InvalidOption {
                name: "names",
                reason,
            },
            Some(Code::PermissionDenied | Code::Unauthenticated) => Error::Denied {
                queue,
                reason,
                source,
            },
            _ if credentials_are_bad => Error::Denied {
                queue,
                reason,
                source,
            },
            _ => Error::Unavailable {
                queue,
                reason,
                retry_after: None,
                source,
            },
        }
    }

    /// What it means that a message could not be published to `topic`.
    pub(super) fn publication(&self, topic: &str, error: PublishError) -> Error {
        match error {
            PublishError::Rpc(error) => self.call_shared(topic, error),
            other => self.unavailable(topic, other),
        }
    }

    /// What it means that a client could not be made.
    pub(super) fn client(&self, error: google_cloud_gax::client_builder::Error) -> Error {
        Error::Denied {
            queue: self.0.to_string(),
            reason: format!(
                "no usable credentials: {}; set GOOGLE_APPLICATION_CREDENTIALS, or PUBSUB_EMULATOR_HOST for an emulator",
                with_sources(&error)
            ),
            source: Some(Arc::new(error)),
        }
    }

    /// It did not work, and may work later.
    pub(super) fn unavailable(
        &self,
        subject: &str,
        error: impl StdError + Send + Sync + 'static,
    ) -> Error {
        Error::Unavailable {
            queue: self.0.to_string(),
            reason: format!("{subject}: {}", with_sources(&error)),
            retry_after: None,
            source: Some(Arc::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use google_cloud_gax::error::rpc::Status;

    use super::*;

    fn error_of(code: Code) -> Error {
        let status = Status::default().set_code(code).set_message("no");
        let error = google_cloud_pubsub::Error::service(status);
        ErrorsOf("pubsub://test".into()).call("subscription x", error)
    }

    #[test]
    fn absent_denied_and_unavailable_are_told_apart() {
        assert!(matches!(error_of(Code::NotFound), Error::Missing { .. }));
        for code in [Code::PermissionDenied, Code::Unauthenticated] {
            assert!(matches!(error_of(code), Error::Denied { .. }), "{code:?}");
        }
        for code in [Code::Unavailable, Code::ResourceExhausted, Code::Internal] {
            let error = error_of(code);
            assert!(error.is_temporary(), "{code:?}");
            assert!(error.to_string().contains("subscription x"), "{error}");
        }
    }
}
