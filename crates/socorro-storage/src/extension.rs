//! What can be built from the methods of any storage.

use std::path::Path;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use socorro_core::{CrashId, Dump};

use crate::{
    error::{Error, ErrorKind},
    layout,
    storage::CrashStorage,
    values::FetchedDumps,
};

/// How many dumps of one crash are fetched at the same time.
const CONCURRENT_DUMPS: usize = 4;

/// Conveniences that every [`CrashStorage`] has.
pub trait CrashStorageExt: CrashStorage {
    /// Fetches all files of a report into `directory`, which has to exist, several at a time.
    ///
    /// A file that is listed but not there, or too large, is reported and the others are fetched
    /// all the same. The caller removes the directory when the work is done.
    ///
    /// # Errors
    ///
    /// Those of [`CrashStorage::dump_names`]; [`Error::Unavailable`], [`Error::Denied`] and
    /// [`Error::LocalFile`] of any file.
    fn dumps_to_dir(
        &self,
        id: &CrashId,
        directory: &Path,
    ) -> impl Future<Output = Result<FetchedDumps, Error>> + Send {
        async move {
            let listed = self.dump_names(id).await?;
            let mut fetched = FetchedDumps {
                skipped: listed.skipped,
                ..FetchedDumps::default()
            };
            let mut fetches = stream::iter(listed.names)
                .map(|name| async move {
                    let path = directory.join(layout::temporary_dump_file(id, &name));
                    match self.dump_to_file(id, &name, &path).await {
                        Ok(size) => Ok((name, Ok(Dump::File { path, size }))),
                        Err(error) => match error.kind() {
                            kind @ (ErrorKind::NotFound | ErrorKind::TooLarge) => {
                                Ok((name, Err(kind)))
                            }
                            _ => Err(error),
                        },
                    }
                })
                .buffered(CONCURRENT_DUMPS);
            while let Some((name, result)) = fetches.try_next().await? {
                match result {
                    Ok(dump) => {
                        fetched.dumps.insert(name, dump);
                    }
                    Err(ErrorKind::TooLarge) => fetched.too_large.push(name),
                    Err(_) => fetched.missing.push(name),
                }
            }
            Ok(fetched)
        }
    }
}

impl<T: CrashStorage + ?Sized> CrashStorageExt for T {}
