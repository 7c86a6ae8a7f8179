//! Recorded wishes: what is in a bucket and what fails, and what has to come of it.
//!
//! What a worker makes of it (`process`) is not looked at here.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use socorro_core::{CrashId, DumpName};

use super::{FlakyStorage, Harness as _, ObjectHarness, Operation, sample, vectors::text};
use crate::{
    CrashStorage, CrashStorageExt as _, DocumentKey, Error, ErrorKind, Expected, Item,
    ObjectStorage, StorageOptions, Subject,
};

/// Runs one case of `faults.json`.
pub(super) async fn run(case: &Value) -> Result<(), String> {
    let id = sample::crash_id();
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = directory.path().join("bucket");
    let open = || ObjectStorage::directory(&root, StorageOptions::default());
    let harness = ObjectHarness::of(open().map_err(shown)?);
    for present in case["present"].as_array().ok_or("present is no array")? {
        plant(&harness, &id, present.as_str().unwrap_or_default()).await?;
    }
    if case["bucket"] == "missing" {
        std::fs::remove_dir_all(&root).map_err(|error| error.to_string())?;
    }
    let storage = Arc::new(FlakyStorage::new(harness.into_storage()));
    match case.get("fault").and_then(Value::as_str) {
        None => {}
        Some("403") => storage.fail(Operation::RawCrash, .., denied),
        Some("put processed_crash 500 always") => {
            storage.fail(Operation::SaveProcessedCrash, .., || {
                Error::unavailable("test", "500")
            });
            refuses_to_save(&storage, &id).await?;
        }
        Some("telemetry put fails always") => main_storage_is_complete(&storage, &id).await?,
        Some(other) => return Err(format!("unknown fault {other:?}")),
    }
    reading(case, &storage, &id).await
}

async fn plant(harness: &ObjectHarness, id: &CrashId, present: &str) -> Result<(), String> {
    let (item, content) = match present {
        "raw_crash" => (Item::RawCrash, r#"{"ProductName": "Firefox"}"#),
        "raw_crash(invalid json)" => (Item::RawCrash, r#"{"ProductName": "Fire"#),
        "processed_crash(invalid json)" => (Item::ProcessedCrash, r#"{"signature": "#),
        "dump_names" => (Item::DumpNames, r#"["upload_file_minidump"]"#),
        "dump_names([])" => (Item::DumpNames, "[]"),
        "dump_names(dump,browser)" => (
            Item::DumpNames,
            r#"["upload_file_minidump", "upload_file_minidump_browser"]"#,
        ),
        "dump" => (Item::Dump(DumpName::main()), "MDMP"),
        other => return Err(format!("unknown object {other:?}")),
    };
    harness.plant(id, &item, content.as_bytes()).await;
    Ok(())
}

fn denied() -> Error {
    Error::Denied {
        storage: "test".to_owned(),
        what: Box::new(Subject::Storage),
        source: None,
    }
}

/// Compares what reading gives with what the case wants.
async fn reading(case: &Value, storage: &FlakyStorage, id: &CrashId) -> Result<(), String> {
    for (member, outcome) in [
        ("get_raw_crash", storage.raw_crash(id).await.map(|_| ())),
        (
            "get_processed_crash",
            storage.processed_crash(id).await.map(|_| ()),
        ),
    ] {
        if case.get(member).is_some() {
            same(member, text(case, member)?, outcome_name(&outcome))?;
        }
    }
    if case.get("get_dumps").is_some() {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let fetched = storage
            .dumps_to_dir(id, directory.path())
            .await
            .map_err(shown)?;
        let missing: Vec<_> = fetched.missing.iter().map(DumpName::as_str).collect();
        let outcome = match missing.join(",") {
            missing if missing.is_empty() => "ok".to_owned(),
            missing => format!("partial(missing={missing})"),
        };
        same("get_dumps", text(case, "get_dumps")?, &outcome)?;
    }
    Ok(())
}

async fn refuses_to_save(storage: &FlakyStorage, id: &CrashId) -> Result<(), String> {
    let crash = sample::processed_crash(id, "x");
    let saved = storage
        .save_processed_crash(id, &crash, Expected::Absent)
        .await;
    let outcome = saved.map(|_| ());
    same("saving", "unavailable", outcome_name(&outcome))
}

/// A telemetry storage that fails does nothing to the main one, and saving again is harmless.
async fn main_storage_is_complete(storage: &FlakyStorage, id: &CrashId) -> Result<(), String> {
    let gone = tempfile::tempdir().map_err(|error| error.to_string())?;
    let broken = ObjectStorage::directory(gone.path(), StorageOptions::default());
    let telemetry = broken.map_err(shown)?;
    gone.close().map_err(|error| error.to_string())?;
    let crash = sample::processed_crash(id, "x");
    for _ in 0..2 {
        storage
            .save_processed_crash(id, &crash, Expected::Absent)
            .await
            .map_err(shown)?;
        let report = Bytes::from_static(b"{}");
        let key = DocumentKey::crash_report(id);
        let copied = telemetry.save_document(&key, report).await;
        same("the telemetry copy", "unavailable", outcome_name(&copied))?;
    }
    let stored = storage.processed_crash(id).await.map(|_| ());
    same("the processed crash", "ok", outcome_name(&stored))
}

fn outcome_name(outcome: &Result<(), Error>) -> &'static str {
    match outcome.as_ref().map_err(Error::kind) {
        Ok(()) => "ok",
        Err(ErrorKind::NotFound) => "not_found",
        Err(ErrorKind::Corrupt) => "corrupt",
        // The record does not tell them apart: both are nobody's fault.
        Err(ErrorKind::Unavailable | ErrorKind::Denied) => "unavailable",
        Err(_) => "another error",
    }
}

fn same(what: &str, wanted: &str, ours: &str) -> Result<(), String> {
    if wanted == ours {
        Ok(())
    } else {
        Err(format!("{what}: {wanted} differs from {ours}"))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn shown(error: Error) -> String {
    error.to_string()
}
