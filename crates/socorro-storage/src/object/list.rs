//! Listing the raw crashes of a day.

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::{ObjectMeta, path::Path};
use socorro_core::{CrashId, time::Date};

use super::ObjectStorage;
use crate::{error::Error, item::Subject, layout};

impl ObjectStorage {
    pub(super) fn raw_crashes_of(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        stream::once(self.day(date, after)).try_flatten().boxed()
    }

    async fn day(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> Result<BoxStream<'_, Result<CrashId, Error>>, Error> {
        let what = Subject::Day(date);
        self.require_directory(&what).await?;
        let prefix = Path::from(layout::raw_crashes_of(date));
        let objects = match after {
            None => self.store.list(Some(&prefix)),
            Some(after) => {
                let last = Path::from(format!("{prefix}/{after}"));
                self.store.list_with_offset(Some(&prefix), &last)
            }
        };
        let ids = objects
            .or_else(move |error| {
                let what = what.clone();
                async move { Err(self.unconditional_failure(&what, error).await) }
            })
            .try_filter_map(move |object| async move { Ok(crash_of(date, &object)) })
            .boxed();
        if self.directory.is_none() {
            return Ok(ids);
        }
        // A directory comes in no order. One day of ids fits into memory.
        let mut ids: Vec<_> = ids.try_collect().await?;
        ids.sort_unstable();
        Ok(stream::iter(ids.into_iter().map(Ok)).boxed())
    }
}

/// The crash whose raw crash an object is; other objects in the same place are none of ours.
fn crash_of(date: Date, object: &ObjectMeta) -> Option<CrashId> {
    let id = CrashId::parse(object.location.filename()?).ok()?;
    let its_place = object.location.as_ref() == layout::raw_crash(&id);
    (id.date() == date && its_place).then_some(id)
}
