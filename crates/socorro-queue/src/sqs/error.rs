//! What SQS says, in the words of this crate.

use std::{error::Error as StdError, fmt, sync::Arc};

use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::error::{Error, Source};

/// Longest reason taken over from the service, in bytes.
const MAX_REASON: usize = 500;

/// Turns errors into ours, for the queue of this name.
#[derive(Debug, Clone)]
pub(super) struct ErrorsOf(pub(super) Arc<str>);

impl ErrorsOf {
    /// What the failure of a call about the queue `subject` means.
    pub(super) fn call<E, R>(&self, subject: &str, error: SdkError<E, R>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let queue = self.0.to_string();
        let code = error.code().unwrap_or_default().to_owned();
        let mut reason = match error.message() {
            Some(message) => format!("{subject}: {code}: {message}"),
            None => format!("{subject}: {}", DisplayErrorContext(&error)),
        };
        reason.truncate(reason.floor_char_boundary(MAX_REASON));
        let never_sent = matches!(error, SdkError::ConstructionFailure(_))
            || reason.contains("no providers in chain provided credentials");
        let source = Some(Arc::new(error) as Source);
        if code.ends_with("NonExistentQueue") || code == "QueueDoesNotExist" {
            return Error::Missing {
                queue,
                missing: format!("queue {subject}"),
            };
        }
        if never_sent || is_denial(&code) {
            return Error::Denied {
                queue,
                reason: format!(
                    "{reason}; the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION say who asks whom"
                ),
                source,
            };
        }
        Error::Unavailable {
            queue,
            reason,
            retry_after: None,
            source,
        }
    }

    /// The service did not take one message of a batch.
    pub(super) fn of_entry(&self, subject: &str, code: &str, message: Option<&str>) -> Error {
        Error::Unavailable {
            queue: self.0.to_string(),
            reason: format!("{subject}: {code}: {}", message.unwrap_or_default()),
            retry_after: None,
            source: None,
        }
    }

    /// The service answered, but not as it should.
    pub(super) fn odd_answer(&self, subject: &str, what: &str) -> Error {
        self.of_entry(subject, "odd answer", Some(what))
    }

    /// A request cannot be made.
    pub(super) fn bad_request(&self, error: &aws_sdk_sqs::error::BuildError) -> Error {
        self.of_entry("request", "not made", Some(&error.to_string()))
    }
}

fn is_denial(code: &str) -> bool {
    const DENIALS: [&str; 9] = [
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ];
    DENIALS.contains(&code)
}
