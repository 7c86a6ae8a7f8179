//! Looking at what is there without reading it.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectMeta, ObjectStoreExt as _};
use socorro_core::{CrashId, DumpName, time::Timestamp};

use super::ObjectStorage;
use crate::{
    error::{Error, ErrorKind},
    item::{Item, Subject},
    values::{Catalog, CatalogEntry, DumpNames},
};

/// How many requests are under way at the same time.
const CONCURRENT_REQUESTS: usize = 8;
/// Files that reports are known to have, looked for whether they are listed or not.
const KNOWN_DUMPS: [&str; 6] = [
    "upload_file_minidump",
    "upload_file_minidump_browser",
    "upload_file_minidump_content",
    "upload_file_minidump_flash1",
    "upload_file_minidump_flash2",
    "memory_report",
];

/// The listed dumps, then the known ones that are not listed.
pub(super) fn listed_and_known(listed: &[DumpName]) -> Vec<DumpName> {
    let known = KNOWN_DUMPS
        .into_iter()
        .filter_map(|name| DumpName::parse(name).ok());
    let mut names = listed.to_vec();
    names.extend(known.filter(|name| !listed.contains(name)));
    names
}

impl ObjectStorage {
    /// What the store knows about an item; `None` when it is not there.
    pub(super) async fn head(
        &self,
        id: &CrashId,
        item: &Item,
    ) -> Result<Option<ObjectMeta>, Error> {
        let what = Subject::crash(id, item.clone());
        for key in self.layout.keys(id, item, self.options.legacy_keys) {
            match self.store.head(&key.into()).await {
                Ok(found) => return Ok(Some(found)),
                Err(error) => match self.unconditional_failure(&what, error).await {
                    error if error.kind() == ErrorKind::NotFound => {}
                    error => return Err(error),
                },
            }
        }
        Ok(None)
    }

    /// The list of dump names; an absent one is empty.
    pub(super) async fn listed_dumps(&self, id: &CrashId) -> Result<DumpNames, Error> {
        match self.read_dump_names(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(DumpNames::default()),
            result => result,
        }
    }

    pub(super) async fn make_catalog(&self, id: &CrashId) -> Result<Catalog, Error> {
        let listed = self.listed_dumps(id).await?;
        let mut items = vec![Item::RawCrash, Item::DumpNames];
        items.extend(listed_and_known(&listed.names).into_iter().map(Item::Dump));
        items.push(Item::ProcessedCrash);

        let looks: Vec<_> = items
            .into_iter()
            .map(|item| async move {
                let found = self.head(id, &item).await?;
                Ok::<_, Error>((item, found))
            })
            .collect();
        let found: Vec<_> = stream::iter(looks)
            .buffered(CONCURRENT_REQUESTS)
            .try_collect()
            .await?;

        let mut catalog = Catalog {
            skipped: listed.skipped,
            ..Catalog::default()
        };
        for (item, found) in found {
            match (item, found) {
                (item, Some(found)) => catalog.present.push(entry(item, &found)),
                (Item::Dump(name), None) if listed.names.contains(&name) => {
                    catalog.missing.push(name);
                }
                (_, None) => {}
            }
        }
        Ok(catalog)
    }
}

fn entry(item: Item, found: &ObjectMeta) -> CatalogEntry {
    let milliseconds = found.last_modified.timestamp_millis();
    CatalogEntry {
        item,
        size: found.size,
        // A time that cannot be is no reason to hide the object.
        modified: Timestamp::from_millisecond(milliseconds).unwrap_or_default(),
    }
}
