//! Where crashes come from, and which there are.

use std::{fmt, path::Path};

use clap::ValueEnum;
use futures::{
    StreamExt as _, TryStreamExt as _, future,
    stream::{self, BoxStream},
};
use socorro_core::{CrashId, time::Date};
use socorro_storage::{CrashStorage as _, Error, ObjectStorage, StorageOptions, layout::Layout};

use crate::{arguments, failure::Failure};

/// The layouts, as the query of an address calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LayoutName {
    /// That of buckets: v1/raw_crash/YYYYMMDD/ID
    Objects,
    /// The tree of Socorro's older file storage: YYYYMMDD/name/…/ID.json
    Processor,
    /// The tree of the collector without a bucket: YYYYMMDD/raw_crash/ID.json
    Collector,
}

impl From<LayoutName> for Layout {
    fn from(name: LayoutName) -> Self {
        match name {
            LayoutName::Objects => Self::Objects,
            LayoutName::Processor => Self::ProcessorTree,
            LayoutName::Collector => Self::CollectorTree,
        }
    }
}

/// Which crashes to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    All,
    Days(Vec<Date>),
    These(Vec<CrashId>),
}

/// Where crashes come from. It is only read.
#[derive(Debug)]
pub(super) struct Source {
    storage: ObjectStorage,
}

impl Source {
    /// Opens a directory or an address. The layout is the one asked for, else that of the address,
    /// else the one in which crashes are found.
    ///
    /// # Errors
    ///
    /// When there is no such place, and when crashes lie there in several ways.
    pub(super) async fn open(text: &str, layout: Option<LayoutName>) -> Result<Self, Failure> {
        let options = StorageOptions {
            create: false,
            ..StorageOptions::default()
        };
        let is_address = text.contains(':') && !Path::new(text).is_dir();
        let storage = if is_address {
            arguments::check_storage_address(text)?;
            ObjectStorage::open(text, options)?
        } else {
            ObjectStorage::directory(text, options)?
        };
        storage.check().await?;
        let layout = match layout {
            Some(name) => name.into(),
            None if is_address && text.contains("layout=") => storage.layout(),
            None => found(&storage).await?,
        };
        tracing::debug!(source = %storage, ?layout, "source");
        Ok(Self {
            storage: storage.with_layout(layout),
        })
    }

    pub(super) fn storage(&self) -> &ObjectStorage {
        &self.storage
    }

    /// The ids of the crashes. An error ends the stream.
    pub(super) fn ids(&self, which: Which) -> BoxStream<'_, Result<CrashId, Failure>> {
        let ids = match which {
            Which::These(ids) => stream::iter(ids.into_iter().map(Ok)).boxed(),
            Which::Days(days) => self.of_days(days),
            Which::All => stream::once(async {
                let days = self.storage.days().await?;
                let lists = stream::iter(days).map(|date| self.storage.list_raw(date, None));
                Ok::<_, Error>(lists.flatten().chain(self.at_older_keys(None)))
            })
            .try_flatten()
            .boxed(),
        };
        ids.map_err(Failure::from).boxed()
    }

    /// The failure when there are no crashes at all.
    pub(super) fn nothing(&self) -> Failure {
        Failure::new(format!("there are no crashes in {self}")).hint(
            "they are looked for in v1/raw_crash/YYYYMMDD/, YYYYMMDD/name/ and YYYYMMDD/raw_crash/: \
             name the directory, or the bucket with its prefix, that has these",
        )
    }

    /// The crashes at today's keys, then those at older ones.
    fn of_days(&self, days: Vec<Date>) -> Ids<'_> {
        let older = self.at_older_keys(Some(days.clone()));
        let lists = stream::iter(days).map(|date| self.storage.list_raw(date, None));
        lists.flatten().chain(older).boxed()
    }

    /// The crashes at the key used until 2022, of some or of all days.
    fn at_older_keys(&self, days: Option<Vec<Date>>) -> Ids<'_> {
        let storage = &self.storage;
        if storage.layout() != Layout::Objects || !storage.options().legacy_keys {
            return stream::empty().boxed();
        }
        let is_asked_for =
            move |id: &CrashId| days.as_ref().is_none_or(|days| days.contains(&id.date()));
        storage
            .list_legacy()
            .try_filter(move |id| future::ready(is_asked_for(id)))
            .boxed()
    }
}

type Ids<'a> = BoxStream<'a, Result<CrashId, Error>>;

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(f)
    }
}

/// The layout in which crashes lie in a storage.
async fn found(storage: &ObjectStorage) -> Result<Layout, Failure> {
    let layouts = storage.layouts().await.map_err(|error| {
        Failure::from(error).hint("with --layout it is not looked how crashes lie there")
    })?;
    match layouts[..] {
        // There may be some at the key used until 2022.
        [] => Ok(Layout::Objects),
        [layout] => Ok(layout),
        _ => Err(
            Failure::usage(format!("crashes lie in {storage} in several ways"))
                .hint("say with --layout which to copy; import them one after the other"),
        ),
    }
}
