//! Copying one crash.

use socorro_core::{CrashId, DumpName};
use socorro_storage::{
    Copied, CrashStorage, CrashStorageExt as _, DumpNames, Error, ErrorKind, Expected,
    FetchedDumps, Item, ObjectStorage,
};

use crate::failure::Failure;

/// What became of a crash.
#[derive(Debug)]
pub(super) enum Transfer {
    /// The storage has had it before.
    Present,
    /// It is in the storage now, or the part of it that was missing.
    Copied(Copied),
    /// It is not.
    Failed {
        failure: Failure,
        /// Whether that is not the fault of this crash.
        outage: bool,
    },
}

impl From<Error> for Transfer {
    fn from(error: Error) -> Self {
        Self::Failed {
            outage: error.is_temporary(),
            failure: error.into(),
        }
    }
}

/// Copies a crash, unless the storage has all of it.
pub(super) async fn transfer(
    source: &ObjectStorage,
    storage: &dyn CrashStorage,
    id: &CrashId,
) -> Transfer {
    match try_transfer(source, storage, id).await {
        Ok(transfer) => transfer,
        Err(error) => error.into(),
    }
}

async fn try_transfer(
    source: &ObjectStorage,
    storage: &dyn CrashStorage,
    id: &CrashId,
) -> Result<Transfer, Error> {
    // Where the raw crash is, its dumps and their list are, too.
    if storage.exists(id, &Item::RawCrash).await? {
        let here = listed(source, id).await?;
        let there = listed(storage, id).await?;
        if here.iter().all(|name| there.contains(name)) {
            return complete(source, storage, id).await;
        }
        if let Some(name) = lost(source, id, &there).await? {
            return Ok(Transfer::Failed {
                failure: Failure::new(format!(
                    "the storage has another report of this id, with {name}: it would be overwritten"
                ))
                .hint("`socorro storage delete` removes it, if it is the one to go"),
                outage: false,
            });
        }
    }
    let directory = tempfile::Builder::new().prefix("socorro-import-").tempdir();
    let directory = match directory {
        Ok(directory) => directory,
        Err(error) => {
            return Ok(Transfer::Failed {
                failure: Failure::because("cannot make a temporary directory", &error),
                outage: true,
            });
        }
    };
    let copied = source.copy_to(id, storage, directory.path()).await?;
    Ok(Transfer::Copied(copied))
}

/// The dumps of a crash that a storage lists; none where it has no list.
async fn listed(storage: &dyn CrashStorage, id: &CrashId) -> Result<Vec<DumpName>, Error> {
    match storage.dump_names(id).await {
        Ok(DumpNames { names, .. }) => Ok(names),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A dump that nothing would lead to any more once the report was overwritten.
async fn lost(
    source: &ObjectStorage,
    id: &CrashId,
    there: &[DumpName],
) -> Result<Option<DumpName>, Error> {
    for name in there {
        if !source.exists(id, &Item::Dump(name.clone())).await? {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

/// Copies the processed crash of a report that is there, if only the source has one.
async fn complete(
    source: &ObjectStorage,
    storage: &dyn CrashStorage,
    id: &CrashId,
) -> Result<Transfer, Error> {
    let only_here = source.exists(id, &Item::ProcessedCrash).await?
        && !storage.exists(id, &Item::ProcessedCrash).await?;
    if !only_here {
        return Ok(Transfer::Present);
    }
    let crash = source.processed_crash(id).await?.value;
    let saved = storage.save_processed_crash(id, &crash, Expected::Absent);
    match saved.await {
        Ok(_) => Ok(Transfer::Copied(Copied {
            dumps: FetchedDumps::default(),
            processed_crash: true,
        })),
        // Somebody was faster.
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(Transfer::Present),
        Err(error) => Err(error),
    }
}
