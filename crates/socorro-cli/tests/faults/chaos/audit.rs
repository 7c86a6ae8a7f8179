//! Looks what became of every crash.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use socorro_core::ProcessedCrash;
use socorro_queue::{CrashQueue as _, DeadLetter, DeadLetterReason, Message};
use socorro_storage::{CrashStorage as _, DocumentKey, ErrorKind};

use super::{
    crashes::{Crash, End, Kind},
    reference::{self, References},
    site::{DESTINATIONS, Site},
    submit,
};

/// How many crashes are looked at at once.
const AT_ONCE: usize = 16;

/// What became of the crashes.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// By what is odd about them: how many, and how many ended as they have to.
    pub(crate) kinds: BTreeMap<Kind, (usize, usize)>,
    /// Every thing that is not as it has to be.
    pub(crate) problems: Vec<String>,
    /// How many crashes are processed.
    pub(crate) processed: usize,
    /// Dead letters by reason.
    pub(crate) dead_letters: BTreeMap<String, usize>,
    /// Messages in the queue that are not dead letters.
    pub(crate) outstanding: u64,
    /// By destination: how many crashes it has, and how many are noted for it.
    pub(crate) destinations: BTreeMap<&'static str, (usize, usize)>,
    /// How many crashes were saved more than once, and how often in all.
    pub(crate) saved_again: (usize, usize),
    /// How many results the webhook got beyond the first ones.
    pub(crate) delivered_again: usize,
}

/// What became of one crash.
struct Looked {
    problems: Vec<String>,
    processed: bool,
    runs: usize,
    has: [bool; 3],
    deliveries: u32,
}

/// Looks what became of every crash.
///
/// # Errors
///
/// When storage or queue cannot be read.
pub(crate) async fn look(site: &Site, crashes: &[Crash], references: &References) -> Result<Audit> {
    let mut audit = Audit::default();
    let letters = dead_letters(site, &mut audit).await?;
    let looked: Vec<(&Crash, Looked)> = stream::iter(crashes)
        .map(|crash| {
            let letters = letters
                .get(crash.id.as_str())
                .map_or(&[][..], Vec::as_slice);
            async move { anyhow::Ok((crash, look_at(site, crash, letters, references).await?)) }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    for (crash, looked) in looked {
        audit.take(crash, looked);
    }
    for name in DESTINATIONS {
        let notes = site.notes(name).await?;
        let entry = audit.destinations.entry(name).or_default();
        entry.1 = notes;
        if notes > 0 {
            audit
                .problems
                .push(format!("{notes} crashes are still noted for {name}"));
        }
    }
    if let Some(depth) = site.queue.depth().await? {
        audit.outstanding = depth.total().outstanding();
        if audit.outstanding > 0 {
            audit
                .problems
                .push(format!("{:?} left in the queue", depth.total()));
        }
    }
    leftovers(site, &mut audit)?;
    Ok(audit)
}

impl Audit {
    fn take(&mut self, crash: &Crash, looked: Looked) {
        let (all, right) = self.kinds.entry(crash.kind).or_default();
        *all += 1;
        if looked.problems.is_empty() {
            *right += 1;
        }
        let content = crash.content;
        self.problems
            .extend(looked.problems.into_iter().map(|problem| {
                format!(
                    "{} ({}, content {content}): {problem}",
                    crash.id,
                    crash.kind.name()
                )
            }));
        if looked.processed {
            self.processed += 1;
        }
        if looked.runs > 1 {
            self.saved_again.0 += 1;
            self.saved_again.1 += looked.runs - 1;
        }
        for (name, has) in DESTINATIONS.into_iter().zip(looked.has) {
            self.destinations.entry(name).or_default().0 += usize::from(has);
        }
        self.delivered_again += looked.deliveries.saturating_sub(1) as usize;
    }
}

/// All dead letters by crash id; those that belong to no crash are a problem.
async fn dead_letters(site: &Site, audit: &mut Audit) -> Result<HashMap<String, Vec<DeadLetter>>> {
    let mut all: HashMap<String, Vec<DeadLetter>> = HashMap::new();
    for letter in submit::dead_letters(site).await? {
        let reason = letter.cause.reason.to_string();
        *audit.dead_letters.entry(reason).or_default() += 1;
        match Message::parse(&letter.body) {
            Ok(Message::Process(job)) => {
                let letters = all.entry(job.crash_id.as_str().to_owned());
                letters.or_default().push(letter);
            }
            _ => audit
                .problems
                .push(format!("a dead letter of nobody: {:?}", letter.cause)),
        }
    }
    Ok(all)
}

async fn look_at(
    site: &Site,
    crash: &Crash,
    letters: &[DeadLetter],
    references: &References,
) -> Result<Looked> {
    let stored = match site.storage.processed_crash(&crash.id).await {
        Ok(stored) => Some(stored.value),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let mut looked = Looked {
        problems: Vec::new(),
        processed: stored.is_some(),
        runs: 0,
        has: [false; 3],
        deliveries: 0,
    };
    match (crash.kind.end(), &stored) {
        (End::Processed, None) => looked.problems.push("LOST: it has no result".to_owned()),
        (End::Processed, Some(_)) => {
            for letter in letters {
                looked
                    .problems
                    .push(format!("processed, and a dead letter: {:?}", letter.cause));
            }
        }
        (End::DeadLetter(reason), None) => expect_letters(letters, &reason, &mut looked.problems),
        (End::DeadLetter(_), Some(_)) => looked.problems.push("it has a result".to_owned()),
    }
    if let Some(stored) = stored {
        let reference = references.for_content(crash.content);
        check_result(site, crash, &stored, reference, &mut looked).await?;
    }
    Ok(looked)
}

fn expect_letters(letters: &[DeadLetter], reason: &DeadLetterReason, problems: &mut Vec<String>) {
    if letters.is_empty() {
        problems.push("LOST: neither a result nor a dead letter".to_owned());
    }
    if letters.len() > 1 {
        problems.push(format!("{} dead letters of one message", letters.len()));
    }
    for letter in letters {
        if letter.cause.reason != *reason {
            problems.push(format!(
                "dead-lettered for another reason: {:?}",
                letter.cause
            ));
        }
        if letter.cause.last_error.is_empty() || letter.host.is_empty() {
            problems.push("a dead letter that explains nothing".to_owned());
        }
    }
}

/// Compares a result with that of a run without trouble, and with what destinations got.
async fn check_result(
    site: &Site,
    crash: &Crash,
    stored: &ProcessedCrash,
    reference: &str,
    looked: &mut Looked,
) -> Result<()> {
    let id = crash.id.as_str();
    let history = stored.as_map().get("processor_history");
    looked.runs = 1 + history.and_then(Value::as_array).map_or(0, Vec::len);

    let received = site.receiver.of(id);
    looked.deliveries = received.times;
    // Notes of a run that only made the signature again tell of it.
    let mut results: BTreeSet<String> = received.comparable.clone();
    results.insert(reference::comparable_crash(stored, id));
    if crash.kind != Kind::Reprocessed {
        for result in results {
            if result != reference {
                let difference = difference(reference, &result);
                looked
                    .problems
                    .push(format!("a result that differs: {difference}"));
            }
        }
    }

    let whole = reference::fingerprint(&Value::Object(stored.as_map().clone()));
    let copy = match site.copy.processed_crash(&crash.id).await {
        Ok(copy) => Some(copy.value),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    if copy.as_ref().is_some_and(|copy| copy != stored) {
        looked
            .problems
            .push("the copy is not what is stored".to_owned());
    }
    let report = site
        .telemetry
        .document(&DocumentKey::crash_report(&crash.id))
        .await;
    let hook = received.whole.contains(&whole);
    if !hook && received.times > 0 {
        looked
            .problems
            .push("the webhook never got what is stored".to_owned());
    }
    looked.has = [copy.is_some(), report.is_ok(), hook];
    for (name, has) in DESTINATIONS.into_iter().zip(looked.has) {
        if !has {
            looked.problems.push(format!("{name} does not have it"));
        }
    }
    Ok(())
}

/// Where two texts begin to differ.
fn difference(one: &str, other: &str) -> String {
    let same = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let from = one.floor_char_boundary(same.saturating_sub(40));
    let piece = |text: &str| -> String {
        let from = text.floor_char_boundary(from);
        text[from..].chars().take(120).collect()
    };
    format!("…{} instead of …{}", piece(other), piece(one))
}

/// Minidumps are private data: nothing of them may stay behind.
fn leftovers(site: &Site, audit: &mut Audit) -> Result<()> {
    for entry in std::fs::read_dir(site.directory.path().join("work"))? {
        let path = entry?.path();
        audit
            .problems
            .push(format!("left behind: {}", path.display()));
    }
    Ok(())
}
