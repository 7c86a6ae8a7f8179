//! What processing gives when nothing goes wrong.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use socorro_core::ProcessedCrash;
use socorro_storage::{CrashStorage as _, ObjectStorage, StorageOptions};
use tokio::process::Command;

use super::{crashes, random::Random, site::Site};

/// What is left out when results are compared: when, where and how often it was processed.
const VARYING: [&str; 3] = [
    "started_datetime",
    "completed_datetime",
    "processor_history",
];
/// The line of the notes that tells when and where.
const START: &str = ">>> Start processing:";

/// The results of a run without trouble, one for each content.
#[derive(Debug)]
pub(crate) struct References(Vec<String>);

impl References {
    /// Has the program process each content once, in peace.
    pub(crate) async fn of(site: &Site) -> Result<Self> {
        let calm = site.directory.path().join("calm");
        std::fs::create_dir(&calm)?;
        let address = format!("file://{}", calm.display());
        let storage = ObjectStorage::directory(&calm, StorageOptions::default())?;
        let mut results = Vec::new();
        for (number, content) in site.contents.iter().enumerate() {
            let id = crashes::crash_id(Random::new(0).on(("reference", number)).u128(..))?;
            let (raw, dumps) = content.report(&id)?;
            storage.save_raw_crash(&id, &raw, &dumps).await?;
            let run = Command::new(&site.command.program)
                .env_clear()
                .args(["processor", "--storage", &address, "--once", id.as_str()])
                .args([
                    "--permissions",
                    "protected",
                    "--symbols",
                    &site.command.symbols,
                ])
                .output()
                .await?;
            let said = String::from_utf8_lossy(&run.stderr);
            ensure!(run.status.success(), "{}: {said}", content.name);
            let crash = serde_json::from_slice(&run.stdout).context("no JSON")?;
            results.push(comparable(&crash, id.as_str()));
        }
        Ok(Self(results))
    }

    /// What the result for a content has to be.
    pub(crate) fn for_content(&self, content: usize) -> &str {
        &self.0[content]
    }
}

/// A processed crash without what differs from run to run.
pub(crate) fn comparable(crash: &Value, id: &str) -> String {
    let mut crash = crash.clone();
    if let Some(members) = crash.as_object_mut() {
        for name in VARYING {
            members.shift_remove(name);
        }
        if let Some(Value::String(notes)) = members.get_mut("processor_notes") {
            let lasting: Vec<&str> = notes
                .lines()
                .filter(|line| !line.starts_with(START))
                .collect();
            *notes = lasting.join("\n");
        }
    }
    crash.to_string().replace(id, "ID")
}

/// As text, what a stored processed crash is compared by.
pub(crate) fn comparable_crash(crash: &ProcessedCrash, id: &str) -> String {
    comparable(&Value::Object(crash.as_map().clone()), id)
}

/// The same number for the same content.
pub(crate) fn fingerprint(crash: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    crash.to_string().hash(&mut hasher);
    hasher.finish()
}
