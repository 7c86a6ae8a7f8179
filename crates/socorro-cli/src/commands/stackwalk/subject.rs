//! Which minidump is walked: that in a file, or that of a crash in storage.

use std::path::{Path, PathBuf};

use socorro_core::{CrashId, Dump, DumpName, RawCrash};
use socorro_storage::{CrashStorage, ErrorKind, StorageOptions};
use tempfile::TempDir;

use crate::{
    arguments::open_storage,
    crash_ids::CrashIds,
    exit::Exit,
    failure::Failure,
    input::{self, Limit},
};

/// What the user named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    File(PathBuf),
    Crash(CrashId),
}

impl Named {
    /// A file that is there is meant by its name, whatever else that could mean.
    pub(super) fn of(path: &Path) -> Self {
        if !input::is_stdin(path) && !path.exists() {
            let text = path.to_str().unwrap_or_default();
            if let [id] = CrashIds::among([text]).ids[..] {
                return Self::Crash(id);
            }
        }
        Self::File(path.to_owned())
    }

    /// What files about it are called.
    pub(super) fn stem(&self) -> String {
        match self {
            Self::Crash(id) => id.to_string(),
            Self::File(path) => match path.file_stem() {
                Some(stem) if !input::is_stdin(path) => stem.to_string_lossy().into_owned(),
                _ => "stdin".to_owned(),
            },
        }
    }
}

/// A minidump and its annotations.
pub(super) struct Subject {
    /// For messages: "FILE", "of crash ID".
    pub(super) name: String,
    /// Where the minidump is; `-` where it was read from standard input.
    pub(super) path: PathBuf,
    pub(super) dump: Dump,
    pub(super) annotations: RawCrash,
    /// Where the minidump of a crash is meanwhile.
    _directory: Option<TempDir>,
}

impl Subject {
    /// Finds a minidump in a file.
    ///
    /// # Errors
    ///
    /// When it is not there, cannot be read, or is over the limit.
    pub(super) fn in_file(path: &Path, limit: Limit) -> Result<Self, Failure> {
        Ok(Self {
            name: input::name(path),
            dump: input::dump(path, limit)?,
            path: path.to_owned(),
            annotations: RawCrash::new(),
            _directory: None,
        })
    }

    /// Fetches the minidump of a crash, and its annotations, from a storage.
    ///
    /// # Errors
    ///
    /// When it is not there, or over the limit, or the storage does not answer.
    pub(super) async fn in_storage(
        id: &CrashId,
        dump: &DumpName,
        storage: Option<&str>,
        limit: Limit,
    ) -> Result<Self, Failure> {
        let address = storage.ok_or_else(|| {
            Failure::usage(format!(
                "crash {id} is looked for in a storage, and none is configured"
            ))
            .hint("--storage, or SOCORRO_STORAGE, says where crashes are")
        })?;
        let options = StorageOptions {
            create: false,
            ..StorageOptions::default()
        };
        let storage = open_storage(address, options).await?;
        let directory = tempfile::Builder::new()
            .prefix("socorro-stackwalk-")
            .tempdir();
        let directory = directory
            .map_err(|error| Failure::because("cannot make a temporary directory", &error))?;
        let path = directory.path().join("minidump");
        let annotations = fetched(&*storage, storage.raw_crash(id).await)?;
        fetched(&*storage, storage.dump_to_file(id, dump, &path).await)?;
        Ok(Self {
            name: format!("of crash {id}"),
            dump: input::dump(&path, limit)?,
            path,
            annotations,
            _directory: Some(directory),
        })
    }
}

/// That a crash is not there has an exit code of its own.
fn fetched<T>(
    storage: &dyn CrashStorage,
    result: Result<T, socorro_storage::Error>,
) -> Result<T, Failure> {
    result.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::from(error)
            .hint(format!("nothing of that name is in {storage}"))
            .with_exit(Exit::NothingFound),
        _ => Failure::from(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_file_before_it_is_a_crash() {
        let id = "de1bb258-cbbf-4589-a673-34f800160918";
        let crash = Named::Crash(CrashId::parse(id).unwrap());
        let url = format!("https://crash-stats.mozilla.org/report/index/{id}");
        for text in [id, &format!("bp-{id}"), &url] {
            assert_eq!(Named::of(Path::new(text)), crash);
        }
        assert_eq!(crash.stem(), id);
        for text in ["-", "crash.dmp", "/tmp/x/crash.dmp"] {
            assert_eq!(Named::of(Path::new(text)), Named::File(text.into()));
        }
        assert_eq!(Named::File("/tmp/x/crash.dmp".into()).stem(), "crash");
        assert_eq!(Named::File("-".into()).stem(), "stdin");
    }
}
