//! Reading a crash out of the older directory trees.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use futures::TryStreamExt as _;
use socorro_core::{CrashId, DumpName, ProcessedCrash};

use super::sample;
use crate::{
    CrashStorage as _, CrashStorageExt as _, ErrorKind, ObjectStorage, StorageOptions,
    layout::{Layout, collector_tree, processor_tree},
};

/// Writes a crash into either tree as its program does, and copies it from there.
pub(super) async fn read(id: CrashId, names: Vec<DumpName>) -> Result<(), String> {
    for layout in [Layout::ProcessorTree, Layout::CollectorTree] {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let processed = write(directory.path(), layout, &id, &names)
            .map_err(|error| format!("cannot write the tree: {error}"))?;
        copy(directory.path(), layout, &id, &names, processed)
            .await
            .map_err(|problem| format!("{layout:?}: {problem}"))?;
    }
    Ok(())
}

/// Gives back whether there is a processed crash.
fn write(root: &Path, layout: Layout, id: &CrashId, names: &[DumpName]) -> std::io::Result<bool> {
    let put = |key: String, content: &[u8]| {
        let path: PathBuf = root.join(key);
        std::fs::create_dir_all(path.parent().unwrap_or(root))?;
        std::fs::write(path, content)
    };
    let raw_crash = sample::raw_crash(id).to_json();
    let processor = layout == Layout::ProcessorTree;
    for name in names {
        let key = match processor {
            true => processor_tree::dump(id, name),
            false => collector_tree::dump(id, name),
        };
        put(key, name.as_str().as_bytes())?;
    }
    if processor {
        put(processor_tree::raw_crash(id), &raw_crash)?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&processed_crash(id).to_json())?;
        put(processor_tree::processed_crash(id), &packed.finish()?)?;
    } else {
        put(collector_tree::raw_crash(id), &raw_crash)?;
        let list = serde_json::to_vec(&names.iter().map(DumpName::as_str).collect::<Vec<_>>())?;
        put(collector_tree::dump_names(id), &list)?;
    }
    Ok(processor)
}

fn processed_crash(id: &CrashId) -> ProcessedCrash {
    sample::processed_crash(id, "from a tree")
}

async fn copy(
    root: &Path,
    layout: Layout,
    id: &CrashId,
    names: &[DumpName],
    processed: bool,
) -> Result<(), String> {
    let shown = |error: crate::Error| error.to_string();
    let tree = ObjectStorage::directory(root, StorageOptions::default())
        .map_err(shown)?
        .with_layout(layout);
    let list = tree.list_raw(id.date(), None);
    let ids: Vec<_> = list.try_collect().await.map_err(shown)?;
    require(ids == [*id], "the crash is listed")?;
    let list = tree.list_processed(id.date(), None);
    let ids: Vec<_> = list.try_collect().await.map_err(shown)?;
    require(
        ids.len() == usize::from(processed),
        "the processed crash is listed",
    )?;

    let storage = ObjectStorage::memory(StorageOptions::default());
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let copied = tree
        .copy_to(id, &storage, directory.path())
        .await
        .map_err(shown)?;
    require(
        copied.processed_crash == processed,
        "the processed crash is copied",
    )?;
    let raw_crash = storage.raw_crash(id).await.map_err(shown)?;
    let expected = sample::raw_crash(id).to_json();
    require(raw_crash.to_json() == expected, "the raw crash is the same")?;
    for name in names {
        let dump = storage.dump(id, name).await.map_err(shown)?;
        require(dump == name.as_str(), "each dump is the same")?;
    }
    let catalog = tree.catalog(id).await.map_err(shown)?;
    // The tree of the processor has no list.
    require(
        catalog.present.len() == 2 + names.len(),
        "all is in the catalog",
    )?;
    if processed {
        let crash = storage.processed_crash(id).await.map_err(shown)?.value;
        let expected = processed_crash(id).to_json();
        require(
            crash.to_json() == expected,
            "the processed crash is the same",
        )?;
    }
    let refused = tree.delete(id).await.map_err(|error| error.kind()).err();
    require(refused == Some(ErrorKind::Denied), "the tree is only read")
}

fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("not so: {what}"))
    }
}
