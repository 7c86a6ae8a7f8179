//! Where the files of a report are stored.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use futures::TryStreamExt as _;
use serde_json::Value;
use socorro::{
    core::{CrashId, Dump, DumpName, Dumps, RawCrash},
    storage::{
        CrashStorage as _, ObjectStorage, StorageOptions,
        layout::{self, collector_tree},
    },
};

use crate::Verdict;

pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let id: CrashId = text(&case["crash_id"])?.parse()?;
    let names: Vec<DumpName> = texts(&case["dump_names"])?
        .into_iter()
        .map(|name| Ok(DumpName::sanitize(name)?))
        .collect::<Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (stored, list) = runtime.block_on(store(&id, &names))?;

    let mut keys = vec![layout::dump_names(&id)];
    keys.extend(names.iter().map(|name| layout::dump(&id, name)));
    keys.push(layout::raw_crash(&id));
    let mut files = vec![collector_tree::dump_names(&id)];
    files.extend(names.iter().map(|name| collector_tree::dump(&id, name)));
    files.push(collector_tree::raw_crash(&id));
    let mut differences = Vec::new();
    let mut compare = |what: &str, ours: Value, theirs: &Value| {
        if ours != *theirs {
            differences.push(format!("{what}: {ours} instead of {theirs}"));
        }
    };
    let wanted: BTreeSet<_> = texts(&case["object_store"])?.into_iter().collect();
    compare(
        "stored",
        stored.into_iter().collect(),
        &wanted.into_iter().collect(),
    );
    compare(
        "dump_names_content",
        list.into(),
        &case["dump_names_content"],
    );
    compare("object_store", keys.into(), &case["object_store"]);
    compare("filesystem", files.into(), &case["filesystem"]);
    Ok(match &differences[..] {
        [] => Verdict::Matched,
        _ => Verdict::Differs(differences.join(", ")),
    })
}

/// Stores a crash; gives all keys in order, and the list of dump names as it is stored.
async fn store(id: &CrashId, names: &[DumpName]) -> Result<(BTreeSet<String>, String)> {
    let storage = ObjectStorage::memory(StorageOptions::default());
    let dumps: Dumps = names
        .iter()
        .map(|name| (name.clone(), Dump::from(b"MDMP".to_vec())))
        .collect();
    storage.save_raw_crash(id, &RawCrash::new(), &dumps).await?;
    let objects: Vec<_> = storage.store().list(None).try_collect().await?;
    let keys = objects.iter().map(|object| object.location.to_string());
    let list = objects
        .iter()
        .find(|object| object.location.as_ref() == layout::dump_names(id))
        .context("no list of dump names")?;
    let list = storage.store().get_opts(&list.location, Default::default());
    let list = list.await?.bytes().await?;
    Ok((keys.collect(), String::from_utf8(list.to_vec())?))
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("no text")
}

fn texts(value: &Value) -> Result<Vec<&str>> {
    value
        .as_array()
        .context("no array")?
        .iter()
        .map(text)
        .collect()
}
