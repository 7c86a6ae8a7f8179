//! Listing crashes of a day, and documents.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::path::Path;
use socorro_core::{CrashId, time::Date};

use super::ObjectStorage;
use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    item::{Item, Subject},
    layout::{self, Layout},
};

/// How many ids of a directory, whose files come in no order, are in memory at a time: about 2 MiB.
/// A larger day is read in several rounds.
const PAGE: usize = 65_536;

impl ObjectStorage {
    /// The crashes of a day that have an item: a raw or a processed crash.
    pub(super) fn crashes_of(
        &self,
        item: Item,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        if self.directory.is_some() || self.layout != Layout::Objects {
            self.in_pages(item, date, after, PAGE)
        } else {
            self.as_they_come(&item, date, after)
        }
    }

    /// The ids in the order of the store: ascending in buckets.
    fn as_they_come(
        &self,
        item: &Item,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        let Some(prefix) = self.layout.prefix(date, item).map(Path::from) else {
            return stream::empty().boxed();
        };
        let objects = match after {
            // In trees, the order of keys is not that of ids.
            Some(after) if self.layout == Layout::Objects => {
                let last = Path::from(format!("{prefix}/{after}"));
                self.store.list_with_offset(Some(&prefix), &last)
            }
            _ => self.store.list(Some(&prefix)),
        };
        let item = item.clone();
        objects
            .or_else(move |error| async move {
                let what = Subject::Day(date);
                Err(self.unconditional_failure(&what, error).await)
            })
            .try_filter_map(move |object| {
                // Not every server that is asked for what comes after listens.
                let id = self
                    .crash_of(&item, date, &object.location)
                    .filter(|id| after.is_none_or(|after| *id > after));
                async move { Ok(id) }
            })
            .boxed()
    }

    /// The crash that an object belongs to; other objects in the same place are none of ours.
    fn crash_of(&self, item: &Item, date: Date, object: &Path) -> Option<CrashId> {
        let file = object.filename()?;
        let id = CrashId::parse(file.split('.').next().unwrap_or(file)).ok()?;
        let its_place = self.layout.keys(&id, item, false);
        (id.date() == date && its_place.iter().any(|key| key == object.as_ref())).then_some(id)
    }

    /// The ids of raw crashes that lie at the key used from 2018 to 2022, of all days and in no
    /// order that means anything. Other calls find these crashes by their ids
    /// ([`StorageOptions::legacy_keys`](crate::StorageOptions::legacy_keys)), but lists do not have
    /// them.
    ///
    /// An error ends the stream.
    pub fn list_legacy(&self) -> BoxStream<'_, Result<CrashId, Error>> {
        let prefix = Path::from(layout::LEGACY_RAW_CRASHES);
        let objects = self.store.list(Some(&prefix));
        objects
            .or_else(move |error| async move {
                Err(self.unconditional_failure(&Subject::Storage, error).await)
            })
            .try_filter_map(|object| async move {
                let id = object.location.filename().map(CrashId::parse);
                let id = id.and_then(Result::ok);
                Ok(id.filter(|id| layout::legacy_raw_crash(id) == object.location.as_ref()))
            })
            .boxed()
    }

    /// Sorted ids of a directory, holding at most a page of them.
    fn in_pages(
        &self,
        item: Item,
        date: Date,
        after: Option<CrashId>,
        size: usize,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        stream::try_unfold((item, Some(after)), move |(item, next)| async move {
            let Some(after) = next else { return Ok(None) };
            let page = self.page(&item, date, after, size).await?;
            // Only a full page can be followed by another one.
            let next = (page.len() == size).then(|| page.last().copied());
            Ok(Some((stream::iter(page.into_iter().map(Ok)), (item, next))))
        })
        .try_flatten()
        .boxed()
    }

    /// The first ids after `after`, as many as a page has.
    async fn page(
        &self,
        item: &Item,
        date: Date,
        after: Option<CrashId>,
        size: usize,
    ) -> Result<BTreeSet<CrashId>, Error> {
        self.require_directory(&Subject::Day(date)).await?;
        let mut ids = self.as_they_come(item, date, after);
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
                    .in_pages(Item::RawCrash, date, after, size)
                    .try_collect()
                    .await
                    .unwrap();
                assert_eq!(listed, expected, "pages of {size}");
                let page = storage.page(&Item::RawCrash, date, after, size).await;
                assert!(page.unwrap().len() <= size);
            }
        }
    }
}
