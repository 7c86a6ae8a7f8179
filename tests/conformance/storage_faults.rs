//! The vectors of storage faults, as far as they say what a worker makes of them.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use futures::TryStreamExt as _;
use serde_json::Value;
use socorro::{
    prelude::*,
    processor::{
        Destinations,
        destinations::{DestinationOptions, TelemetryCopy},
    },
    queue::Blame,
    storage::{
        DocumentFolder, Error, Item, ObjectStorage, Subject,
        testkit::{FlakyStorage, Harness as _, ObjectHarness, Operation},
    },
};

use crate::{
    Verdict,
    world::{Call, World},
};

/// Runs a case.
pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    let checked = runtime.block_on(process(case));
    Ok(Verdict::from(
        checked.map_err(|problem| format!("{problem:#}")),
    ))
}

/// Lets a worker take the crash, and looks at what has become of it.
async fn process(case: &Value) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let root = directory.path().join("bucket");
    let open = || ObjectStorage::directory(&root, StorageOptions::default());
    let world = World::over(open()?)?;
    let harness = ObjectHarness::of(open()?);
    for present in case["present"].as_array().context("present is no array")? {
        let (item, content) = object(present.as_str().unwrap_or_default())?;
        harness.plant(&world.id, &item, content.as_bytes()).await;
    }
    if case["bucket"] == "missing" {
        std::fs::remove_dir_all(&root)?;
    }
    let telemetry = FlakyStorage::new(ObjectStorage::memory(StorageOptions::default()));
    match case.get("fault").and_then(Value::as_str) {
        None => {}
        Some("403") => world.storage.fail(Operation::RawCrash, .., denied),
        Some("put processed_crash 500 always") => {
            let operation = Operation::SaveProcessedCrash;
            world
                .storage
                .fail(operation, .., || Error::unavailable("test", "500"));
        }
        Some("telemetry put fails always") => {
            let operation = Operation::SaveDocument;
            telemetry.fail(operation, .., || Error::unavailable("test", "500"));
        }
        Some(other) => bail!("unknown fault {other:?}"),
    }
    let destinations = Destinations::none().with(
        "telemetry",
        Arc::new(TelemetryCopy::to(Arc::new(telemetry))),
        DestinationOptions::default(),
    )?;
    world.publish().await?;
    world.drain(&world.worker_to(destinations)).await;
    let wanted = case["process"].as_str().context("process is no text")?;
    judge(wanted, &world).await
}

async fn judge(wanted: &str, world: &World) -> Result<()> {
    let calls = world.queue.calls();
    let given_back = |wanted: Blame| {
        let back = matches!(&calls[..], [Call::Nack { delay, blame }] if *blame == wanted && !delay.is_zero());
        ensure!(back, "{calls:?}");
        Ok(())
    };
    let done = calls == [Call::Ack { well: true }];
    match wanted {
        // The upload may be on its way, but not for ever.
        "retry_later" => given_back(Blame::Crash)?,
        // Nobody's fault, and so it never ends in a dead letter.
        "nack" | "nack_and_alarm" => given_back(Blame::Nobody)?,
        "ok_with_note" | "ok_as_new" => {
            ensure!(done, "{calls:?}");
            let notes = world.notes().await?;
            let note = if wanted == "ok_with_note" {
                "is listed but missing"
            } else {
                "damaged and was replaced"
            };
            ensure!(notes.contains(note), "{notes}");
        }
        "dead_letter" => {
            ensure!(calls == [Call::DeadLetter { well: true }], "{calls:?}");
            let letters = world.dead_letters().await?;
            ensure!(letters == ["corrupt_raw_crash"], "{letters:?}");
        }
        "nack_or_outbox" => {
            ensure!(done, "{calls:?}");
            ensure!(world.processed().await.is_some(), "not in main storage");
            let outbox = DocumentFolder::outbox("telemetry")?;
            let notes = world.storage.inner().list_documents(&outbox);
            let notes: Vec<_> = notes.try_collect().await?;
            ensure!(notes.len() == 1, "{notes:?}");
            // Once more is harmless.
            let before = world.processed().await;
            world.publish().await?;
            world.drain(&world.worker(|ruleset| ruleset)).await;
            ensure!(world.processed().await == before, "another result");
        }
        other => bail!("unknown wish {other:?}"),
    }
    Ok(())
}

/// An object of the record.
fn object(name: &str) -> Result<(Item, &'static str)> {
    Ok(match name {
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
        other => bail!("unknown object {other:?}"),
    })
}

fn denied() -> Error {
    Error::Denied {
        storage: "test".to_owned(),
        what: Box::new(Subject::Storage),
        source: None,
    }
}
