//! Crashes in a directory tree that is laid out as storage is.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use socorro_core::{CrashId, Dump, Dumps};
use socorro_storage::{
    CrashStorage as _, DumpNames, ErrorKind, ObjectStorage, StorageOptions, layout,
};

use super::NewCrash;
use crate::failure::Failure;

/// Where raw crashes lie, and how many directories are between that and the file: one for the
/// day, and until 2022 one for the beginning of the id.
const RAW_CRASHES: [(&str, usize); 2] = [("v1/raw_crash", 1), ("v2/raw_crash", 2)];

/// A directory tree with crashes.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    directory: PathBuf,
    storage: Arc<ObjectStorage>,
}

impl Tree {
    /// The tree in `directory`, which exists.
    ///
    /// # Errors
    ///
    /// When it cannot be entered.
    pub(crate) fn open(directory: &Path) -> Result<Self, Failure> {
        let directory =
            fs::canonicalize(directory).map_err(|error| cannot_list(directory, &error))?;
        let storage = ObjectStorage::directory(&directory, StorageOptions::default())?;
        Ok(Self {
            directory,
            storage: Arc::new(storage),
        })
    }

    /// The ids of all crashes in the tree, in ascending order.
    ///
    /// # Errors
    ///
    /// When a directory cannot be read, and when there are no crashes at all.
    pub(crate) fn ids(&self) -> Result<BTreeSet<CrashId>, Failure> {
        let mut ids = BTreeSet::new();
        for (place, depth) in RAW_CRASHES {
            let place = self.directory.join(place);
            if place.is_dir() {
                collect_ids(&place, depth, &mut ids)?;
            }
        }
        if ids.is_empty() {
            return Err(Failure::new(format!(
                "there are no crashes in {}",
                self.directory.display()
            ))
            .hint("a directory of crashes has them under v1/raw_crash/YYYYMMDD/; to put a single crash, name its files"));
        }
        Ok(ids)
    }

    /// Reads one crash; its dumps stay where they are.
    ///
    /// # Errors
    ///
    /// When a part of it is missing or damaged: it would be stored as something it is not.
    pub(crate) async fn crash(&self, id: &CrashId) -> Result<NewCrash, Failure> {
        let raw = self.storage.raw_crash(id).await?;
        let listed = match self.storage.dump_names(id).await {
            Ok(listed) => listed,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::warn!(%id, "no list of dumps: put without dumps");
                DumpNames::default()
            }
            Err(error) => return Err(error.into()),
        };
        if !listed.skipped.is_empty() {
            tracing::warn!(%id, count = listed.skipped.len(), "dumps whose names cannot be are left out");
        }
        let mut dumps = Dumps::new();
        for name in listed.names {
            let path = self.directory.join(layout::dump(id, &name));
            let metadata = fs::metadata(&path).map_err(|error| {
                Failure::because(
                    format_args!(
                        "dump {name} is listed but cannot be read at {}",
                        path.display()
                    ),
                    &error,
                )
            })?;
            let size = metadata.len();
            dumps.insert(name, Dump::File { path, size });
        }
        Ok(NewCrash {
            id: *id,
            raw,
            dumps,
        })
    }
}

/// Collects the file names that are crash ids, `depth` directories below `directory`.
fn collect_ids(directory: &Path, depth: usize, ids: &mut BTreeSet<CrashId>) -> Result<(), Failure> {
    let failed = |error| cannot_list(directory, &error);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_directory = entry.file_type().map_err(failed)?.is_dir();
        if depth > 0 && is_directory {
            collect_ids(&entry.path(), depth - 1, ids)?;
        } else if depth == 0 && !is_directory {
            ids.extend(
                entry
                    .file_name()
                    .to_str()
                    .and_then(|name| CrashId::parse(name).ok()),
            );
        }
    }
    Ok(())
}

fn cannot_list(directory: &Path, error: &std::io::Error) -> Failure {
    Failure::because(format_args!("cannot list {}", directory.display()), error)
}
