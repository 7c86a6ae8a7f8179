//! The crashes, and what has to become of them.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use serde_json::Value;
use socorro_core::{CrashId, Dump, DumpName, Dumps, RawCrash};
use socorro_queue::{DeadLetterReason, Job, Lane, RulesetName};

use super::random::Random;
use crate::minidump;

/// The day of all crashes.
const DAY: &str = "261123";
/// How many real minidumps are taken from the corpus.
const REAL: usize = 4;

/// What is in a crash report but for its id.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) name: String,
    pub(crate) dump: Option<Bytes>,
}

/// What has to become of a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Processed,
    DeadLetter(DeadLetterReason),
}

/// What is odd about a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Nothing.
    Plain,
    /// Its id is published several times.
    Repeated,
    /// It is processed again, as a whole and its signature alone.
    Reprocessed,
    /// Its id is published before it is stored.
    Late,
    /// It is never stored.
    NeverStored,
    /// Its raw crash is no JSON.
    Corrupt,
    /// It is to be processed by a ruleset that does not exist.
    UnknownRuleset,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Repeated => "published again",
            Self::Reprocessed => "reprocessed",
            Self::Late => "stored late",
            Self::NeverStored => "never stored",
            Self::Corrupt => "corrupt",
            Self::UnknownRuleset => "unknown ruleset",
        }
    }

    pub(crate) fn end(self) -> End {
        match self {
            Self::Plain | Self::Repeated | Self::Reprocessed | Self::Late => End::Processed,
            Self::NeverStored => End::DeadLetter(DeadLetterReason::RawCrashNotFound),
            Self::Corrupt => End::DeadLetter(DeadLetterReason::CorruptRawCrash),
            Self::UnknownRuleset => End::DeadLetter(DeadLetterReason::UnknownRuleset),
        }
    }
}

/// A crash.
#[derive(Debug)]
pub(crate) struct Crash {
    pub(crate) id: CrashId,
    pub(crate) kind: Kind,
    /// Which of the contents it has.
    pub(crate) content: usize,
}

impl Crash {
    /// What is published for it, in this order.
    pub(crate) fn jobs(&self) -> Result<Vec<(Lane, Job)>> {
        let plain = Job::new(self.id);
        let with = |name: &str| -> Result<Job> {
            let ruleset = RulesetName::parse(name).context("a ruleset")?;
            Ok(Job::with_ruleset(self.id, ruleset))
        };
        Ok(match self.kind {
            Kind::Repeated => vec![
                (Lane::Standard, plain.clone()),
                (Lane::Priority, plain.clone()),
                (Lane::Standard, plain),
            ],
            Kind::Reprocessed => vec![
                (Lane::Standard, plain.clone()),
                (Lane::Reprocessing, with("regenerate_signature")?),
                (Lane::Reprocessing, plain),
            ],
            Kind::UnknownRuleset => vec![(Lane::Standard, with("not_there")?)],
            _ => vec![(Lane::Standard, plain)],
        })
    }
}

impl Content {
    /// The report with this content and id.
    pub(crate) fn report(&self, id: &CrashId) -> Result<(RawCrash, Dumps)> {
        let mut raw = RawCrash::new();
        for (name, value) in [
            ("ProductName", "Chaos"),
            ("Version", "1.0"),
            ("BuildID", "20261123000000"),
            ("submitted_timestamp", "2026-11-23T01:02:03.456789+00:00"),
            ("uuid", id.as_str()),
        ] {
            raw.set(name, value);
        }
        let mut dumps = Dumps::new();
        if let Some(dump) = &self.dump {
            dumps.insert(DumpName::main(), Dump::from(dump.clone()));
        }
        Ok((raw, dumps))
    }
}

/// What crash reports hold: minidumps made by hand, none, broken ones, and real ones where there
/// is a corpus of them.
pub(crate) fn contents() -> Result<Vec<Content>> {
    let whole = minidump::minidump();
    let content = |name: &str, dump: Option<Vec<u8>>| Content {
        name: name.to_owned(),
        dump: dump.map(Bytes::from),
    };
    let mut contents = vec![
        content("a minidump", Some(whole.clone())),
        content("no minidump", None),
        content("a torn minidump", Some(whole[..whole.len() / 3].to_vec())),
        content("no minidump but text", Some(b"not a minidump".to_vec())),
    ];
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = env::var_os("SOCORRO_CORPUS").map_or(default, Into::into);
    if let Ok(manifest) = fs::read(corpus.join("manifest.json")) {
        contents.extend(real(&corpus, &serde_json::from_slice(&manifest)?)?);
    }
    Ok(contents)
}

/// The smallest minidumps of the corpus.
fn real(corpus: &Path, manifest: &Value) -> Result<Vec<Content>> {
    let cases = manifest["cases"].as_array().context("no cases")?;
    let mut dumps = Vec::new();
    for path in cases.iter().filter_map(|case| case["dump"].as_str()) {
        dumps.push((fs::metadata(corpus.join(path))?.len(), path));
    }
    dumps.sort_unstable();
    dumps.dedup();
    let smallest = dumps.into_iter().take(REAL);
    smallest
        .map(|(_, path)| {
            Ok(Content {
                name: path.to_owned(),
                dump: Some(fs::read(corpus.join(path))?.into()),
            })
        })
        .collect()
}

/// All crashes, a few of each odd kind among them.
pub(crate) fn all(count: usize, contents: &[Content], random: &Random) -> Result<Vec<Crash>> {
    // Of a hundred.
    let odd = [
        (Kind::Repeated, 8),
        (Kind::Reprocessed, 5),
        (Kind::Late, 4),
        (Kind::NeverStored, 2),
        (Kind::Corrupt, 2),
        (Kind::UnknownRuleset, 2),
    ];
    let kinds: Vec<Kind> = odd
        .into_iter()
        .flat_map(|(kind, share)| std::iter::repeat_n(kind, share))
        .collect();
    (0..count)
        .map(|number| {
            let mut random = random.on(("crash", number));
            Ok(Crash {
                id: crash_id(random.u128(..))?,
                kind: kinds.get(number % 100).copied().unwrap_or(Kind::Plain),
                content: random.usize(..contents.len()),
            })
        })
        .collect()
}

/// A crash id from chance.
pub(crate) fn crash_id(chance: u128) -> Result<CrashId> {
    let digits = format!("{chance:032x}");
    let text = format!(
        "{}-{}-{}-{}-{}0{DAY}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..25],
    );
    Ok(CrashId::parse(&text)?)
}
