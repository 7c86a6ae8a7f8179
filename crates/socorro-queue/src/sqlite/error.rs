//! What SQLite says, in the words of this crate.

use std::{sync::Arc, time::Duration};

use rusqlite::ErrorCode;

use crate::error::Error;

/// When to come back after another process kept the file locked.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Says what an error of SQLite means for the queue named `queue`.
pub(super) fn from_sqlite(queue: &str, error: rusqlite::Error) -> Error {
    let queue = queue.to_owned();
    let code = error.sqlite_error_code();
    let text = error.to_string();
    let source = Some(Arc::new(error) as crate::error::Source);
    let unavailable = |reason: &str, retry_after| Error::Unavailable {
        queue: queue.clone(),
        reason: reason.to_owned(),
        retry_after,
        source: source.clone(),
    };
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => unavailable(
            "other processes kept the file locked for longer than the busy timeout",
            Some(RETRY_AFTER),
        ),
        Some(ErrorCode::DiskFull) => unavailable("the disk is full; make room", None),
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed,
        ) => unavailable(&text, None),
        Some(ErrorCode::CannotOpen) => Error::Denied {
            queue,
            reason: "the file cannot be opened or made; look at the permissions of the file and of its directory".to_owned(),
            source,
        },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::Denied {
            queue,
            reason: "the file or its directory cannot be written; change the permissions".to_owned(),
            source,
        },
        Some(ErrorCode::NotADatabase) => Error::WrongFormat {
            queue,
            reason: "the file is no SQLite database; choose another file name".to_owned(),
            source,
        },
        Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt {
            queue,
            reason: "SQLite cannot read it; move the file away and save what is left with `sqlite3 FILE .recover`".to_owned(),
            source,
        },
        _ => Error::Corrupt {
            queue,
            reason: "it holds something this program did not write; move the file away or put it right with `sqlite3`".to_owned(),
            source,
        },
    }
}
