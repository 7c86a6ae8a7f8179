//! Looks what became of every id that a client was given.

use std::collections::HashSet;

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use socorro_core::{CrashId, DumpName};
use socorro_queue::{CrashQueue as _, Message};
use socorro_storage::{CrashStorage as _, ErrorKind};

use super::{
    Site,
    clients::{Accepted, Sent},
};
use crate::chaos::site::KEY;

/// How many crashes are looked at at once.
const AT_ONCE: usize = 16;
/// How many dead letters are listed at once.
const PAGE: usize = 500;

/// What became of the reports.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    pub(crate) problems: Vec<String>,
    pub(crate) processed: usize,
    pub(crate) dead_lettered: usize,
}

/// Has everything processed that is in the queue.
pub(crate) async fn process(site: &Site) -> Result<()> {
    let mut process = tokio::process::Command::new(env!("CARGO_BIN_EXE_socorro"));
    let queue = format!("sqlite://{}", site.queue_file.display());
    process
        .env_clear()
        .envs([
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", KEY),
            ("PATH", "/usr/bin:/bin"),
        ])
        .args(["processor", "--drain", "--symbols-cache", "none"])
        .args(["--storage", &site.storage_address, "--queue", &queue])
        .current_dir(site.directory.path());
    let output = process.output().await.context("cannot start a processor")?;
    // It says 1 when something is dead-lettered, which is looked at below.
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "the processor failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Looks what became of every id.
pub(crate) async fn look(site: &Site, accepted: &Accepted) -> Result<Audit> {
    let mut audit = Audit::default();
    let letters = dead_letters(site).await?;
    if let Some(depth) = site.queue.depth().await? {
        let left = depth.total().outstanding();
        if left > 0 {
            audit
                .problems
                .push(format!("{left} messages left in the queue"));
        }
    }
    let looked: Vec<_> = stream::iter(&accepted.ids)
        .map(|(id, sent)| async { anyhow::Ok((*id, look_at(site, id, *sent).await?)) })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    for (id, (problem, processed)) in looked {
        audit
            .problems
            .extend(problem.map(|problem| format!("{id}: {problem}")));
        match (processed, letters.contains(&id)) {
            (true, _) => audit.processed += 1,
            (false, true) => audit.dead_lettered += 1,
            (false, false) => audit
                .problems
                .push(format!("LOST: {id} is neither processed nor dead-lettered")),
        }
    }
    let quarantined = std::fs::read_dir(site.directory.path().join("spool/quarantine"));
    let quarantined = quarantined.map_or(0, Iterator::count);
    if quarantined > 0 {
        audit
            .problems
            .push(format!("{quarantined} reports are in quarantine"));
    }
    Ok(audit)
}

/// What is wrong with the crash as it is stored, and whether it is processed.
async fn look_at(site: &Site, id: &CrashId, sent: Sent) -> Result<(Option<String>, bool)> {
    let raw = match site.storage.raw_crash(id).await {
        Ok(raw) => raw,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok((Some("LOST: it is not in storage".to_owned()), false));
        }
        Err(error) => return Err(error.into()),
    };
    let number = raw.annotation("Number").map(str::to_owned);
    let mut problem = (number != Some(sent.number.to_string()))
        .then(|| format!("it has the number {number:?}, and not {}", sent.number));
    if let Some(expected) = &site.contents[sent.content].dump {
        let stored = site.storage.dump(id, &DumpName::main()).await;
        match stored {
            Ok(stored) if stored == *expected => {}
            Ok(_) => problem = Some("another minidump than was sent".to_owned()),
            Err(error) => problem = Some(format!("LOST: its minidump: {error}")),
        }
    }
    let processed = match site.storage.processed_crash(id).await {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(error.into()),
    };
    Ok((problem, processed))
}

/// The ids of all dead letters.
async fn dead_letters(site: &Site) -> Result<HashSet<CrashId>> {
    let list = site
        .queue
        .dead_letters()
        .context("a list of dead letters")?;
    let mut ids = HashSet::new();
    let mut after = None;
    loop {
        let page = list.list(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(ids);
        };
        after = Some(last.id.clone());
        for letter in &page {
            if let Ok(Message::Process(job)) = Message::parse(&letter.body) {
                ids.insert(job.crash_id);
            }
        }
    }
}
