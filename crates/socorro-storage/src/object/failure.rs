//! What the errors of an object store mean for crash storage.

use std::{error::Error as StdError, io, path::Path, time::Duration};

use futures::TryStreamExt as _;
use object_store::Error as StoreError;

use super::ObjectStorage;
use crate::{
    engine::left_alone::LeftAlone,
    error::{Error, NO_BUCKET_REASON},
    item::Subject,
};

/// Codes in the XML answers of S3, GCS and Azure. They are looked for with their tags, because an
/// engine's message has the key in it, and a dump may be named like a code.
const NO_BUCKET: [&str; 3] = [
    "<Code>NoSuchBucket</Code>",
    "<Code>ContainerNotFound</Code>",
    "<Code>ContainerBeingDeleted</Code>",
];
const NO_KEY: [&str; 2] = ["<Code>NoSuchKey</Code>", "<Code>BlobNotFound</Code>"];
const BAD_BUCKET_NAME: &str = "<Code>InvalidBucketName</Code>";
/// Lines without tags are object_store's words, for requests whose status it does not look at.
const REFUSED: [&str; 7] = [
    "<Code>AccessDenied</Code>",
    "<Code>ExpiredToken</Code>",
    "<Code>InvalidAccessKeyId</Code>",
    "<Code>InvalidToken</Code>",
    "<Code>SignatureDoesNotMatch</Code>",
    "non-2xx status code: 401 ",
    "non-2xx status code: 403 ",
];

const UNSUPPORTED: [&str; 2] = ["<Code>NotImplemented</Code>", "non-2xx status code: 501 "];

/// How much of an engine's message goes into ours.
const REASON_LENGTH: usize = 300;

/// What happened.
enum Fault {
    /// The object is not there, and the store has said so.
    Absent,
    /// Something is not there: the object, or all of the store.
    AbsentOrNoStore,
    /// Access is refused.
    Denied,
    /// The condition of a write does not hold.
    Conflict,
    /// Everything else: nothing is known about the object.
    Unavailable(String),
}

impl ObjectStorage {
    /// The error to give for what the store said. Makes sure that a missing bucket or directory
    /// is never taken for a missing crash.
    pub(super) async fn failure(&self, what: &Subject, error: StoreError) -> Error {
        let fault = match classify(&error) {
            Fault::AbsentOrNoStore => match self.probe().await {
                Ok(()) => Fault::Absent,
                Err(fault) => fault,
            },
            fault => fault,
        };
        let (storage, what) = (self.name.clone(), Box::new(what.clone()));
        match fault {
            Fault::Absent | Fault::AbsentOrNoStore => Error::NotFound { storage, what },
            Fault::Conflict => Error::Conflict { storage, what },
            Fault::Denied => Error::Denied {
                storage,
                what,
                source: Some(error.into()),
            },
            Fault::Unavailable(reason) => Error::Unavailable {
                storage,
                what,
                reason,
                retry_after: retry_after(&error),
                source: Some(error.into()),
            },
        }
    }

    /// As [`ObjectStorage::failure`], for calls without a condition: there a store's *conflict* is
    /// passing trouble between its own requests.
    pub(crate) async fn unconditional_failure(&self, what: &Subject, error: StoreError) -> Error {
        match classify(&error) {
            Fault::Conflict => self.unavailable(what, reason(&error)),
            _ => self.failure(what, error).await,
        }
    }

    /// Whether the bucket or the directory is there at all.
    async fn probe(&self) -> Result<(), Fault> {
        if let Some(directory) = &self.directory {
            return directory_exists(directory).await;
        }
        match self.store.list(None).try_next().await {
            Ok(_) => Ok(()),
            Err(error) => match classify(&error) {
                // Who may not list, but was told "not found", may trust that.
                Fault::Denied => Ok(()),
                Fault::Absent | Fault::AbsentOrNoStore | Fault::Conflict => {
                    Err(Fault::Unavailable(reason(&error)))
                }
                fault @ Fault::Unavailable(_) => Err(fault),
            },
        }
    }

    /// Refuses to go on when the directory of the storage is gone: the engine would create it
    /// again, perhaps below the mount point of a disk that is not mounted.
    pub(crate) async fn require_directory(&self, what: &Subject) -> Result<(), Error> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        match directory_exists(directory).await {
            Ok(()) => Ok(()),
            Err(Fault::Denied) => Err(Error::Denied {
                storage: self.name.clone(),
                what: Box::new(what.clone()),
                source: None,
            }),
            Err(Fault::Unavailable(reason)) => Err(self.unavailable(what, reason)),
            Err(Fault::Absent | Fault::AbsentOrNoStore | Fault::Conflict) => {
                Err(self.unavailable(what, "the directory of the storage is in an unknown state"))
            }
        }
    }

    pub(super) async fn sign_of_life(&self) -> Result<(), Error> {
        let what = Subject::Storage;
        let Some(directory) = &self.directory else {
            return match self.store.list(None).try_next().await {
                Ok(_) => Ok(()),
                Err(error) => Err(self.unconditional_failure(&what, error).await),
            };
        };
        self.require_directory(&what).await?;
        tokio::fs::read_dir(directory)
            .await
            .map(|_| ())
            .map_err(|error| of_directory(&self.name, directory, error))
    }
}

/// The error for a storage whose directory cannot be used.
pub(super) fn of_directory(storage: &str, directory: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Error::Denied {
            storage: storage.to_owned(),
            what: Box::new(Subject::Storage),
            source: Some(error.into()),
        };
    }
    Error::Unavailable {
        storage: storage.to_owned(),
        what: Box::new(Subject::Storage),
        reason: format!("cannot use the directory {}: {error}", directory.display()),
        retry_after: None,
        source: Some(error.into()),
    }
}

async fn directory_exists(directory: &Path) -> Result<(), Fault> {
    let shown = directory.display();
    match tokio::fs::metadata(directory).await {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Fault::Unavailable(format!("{shown} is not a directory"))),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(Fault::Denied),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Fault::Unavailable(format!(
            "the storage directory {shown} does not exist; mount it, create it, or correct the address"
        ))),
        Err(error) => Err(Fault::Unavailable(format!(
            "cannot look at {shown}: {error}"
        ))),
    }
}

/// Whether the store does not know what was asked of it, such as a condition on a write.
pub(super) fn is_unsupported(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }
    ) || says(error, &UNSUPPORTED)
}

fn classify(error: &StoreError) -> Fault {
    let says = |codes: &[&str]| says(error, codes);
    if says(&NO_BUCKET) {
        return Fault::Unavailable(NO_BUCKET_REASON.to_owned());
    }
    if says(&[BAD_BUCKET_NAME]) {
        return Fault::Unavailable(
            "the server refuses the name of the bucket; most take lower-case letters, digits, \
             '.' and '-' only (dev-bucket, not dev_bucket)"
                .to_owned(),
        );
    }
    match error {
        StoreError::NotFound { .. } if says(&NO_KEY) => Fault::Absent,
        StoreError::NotFound { .. } => Fault::AbsentOrNoStore,
        StoreError::AlreadyExists { .. }
        | StoreError::Precondition { .. }
        | StoreError::NotModified { .. } => Fault::Conflict,
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => Fault::Denied,
        _ if says(&REFUSED) || io_kind(error) == Some(io::ErrorKind::PermissionDenied) => {
            Fault::Denied
        }
        _ => Fault::Unavailable(reason(error)),
    }
}

/// How long the server asks to be left alone, where it does.
fn retry_after(error: &StoreError) -> Option<Duration> {
    let asked = chain(error).find_map(|cause| cause.downcast_ref::<LeftAlone>())?;
    Some(asked.time)
}

fn says(error: &StoreError, codes: &[&str]) -> bool {
    chain(error).any(|cause| {
        let text = cause.to_string();
        codes.iter().any(|code| text.contains(code))
    })
}

/// An error and all its causes, outermost first.
fn chain(error: &StoreError) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    std::iter::from_fn(move || {
        let current = next?;
        next = current.source();
        Some(current)
    })
}

fn io_kind(error: &StoreError) -> Option<io::ErrorKind> {
    chain(error).find_map(|cause| cause.downcast_ref::<io::Error>().map(io::Error::kind))
}

/// The innermost cause on one line, which is the one that says something.
fn reason(error: &StoreError) -> String {
    let innermost = chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default();
    innermost
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(REASON_LENGTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_found(text: &str) -> StoreError {
        StoreError::NotFound {
            path: "v1/dump/x".to_owned(),
            source: text.to_owned().into(),
        }
    }

    #[test]
    fn a_missing_bucket_is_no_missing_object() {
        let no_bucket = not_found("404 Not Found: <Error><Code>NoSuchBucket</Code></Error>");
        assert!(matches!(classify(&no_bucket), Fault::Unavailable(_)));
        let no_key = not_found("404 Not Found: <Error><Code>NoSuchKey</Code></Error>");
        assert!(matches!(classify(&no_key), Fault::Absent));
    }

    #[test]
    fn an_object_whose_name_looks_like_a_code_is_no_missing_bucket() {
        let error = not_found("GET http://host/bucket/v1/NoSuchBucket/id: 404 Not Found");
        assert!(matches!(classify(&error), Fault::AbsentOrNoStore));
    }

    #[test]
    fn a_refusing_file_system_is_told_from_a_broken_one() {
        let generic = |kind: io::ErrorKind| StoreError::Generic {
            store: "LocalFileSystem",
            source: Box::new(io::Error::from(kind)),
        };
        let refused = generic(io::ErrorKind::PermissionDenied);
        assert!(matches!(classify(&refused), Fault::Denied));
        let full = generic(io::ErrorKind::StorageFull);
        assert!(
            matches!(classify(&full), Fault::Unavailable(reason) if reason.contains("storage"))
        );
    }

    #[test]
    fn a_bucket_name_that_the_server_refuses_comes_with_the_way_out() {
        let error = StoreError::Generic {
            store: "S3",
            source: "400: <Error><Code>InvalidBucketName</Code></Error>".into(),
        };
        assert!(
            matches!(classify(&error), Fault::Unavailable(reason) if reason.contains("dev-bucket"))
        );
    }
}
