//! The index of missing symbols.

use std::{collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;
use serde_json::{Map, Value};
use socorro_core::{CrashId, ProcessedCrash};
use socorro_queue::{CrashQueue, Job, Lane};
use socorro_stackwalk::{CauseView, DirectorySource, FetchSymbols, SymbolicationView};
use socorro_storage::{CrashStorage, MissingModule, MissingSymbols};

use super::{Destination, DestinationError};

/// The modules of one crash that are looked at. They come with those of most frames first.
const MOST_MODULES: usize = 100;

/// Notes which modules on the stacks of a crash lacked their symbols, in the
/// [index of missing symbols](MissingSymbols), so that the crash can be processed again when they
/// arrive. When a crash is processed once more, what it does not lack any more is taken out.
///
/// Processed crashes stay as they are, and a crash is never lost for the index: add it with
/// [`required`](super::DestinationOptions::required) off.
#[derive(Debug)]
pub struct MissingSymbolsIndex {
    index: MissingSymbols,
    arrivals: Option<Arrivals>,
}

/// Where symbols arrive while crashes are walked.
#[derive(Debug)]
struct Arrivals {
    place: String,
    directory: DirectorySource,
    queue: Arc<dyn CrashQueue>,
}

impl MissingSymbolsIndex {
    /// Notes crashes in the index in `storage`, that of the crashes themselves.
    #[must_use]
    pub fn of(storage: Arc<dyn CrashStorage>) -> Self {
        Self {
            index: MissingSymbols::of(storage),
            arrivals: None,
        }
    }

    /// Looks into a directory where symbols arrive once the crash is noted, and publishes it to the
    /// reprocessing lane if they came between the walk and the note, when whoever brought them could
    /// not find it. It has to be one of the walker's own sources, named alike.
    #[must_use]
    pub fn with_arrivals(mut self, directory: DirectorySource, queue: Arc<dyn CrashQueue>) -> Self {
        self.arrivals = Some(Arrivals {
            place: directory.place(),
            directory,
            queue,
        });
        self
    }
}

impl fmt::Display for MissingSymbolsIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missing-symbols+{}", self.index.storage())
    }
}

#[async_trait]
impl Destination for MissingSymbolsIndex {
    async fn take(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError> {
        let lacking = lacking(crash);
        self.index
            .note(id, lacking.iter().map(|lack| lack.module.clone()))
            .await?;
        if has_history(crash) {
            for module in found(crash, &lacking) {
                self.index.forget(&module, &[*id]).await?;
            }
        }
        if let Some(arrivals) = &self.arrivals {
            arrivals.look(id, &self.index, &lacking).await?;
        }
        Ok(())
    }
}

impl Arrivals {
    async fn look(
        &self,
        id: &CrashId,
        index: &MissingSymbols,
        lacking: &[Lack],
    ) -> Result<(), DestinationError> {
        // Only what the walk looked for right here can have come in between: anything else would
        // send the crash round and round.
        let looked_for = lacking
            .iter()
            .filter(|lack| lack.places.contains(&self.place));
        let arrived: Vec<_> = looked_for
            .filter(|lack| self.has(&lack.module))
            .map(|lack| lack.module.clone())
            .collect();
        if arrived.is_empty() {
            return Ok(());
        }
        let published = self
            .queue
            .publish(Lane::Reprocessing, &[Job::new(*id)])
            .await;
        published
            .and_then(socorro_queue::PublishReport::into_result)
            .map_err(|error| {
                DestinationError::unavailable(self.queue.to_string(), error.to_string())
            })?;
        tracing::info!(crash_id = %id, "symbols arrived during the walk: it will be processed again");
        for module in arrived {
            index.forget(&module, &[*id]).await?;
        }
        Ok(())
    }

    fn has(&self, module: &MissingModule) -> bool {
        self.directory.has(module.debug_file(), module.debug_id())
    }
}

/// A module that lacked its symbols.
#[derive(Debug)]
struct Lack {
    module: MissingModule,
    /// Where they were looked for.
    places: Vec<String>,
}

/// The modules that lacked their symbols, of all walks of a crash.
fn lacking(crash: &ProcessedCrash) -> Vec<Lack> {
    let mut known = BTreeSet::new();
    let lacking = walks(crash)
        .filter_map(|walk| walk.get("symbolication")?.as_object())
        .flat_map(|report| SymbolicationView::new(report).causes())
        .filter_map(lack)
        .filter(|lack| known.insert(lack.module.clone()));
    lacking.take(MOST_MODULES).collect()
}

fn lack(cause: CauseView<'_>) -> Option<Lack> {
    cause
        .reason()
        .filter(|reason| reason.is_lack_of_symbols())?;
    // MinGW writes no name of a debug file, which then stands for that of the module.
    let name = cause.text("debug_file").filter(|name| !name.is_empty());
    let name = name.or_else(|| cause.text("module"))?;
    Some(Lack {
        module: MissingModule::new(name, cause.text("debug_id")?)?,
        places: cause.places().map(str::to_owned).collect(),
    })
}

/// The modules whose symbols were found, those of `lacking` apart.
fn found(crash: &ProcessedCrash, lacking: &[Lack]) -> Vec<MissingModule> {
    let lacking: BTreeSet<_> = lacking.iter().map(|lack| &lack.module).collect();
    let modules = walks(crash)
        .filter_map(|walk| walk.get("json_dump")?.get("modules")?.as_array())
        .flatten();
    let found: BTreeSet<_> = modules
        .filter(|module| module.get("loaded_symbols") == Some(&Value::Bool(true)))
        .filter_map(|module| {
            let text = |name| module.get(name).and_then(Value::as_str);
            let name = text("debug_file").filter(|name| !name.is_empty());
            MissingModule::new(name.or_else(|| text("filename"))?, text("debug_id")?)
        })
        .filter(|module| !lacking.contains(module))
        .collect();
    found.into_iter().take(MOST_MODULES).collect()
}

/// The fields of the main walk, and those of other dumps.
fn walks(crash: &ProcessedCrash) -> impl Iterator<Item = &Map<String, Value>> {
    let others = crash.get("additional_minidumps").and_then(Value::as_array);
    let others = others.into_iter().flatten().filter_map(Value::as_str);
    let others = others.filter_map(|name| crash.get(name)?.as_object());
    std::iter::once(crash.as_map()).chain(others)
}

/// Whether it was processed before.
fn has_history(crash: &ProcessedCrash) -> bool {
    let history = crash.get("processor_history").and_then(Value::as_array);
    history.is_some_and(|history| !history.is_empty())
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use serde_json::json;
    use socorro_storage::{StorageOptions, open};

    use super::*;

    const ID: &str = "AABBCCDD111111111111111111111111";

    fn crash(value: Value) -> ProcessedCrash {
        let Value::Object(fields) = value else {
            panic!("no object: {value}")
        };
        ProcessedCrash::from(fields)
    }

    fn cause(debug_file: &str, id: &str, reason: &str) -> Value {
        json!({"debug_file": debug_file, "debug_id": id, "module": "m.exe", "frames": 1, "reason": reason})
    }

    #[test]
    fn what_symbols_would_help_is_noted_of_all_walks() {
        let other = ID.replace('A', "F");
        let crash = crash(json!({
            "symbolication": {"causes": [
                cause("app.pdb", ID, "not_found"),
                cause("app.pdb", ID, "corrupt"),
                cause("", ID, "wrong_id"),
                cause("x", "", "not_found"),
                cause("x", "../..", "not_found"),
                cause("stripped", ID, "stripped_range"),
                cause("late", ID, "not_looked_up"),
                {"reason": "no_module", "frames": 1},
                7,
            ]},
            "additional_minidumps": ["gone", "upload_file_minidump_browser", 1],
            "upload_file_minidump_browser": {"symbolication": {"causes": [cause("lib.so", &other, "unavailable")]}},
        }));
        let found: Vec<_> = lacking(&crash)
            .iter()
            .map(|lack| lack.module.to_string())
            .collect();
        assert_eq!(
            found,
            [
                format!("app.pdb {ID}"),
                format!("m.exe {ID}"),
                format!("lib.so {other}")
            ]
        );
    }

    #[tokio::test]
    async fn a_crash_is_in_the_index_for_as_long_as_it_lacks_something() {
        let storage = open("memory:", StorageOptions::default()).unwrap();
        let index = MissingSymbols::of(Arc::clone(&storage));
        let destination = MissingSymbolsIndex::of(storage);
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        let noted = async |name: &str| -> Vec<CrashId> {
            let module = MissingModule::new(name, ID).unwrap();
            index.crashes(&module).try_collect().await.unwrap()
        };
        let causes = json!([cause("a", ID, "not_found"), cause("b", ID, "not_found")]);
        let first = crash(json!({"symbolication": {"causes": causes}}));
        for _ in 0..2 {
            destination.take(&id, &first).await.unwrap();
        }
        assert_eq!((noted("a").await, noted("b").await), (vec![id], vec![id]));

        let again = crash(json!({
            "symbolication": {"causes": [cause("b", ID, "not_found")]},
            "json_dump": {"modules": [
                {"debug_file": "a", "debug_id": ID, "loaded_symbols": true},
                {"debug_file": "b", "debug_id": ID, "loaded_symbols": true},
            ]},
            "processor_history": ["earlier"],
        }));
        destination.take(&id, &again).await.unwrap();
        assert_eq!((noted("a").await, noted("b").await), (vec![], vec![id]));
    }

    #[tokio::test]
    async fn symbols_that_came_during_the_walk_are_not_overlooked() {
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().join("app").join(format!("{ID}0"));
        std::fs::create_dir_all(&tree).unwrap();
        std::fs::write(tree.join("app.sym"), "MODULE").unwrap();
        let storage = open("memory:", StorageOptions::default()).unwrap();
        let queue = socorro_queue::open("memory:", socorro_queue::QueueOptions::default());
        let queue = queue.await.unwrap();
        let destination = MissingSymbolsIndex::of(Arc::clone(&storage)).with_arrivals(
            DirectorySource::new(directory.path()).unwrap(),
            Arc::clone(&queue),
        );
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        let module = MissingModule::new("app", &format!("{ID}0")).unwrap();
        let index = MissingSymbols::of(storage);
        let here = directory.path().display().to_string();
        for (place, noted, published) in [("elsewhere", 1, 0), (&*here, 0, 1)] {
            let mut cause = cause("app", &format!("{ID}0"), "not_found");
            cause["places"] = json!([place]);
            let crash = crash(json!({"symbolication": {"causes": [cause]}}));
            destination.take(&id, &crash).await.unwrap();
            let left: Vec<_> = index.crashes(&module).try_collect().await.unwrap();
            let depth = queue.depth().await.unwrap().unwrap();
            assert_eq!(
                (left.len(), depth.reprocessing.waiting),
                (noted, published),
                "{place}"
            );
        }
    }
}
