//! Listing crashes of a day, and documents.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::path::Path;
use socorro_core::{CrashId, time::Date};

use super::ObjectStorage;
use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    item::Subject,
    layout,
};

/// How many ids of a directory, whose files come in no order, are in memory at a time: about 2 MiB.
/// A larger day is read in several rounds.
const PAGE: usize = 65_536;

/// What is listed of a day.
#[derive(Debug, Clone, Copy)]
pub(super) enum Listed {
    RawCrashes,
    ProcessedCrashes,
}

impl Listed {
    /// Where they lie: processed crashes of all days in one place.
    fn prefix(self, date: Date) -> String {
        match self {
            Self::RawCrashes => layout::raw_crashes_of(date),
            Self::ProcessedCrashes => layout::PROCESSED_CRASHES.to_owned(),
        }
    }

    fn key(self, id: &CrashId) -> String {
        match self {
            Self::RawCrashes => layout::raw_crash(id),
            Self::ProcessedCrashes => layout::processed_crash(id),
        }
    }

    /// The crash that an object belongs to; other objects in the same place are none of ours.
    fn crash_of(self, date: Date, object: &Path) -> Option<CrashId> {
        let id = CrashId::parse(object.filename()?).ok()?;
        let its_place = object.as_ref() == self.key(&id);
        (id.date() == date && its_place).then_some(id)
    }
}

impl ObjectStorage {
    pub(super) fn crashes_of(
        &self,
        listed: Listed,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        if self.directory.is_some() {
            self.in_pages(listed, date, after, PAGE)
        } else {
            self.as_they_come(listed, date, after)
        }
    }

    /// The ids in the order of the store: ascending, except in directories.
    fn as_they_come(
        &self,
        listed: Listed,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        let prefix = Path::from(listed.prefix(date));
        let objects = match after {
            None => self.store.list(Some(&prefix)),
            Some(after) => {
                let last = Path::from(format!("{prefix}/{after}"));
                self.store.list_with_offset(Some(&prefix), &last)
            }
        };
        objects
            .or_else(move |error| async move {
                Err(self.unconditional_failure(&Subject::Day(date), error).await)
            })
            .try_filter_map(move |object| async move {
                // Not every server that is asked for what comes after listens.
                let id = listed.crash_of(date, &object.location);
                Ok(id.filter(|id| after.is_none_or(|after| *id > after)))
            })
            .boxed()
    }

    /// Sorted ids of a directory, holding at most a page of them.
    fn in_pages(
        &self,
        listed: Listed,
        date: Date,
        after: Option<CrashId>,
        size: usize,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        stream::try_unfold(Some(after), move |next| async move {
            let Some(after) = next else { return Ok(None) };
            let page = self.page(listed, date, after, size).await?;
            // Only a full page can be followed by another one.
            let next = (page.len() == size).then(|| page.last().copied());
            Ok(Some((stream::iter(page.into_iter().map(Ok)), next)))
        })
        .try_flatten()
        .boxed()
    }

    /// The first ids after `after`, as many as a page has.
    async fn page(
        &self,
        listed: Listed,
        date: Date,
        after: Option<CrashId>,
        size: usize,
    ) -> Result<BTreeSet<CrashId>, Error> {
        self.require_directory(&Subject::Day(date)).await?;
        let mut ids = self.as_they_come(listed, date, after);
        let mut page = BTreeSet::new();
        while let Some(id) = ids.try_next().await? {
            page.insert(id);
            if page.len() > size {
                page.pop_last();
            }
        }
        Ok(page)
    }

    pub(super) fn documents_in(
        &self,
        folder: &DocumentFolder,
    ) -> BoxStream<'_, Result<DocumentKey, Error>> {
        let folder = folder.clone();
        let keys = async move {
            self.require_directory(&Subject::Storage).await?;
            let prefix = Path::from(folder.as_str());
            let objects = self.store.list(Some(&prefix));
            Ok(objects
                .or_else(move |error| async move {
                    Err(self.unconditional_failure(&Subject::Storage, error).await)
                })
                .try_filter_map(move |object| {
                    let key = folder.key_of(object.location.as_ref());
                    async move { Ok(key) }
                }))
        };
        stream::once(keys).try_flatten().boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StorageOptions;

    #[tokio::test]
    async fn a_directory_is_read_in_sorted_pages() {
        let date = Date::constant(2024, 7, 16);
        let directory = tempfile::tempdir().unwrap();
        let storage =
            ObjectStorage::directory(directory.path(), StorageOptions::default()).unwrap();
        let day = directory.path().join(layout::raw_crashes_of(date));
        std::fs::create_dir_all(&day).unwrap();
        let mut ids: Vec<_> = (0..10).map(|_| CrashId::mint(date, 0)).collect();
        for id in &ids {
            std::fs::write(day.join(id.as_str()), "{}").unwrap();
        }
        ids.sort_unstable();
        for size in [1, 3, 5, 10, 11] {
            for (after, expected) in [(None, &ids[..]), (Some(ids[3]), &ids[4..])] {
                let listed: Vec<_> = storage
                    .in_pages(Listed::RawCrashes, date, after, size)
                    .try_collect()
                    .await
                    .unwrap();
                assert_eq!(listed, expected, "pages of {size}");
                let page = storage.page(Listed::RawCrashes, date, after, size).await;
                assert!(page.unwrap().len() <= size);
            }
        }
    }
}
