//! Deleting a crash with all its parts.
//!
//! The order makes sure that nothing private becomes unreachable: as long as a dump may be left,
//! the list that leads to it stays.

use futures::{StreamExt as _, stream};
use object_store::ObjectStoreExt as _;
use socorro_core::CrashId;

use super::{ObjectStorage, catalog::listed_and_known};
use crate::{
    error::{Error, ErrorKind},
    item::{Item, Subject},
    layout,
    values::{DeleteReport, DumpNames, Remaining},
};

/// How many requests are under way at the same time.
const CONCURRENT_REQUESTS: usize = 8;

impl ObjectStorage {
    pub(super) async fn delete_crash(&self, id: &CrashId) -> Result<DeleteReport, Error> {
        let mut report = DeleteReport::default();
        let listed = match self.listed_dumps(id).await {
            Ok(listed) => listed,
            // Nobody can say which dumps there are. What is known goes, and the list stays.
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::TooLarge) => {
                report.remaining.push(Remaining::Unknown { error });
                DumpNames::default()
            }
            Err(error) => return Err(error),
        };
        let unreachable = listed
            .skipped
            .into_iter()
            .filter(|name| !RESERVED.contains(&name.as_str()))
            .map(|name| Remaining::Unreachable { name });
        report.remaining.extend(unreachable);

        let mut dumps: Vec<_> = listed_and_known(&listed.names)
            .into_iter()
            .map(|name| (layout::dump(id, &name), Item::Dump(name)))
            .collect();
        dumps.extend(stray_uploads(id));
        self.remove_all(id, dumps, &mut report).await;
        let dumps_are_gone = report.is_complete();

        let crashes = vec![
            (layout::processed_crash(id), Item::ProcessedCrash),
            (layout::raw_crash(id), Item::RawCrash),
            (layout::legacy_raw_crash(id), Item::RawCrash),
            // Where a storage takes telemetry's copies as well.
            (layout::crash_report(id), Item::ProcessedCrash),
        ];
        self.remove_all(id, crashes, &mut report).await;

        let list = layout::dump_names(id);
        if dumps_are_gone {
            let list = vec![(list, Item::DumpNames)];
            self.remove_all(id, list, &mut report).await;
        } else {
            report.remaining.push(Remaining::Kept { key: list });
        }
        Ok(report)
    }

    async fn remove_all(
        &self,
        id: &CrashId,
        objects: Vec<(String, Item)>,
        report: &mut DeleteReport,
    ) {
        let removals: Vec<_> = objects
            .into_iter()
            .map(|(key, item)| async move {
                let result = self.remove(&Subject::crash(id, item), &key).await;
                (key, result)
            })
            .collect();
        let mut removals = stream::iter(removals).buffered(CONCURRENT_REQUESTS);
        while let Some((key, result)) = removals.next().await {
            match result {
                Ok(()) => report.removed.push(key),
                Err(error) => report.remaining.push(Remaining::Failed { key, error }),
            }
        }
    }

    pub(crate) async fn remove(&self, what: &Subject, key: &str) -> Result<(), Error> {
        let Err(error) = self.store.delete(&key.into()).await else {
            return Ok(());
        };
        match self.unconditional_failure(what, error).await {
            // Stores differ in whether deleting what is not there is an error.
            error if error.kind() == ErrorKind::NotFound => Ok(()),
            error => Err(error),
        }
    }
}

/// Names that storage needs for itself. Older collectors stored such uploads all the same.
const RESERVED: [&str; 4] = ["raw_crash", "dump_names", "processed_crash", "crash_report"];

/// Where uploads of reserved names lie, as far as it is not a key that is deleted anyway. The
/// first is also the key of raw crashes before keys had dates.
fn stray_uploads(id: &CrashId) -> [(String, Item); 2] {
    ["raw_crash", "crash_report"].map(|segment| (format!("v1/{segment}/{id}"), Item::RawCrash))
}
