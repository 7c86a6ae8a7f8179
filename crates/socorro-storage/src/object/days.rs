//! Finding out what a storage holds that nobody has a list of: its days, and how crashes lie in it.

use std::collections::BTreeSet;

use object_store::path::Path;
use socorro_core::time::Date;

use super::ObjectStorage;
use crate::{
    error::{Error, ErrorKind},
    item::{Item, Subject},
    layout::{self, Layout},
};

impl ObjectStorage {
    /// The days that have raw crashes, in ascending order; a tree of the processor may have only
    /// other parts of crashes on some of them. The crashes of
    /// [`list_legacy`](ObjectStorage::list_legacy) do not count.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`].
    pub async fn days(&self) -> Result<BTreeSet<Date>, Error> {
        self.require_directory(&Subject::Storage).await?;
        self.days_in(self.layout).await
    }

    /// The layouts in which crashes lie here, whatever layout this storage was opened with. Takes a
    /// few requests, and one for each day of the older trees.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`].
    pub async fn layouts(&self) -> Result<Vec<Layout>, Error> {
        self.require_directory(&Subject::Storage).await?;
        let mut found = Vec::new();
        for layout in [
            Layout::Objects,
            Layout::ProcessorTree,
            Layout::CollectorTree,
        ] {
            if !self.days_in(layout).await?.is_empty() {
                found.push(layout);
            }
        }
        Ok(found)
    }

    /// How crashes lie in this storage.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    async fn days_in(&self, layout: Layout) -> Result<BTreeSet<Date>, Error> {
        let parent = match layout {
            Layout::Objects => Some(Path::from(layout::RAW_CRASHES)),
            Layout::ProcessorTree | Layout::CollectorTree => None,
        };
        let mut days = BTreeSet::new();
        for directory in self.directories_in(parent.as_ref()).await? {
            let Some(date) = directory.filename().and_then(day) else {
                continue;
            };
            let is_there = match layout.prefix(date, &Item::RawCrash) {
                // In the trees a day is a directory of directories, and may be of the other one.
                Some(prefix) if layout != Layout::Objects => {
                    let kinds = self.directories_in(Some(&directory)).await?;
                    kinds.iter().any(|kind| kind.as_ref() == prefix)
                }
                prefix => prefix.is_some(),
            };
            if is_there {
                days.insert(date);
            }
        }
        Ok(days)
    }

    async fn directories_in(&self, parent: Option<&Path>) -> Result<Vec<Path>, Error> {
        let error = match self.store.list_with_delimiter(parent).await {
            Ok(list) => return Ok(list.common_prefixes),
            Err(error) => error,
        };
        match self.unconditional_failure(&Subject::Storage, error).await {
            error if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            error => Err(error),
        }
    }
}

/// The day that a key spells `YYYYMMDD`.
fn day(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    (layout::day(date) == text).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_eight_digits_are_a_day() {
        assert_eq!(day("20240716"), Some(Date::constant(2024, 7, 16)));
        for text in [
            "2024-07-16",
            "20240732",
            "name",
            "",
            "202407160",
            "+20240716",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
