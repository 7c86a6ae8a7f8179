//! Getting everything that is needed for one crash.

use std::{path::Path, time::Instant};

use socorro_core::{CrashId, DumpName, ProcessedCrash};
use socorro_storage::{CrashStorage, CrashStorageExt as _, ErrorKind, Expected, FetchedDumps};

use super::{failure::Failure, options::WorkerOptions};
use crate::{crash::Crash, metrics};

/// A crash as it is in storage.
#[derive(Debug)]
pub(super) struct Fetched {
    /// The crash, with the result of an earlier run if there is one.
    pub(super) crash: Crash,
    /// What has to be there still when the result is saved.
    pub(super) expected: Expected,
    /// Bytes of the dumps.
    pub(super) bytes: u64,
}

/// Fetches raw crash, dumps (as files in `directory`) and earlier result at the same time. A main
/// minidump that is not there may come yet, unless the crash has had enough `failures`.
pub(super) async fn fetch(
    storage: &dyn CrashStorage,
    id: &CrashId,
    failures: u32,
    options: &WorkerOptions,
    directory: &Path,
) -> Result<Fetched, Failure> {
    let started = Instant::now();
    let (raw, dumps, processed) = tokio::join!(
        async {
            let raw = storage.raw_crash(id).await;
            metrics::LOAD_RAW_CRASH.time(started.elapsed(), &[]);
            raw
        },
        async {
            let dumps = storage.dumps_to_dir(id, directory).await;
            metrics::LOAD_DUMPS.time(started.elapsed(), &[]);
            dumps
        },
        storage.processed_crash(id),
    );
    let raw = raw.map_err(|error| Failure::storage(&error))?;
    if raw.has_dumps_withheld() {
        return Err(Failure::dumps_withheld());
    }
    // The raw crash is stored last. What was asked for before it was seen may have been on its way
    // still, and is there now.
    let dumps = match dumps {
        Ok(dumps) if dumps.missing.is_empty() => Ok(dumps),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => storage.dumps_to_dir(id, directory).await,
    };
    let mut notes = Vec::new();
    let dumps = listed_dumps(dumps, &mut notes)?;
    let may_come_yet = failures.saturating_add(1) < options.not_found_attempts;
    if dumps.missing.iter().any(DumpName::is_main) && may_come_yet {
        return Err(Failure::minidump_missing());
    }
    notes.extend(
        dumps
            .missing
            .iter()
            .map(|name| format!("Dump {name} is listed but missing")),
    );
    notes.extend(
        dumps
            .too_large
            .iter()
            .map(|name| format!("Dump {name} is too large and was left out")),
    );
    if !dumps.skipped.is_empty() {
        // The names themselves are whatever a client sent.
        notes.push(format!(
            "{} listed dumps have names that cannot be",
            dumps.skipped.len()
        ));
    }
    let (processed, expected) = match processed {
        Ok(stored) => (stored.value, Expected::Version(stored.version)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            (ProcessedCrash::new(), Expected::Absent)
        }
        Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::TooLarge) => {
            notes.push("The earlier processed crash is damaged and was replaced".to_owned());
            (ProcessedCrash::new(), Expected::Any)
        }
        Err(error) => return Err(Failure::storage(&error)),
    };
    let bytes = dumps.dumps.iter().map(|(_, dump)| dump.size()).sum();
    metrics::LOAD_BYTES.size(bytes, &[]);
    let mut crash = Crash::new(*id, raw, dumps.dumps).with_processed(processed);
    for note in notes {
        crash.note(note);
    }
    Ok(Fetched {
        crash,
        expected,
        bytes,
    })
}

/// The dumps that are there. A report without a readable list of them has none.
fn listed_dumps(
    dumps: Result<FetchedDumps, socorro_storage::Error>,
    notes: &mut Vec<String>,
) -> Result<FetchedDumps, Failure> {
    match dumps {
        Ok(dumps) => Ok(dumps),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => {
                notes.push("The list of dumps is missing".to_owned());
                Ok(FetchedDumps::default())
            }
            ErrorKind::Corrupt | ErrorKind::TooLarge => {
                notes.push("The list of dumps is damaged".to_owned());
                Ok(FetchedDumps::default())
            }
            _ => Err(Failure::storage(&error)),
        },
    }
}
