//! What can be built from the methods of any storage.

use std::path::Path;

use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use socorro_core::{CrashId, Dump, time::Date};

use crate::{
    error::{Error, ErrorKind},
    item::Item,
    layout,
    storage::CrashStorage,
    values::{Copied, Expected, FetchedDumps},
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

    /// Copies a crash with all its parts to another storage, by way of `directory`, which has to
    /// exist and is for this crash only. From older keys and trees it comes to the keys of today.
    ///
    /// A processed crash that the other storage has already is kept. Can be repeated.
    ///
    /// # Errors
    ///
    /// Those of [`CrashStorage::raw_crash`], [`CrashStorage::processed_crash`] and
    /// [`CrashStorageExt::dumps_to_dir`] here (a report without a list of dump names has no dumps),
    /// and of saving there.
    fn copy_to<S: CrashStorage + ?Sized>(
        &self,
        id: &CrashId,
        other: &S,
        directory: &Path,
    ) -> impl Future<Output = Result<Copied, Error>> + Send {
        async move {
            let raw_crash = self.raw_crash(id).await?;
            let fetched = match self.dumps_to_dir(id, directory).await {
                Err(error) if error.kind() == ErrorKind::NotFound => FetchedDumps::default(),
                result => result?,
            };
            let processed = match self.processed_crash(id).await {
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                result => Some(result?.value),
            };
            other.save_raw_crash(id, &raw_crash, &fetched.dumps).await?;
            let mut copied = Copied {
                dumps: fetched,
                processed_crash: false,
            };
            if let Some(crash) = processed {
                let saved = other.save_processed_crash(id, &crash, Expected::Absent);
                copied.processed_crash = match saved.await {
                    Ok(_) => true,
                    Err(error) if error.kind() == ErrorKind::Conflict => false,
                    Err(error) => return Err(error),
                };
            }
            Ok(copied)
        }
    }

    /// The raw crashes of one day, after `after`, that have no processed crash, in ascending order:
    /// what got lost, or is still waiting. An error ends the stream.
    ///
    /// Merges the lists of the raw and of the processed crashes, so it reads the keys of all
    /// processed crashes once, and looks again at each crash that seems to have none, since it may
    /// have been processed in the meantime.
    fn list_unprocessed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        let lists = Merge {
            raw: self.list_raw(date, after),
            processed: self.list_processed(date, after),
            reached: None,
            ended: false,
        };
        stream::try_unfold(lists, move |mut lists| async move {
            while let Some(id) = lists.next().await? {
                if !self.exists(&id, &Item::ProcessedCrash).await? {
                    return Ok(Some((id, lists)));
                }
            }
            Ok(None)
        })
        .boxed()
    }
}

impl<T: CrashStorage + ?Sized> CrashStorageExt for T {}

type Ids<'a> = BoxStream<'a, Result<CrashId, Error>>;

/// Two ascending lists of the same day.
struct Merge<'a> {
    raw: Ids<'a>,
    processed: Ids<'a>,
    /// The last processed crash that was read.
    reached: Option<CrashId>,
    ended: bool,
}

impl Merge<'_> {
    /// The next raw crash that is not among the processed ones.
    async fn next(&mut self) -> Result<Option<CrashId>, Error> {
        while let Some(id) = self.raw.try_next().await? {
            while !self.ended && self.reached.is_none_or(|reached| reached < id) {
                self.reached = self.processed.try_next().await?;
                self.ended = self.reached.is_none();
            }
            if self.reached != Some(id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
