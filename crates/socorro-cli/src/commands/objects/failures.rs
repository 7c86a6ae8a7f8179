//! What is said when a server refuses, in the words of `aws s3`.

use socorro_storage::{Error, ErrorKind};

use crate::failure::Failure;

/// What went wrong with a request. `operation` is what S3 calls it, as in `PutObject`.
pub(super) fn said(error: Error, operation: &str) -> String {
    match error.server_said() {
        Some((code, message)) => {
            format!("An error occurred ({code}) when calling the {operation} operation: {message}")
        }
        None => Failure::from(error).message().to_owned(),
    }
}

/// The way out, where there is one.
pub(super) fn way_out(error: &Error) -> Option<String> {
    if error.is_no_bucket() {
        return Some("`socorro storage mb` makes it".to_owned());
    }
    let (code, _) = error.server_said()?;
    Some(match code.as_str() {
        "AccessDenied" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" => {
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they permit".to_owned()
        }
        _ => return None,
    })
}

/// A failure in the words of `aws s3`, with the way out.
pub(super) fn failure(what: &str, error: Error, operation: &str) -> Failure {
    if error.kind() == ErrorKind::Configuration {
        return error.into();
    }
    let hint = way_out(&error);
    let failure = Failure::verbatim(format!("{what} {}", said(error, operation)));
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A failure that ends the command.
pub(super) fn fatal(error: Error, operation: &str) -> Failure {
    failure("fatal error:", error, operation)
}
