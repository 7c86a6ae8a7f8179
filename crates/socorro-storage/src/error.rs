//! What can go wrong with a storage.

use std::{io, path::PathBuf, time::Duration};

use crate::item::{Item, Subject};

/// The cause of an error, from whatever engine stands behind the storage.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// The reason of an outage that is a bucket that is not there.
pub(crate) const NO_BUCKET_REASON: &str =
    "the bucket does not exist; create it, or correct the address";

/// An error of a crash storage.
///
/// [`Error::kind`] is what to decide on. The message names the storage and the key or directory
/// and is meant for operators; what may be shown to strangers is [`Error::public_message`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The storage answers, and it has no such thing.
    #[error("{what} is not in {storage}: not uploaded yet, deleted or expired")]
    NotFound {
        /// Which storage.
        storage: String,
        /// What was asked for.
        what: Box<Subject>,
    },
    /// The thing is there, but cannot be read.
    #[error("{what} in {storage} is damaged")]
    Corrupt {
        /// Which storage.
        storage: String,
        /// What was asked for.
        what: Box<Subject>,
        /// What is wrong with it.
        source: socorro_core::Error,
    },
    /// The storage cannot be reached, cannot answer, or is not there at all. Nothing can be said
    /// about what it holds.
    #[error("{storage} is not available for {what}: {reason}")]
    Unavailable {
        /// Which storage.
        storage: String,
        /// What was asked for.
        what: Box<Subject>,
        /// What is known about the cause, and what to do.
        reason: String,
        /// How long the storage asks to be left alone.
        retry_after: Option<Duration>,
        /// What the engine said.
        source: Option<Source>,
    },
    /// The storage refuses access.
    #[error("{storage} refuses access to {what}: check the credentials and what they permit")]
    Denied {
        /// Which storage.
        storage: String,
        /// What was asked for.
        what: Box<Subject>,
        /// What the engine said.
        source: Option<Source>,
    },
    /// The storage is only to be read here.
    #[error("{what} cannot be changed: the storage is read-only here")]
    ReadOnly {
        /// What was to be written or deleted.
        what: Box<Subject>,
    },
    /// Somebody else wrote in between. Read again, then decide.
    #[error("{what} in {storage} is not the version it was expected to be")]
    Conflict {
        /// Which storage.
        storage: String,
        /// What was to be written.
        what: Box<Subject>,
    },
    /// The thing is larger than the limit set for it.
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Which storage.
        storage: String,
        /// What was to be read or written.
        what: Box<Subject>,
        /// The limit in bytes.
        limit: u64,
    },
    /// A file on this machine, outside of the storage, cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    LocalFile {
        /// `read` or `write`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The address is not one of a storage.
    #[error("invalid storage address {address:?}: {reason}")]
    InvalidAddress {
        /// The address without user, password and query.
        address: String,
        /// What is wrong, and how it should be.
        reason: String,
    },
    /// There is no storage of that scheme.
    #[error("unknown storage scheme {scheme:?}; known are {known}")]
    UnknownScheme {
        /// The scheme.
        scheme: String,
        /// All schemes.
        known: String,
    },
    /// The storage of that scheme was left out of this build.
    #[error(
        "storage {scheme}: is not part of this program: build it with the feature `{feature}` of socorro-storage"
    )]
    MissingFeature {
        /// The scheme.
        scheme: String,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// Not a name for a destination.
    #[error("invalid destination {name:?}: use 1 to 64 ASCII letters, digits, '_' or '-'")]
    InvalidDestination {
        /// The name, cut to a printable length.
        name: String,
    },
}

/// What to decide on when something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Absent: perhaps not uploaded yet.
    NotFound,
    /// There, but unreadable: will not get better.
    Corrupt,
    /// An outage: nothing is known about what the storage holds.
    Unavailable,
    /// No permission: an operator has to act.
    Denied,
    /// Somebody else wrote first.
    Conflict,
    /// Over a limit.
    TooLarge,
    /// This machine's disk, outside of the storage.
    LocalFile,
    /// The program was told something impossible.
    Configuration,
}

impl Error {
    /// What to decide on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Denied { .. } | Self::ReadOnly { .. } => ErrorKind::Denied,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::LocalFile { .. } => ErrorKind::LocalFile,
            Self::InvalidAddress { .. }
            | Self::UnknownScheme { .. }
            | Self::MissingFeature { .. }
            | Self::InvalidDestination { .. } => ErrorKind::Configuration,
        }
    }

    /// Whether the same call may succeed later although the stored data stays as it is: true for
    /// outages, refused access and trouble with this machine's disk.
    ///
    /// Not for [`ErrorKind::NotFound`], although an upload may be on its way: how long to wait for
    /// it is the caller's decision.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Unavailable | ErrorKind::Denied | ErrorKind::LocalFile
        )
    }

    /// How long the storage asks to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the server says that there is no such bucket.
    #[must_use]
    pub fn is_no_bucket(&self) -> bool {
        matches!(self, Self::Unavailable { reason, .. } if reason == NO_BUCKET_REASON)
    }

    /// The code and the message of a server that answered with an error, as in `NoSuchBucket` and `The
    /// specified bucket does not exist`.
    #[must_use]
    pub fn server_said(&self) -> Option<(String, String)> {
        let source = match self {
            Self::Unavailable { source, .. } | Self::Denied { source, .. } => source.as_ref()?,
            _ => return None,
        };
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&**source);
        while let Some(error) = next {
            let text = error.to_string();
            if let Some(code) = between(&text, "<Code>", "</Code>") {
                let message = between(&text, "<Message>", "</Message>").unwrap_or_default();
                return Some((code.to_owned(), message.to_owned()));
            }
            next = error.source();
        }
        None
    }

    /// What the operation was about.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::NotFound { what, .. }
            | Self::Corrupt { what, .. }
            | Self::Unavailable { what, .. }
            | Self::Denied { what, .. }
            | Self::ReadOnly { what }
            | Self::Conflict { what, .. }
            | Self::TooLarge { what, .. } => Some(what),
            _ => None,
        }
    }

    /// The item of a crash that the operation was about.
    #[must_use]
    pub fn item(&self) -> Option<&Item> {
        self.subject().and_then(Subject::item)
    }

    /// A message for strangers: it names the crash, never the bucket, key, directory or cause.
    #[must_use]
    pub fn public_message(&self) -> String {
        let crash = self.subject().and_then(Subject::crash_id).map_or_else(
            || "the requested data".to_owned(),
            |id| format!("crash {id}"),
        );
        match self.kind() {
            ErrorKind::NotFound => format!("{crash} was not found"),
            ErrorKind::Corrupt => format!("the stored data of {crash} is damaged"),
            ErrorKind::Conflict => format!("{crash} was changed in the meantime"),
            ErrorKind::TooLarge => format!("the stored data of {crash} is too large"),
            ErrorKind::Unavailable
            | ErrorKind::Denied
            | ErrorKind::LocalFile
            | ErrorKind::Configuration => {
                format!("{crash} is not available at the moment")
            }
        }
    }

    /// An outage of the whole storage, for storages of your own and for tests.
    #[must_use]
    pub fn unavailable(storage: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Unavailable {
            storage: storage.into(),
            what: Box::new(Subject::Storage),
            reason: reason.into(),
            retry_after: None,
            source: None,
        }
    }

    /// An absent item, for storages of your own and for tests.
    #[must_use]
    pub fn not_found(storage: impl Into<String>, what: Subject) -> Self {
        Self::NotFound {
            storage: storage.into(),
            what: Box::new(what),
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use socorro_core::CrashId;

    #[test]
    fn what_strangers_see_names_the_crash_only() {
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        let error = Error::not_found("s3://private-bucket", Subject::crash(&id, Item::RawCrash));
        assert_eq!(
            error.to_string(),
            format!(
                "the raw crash of crash {id} is not in s3://private-bucket: \
                 not uploaded yet, deleted or expired"
            )
        );
        assert_eq!(error.public_message(), format!("crash {id} was not found"));
        let outage = Error::unavailable("s3://private-bucket", "the bucket does not exist");
        assert!(!outage.public_message().contains("bucket"));
    }

    #[test]
    fn only_what_can_pass_by_itself_is_temporary() {
        assert!(Error::unavailable("x", "y").is_temporary());
        assert!(!Error::not_found("x", Subject::Storage).is_temporary());
        assert_eq!(Error::unavailable("x", "y").retry_after(), None);
    }
}
