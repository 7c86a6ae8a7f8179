//! Trying lists out before they go live: which signatures change.

mod change;
mod text;

use std::collections::HashMap;

use serde::Serialize;

pub use self::change::{ChangeKind, SignatureChange, SignaturePair};
use crate::crash_data::CrashData;
use crate::generator::SignatureGenerator;

/// How many crashes are named for each pair of signatures.
const EXAMPLES: usize = 3;
/// Longest crash id kept as an example, in bytes. Crash ids have 36.
const MAXIMUM_ID_LENGTH: usize = 256;

/// Compares the signatures that two generators make of the same crashes.
///
/// Crashes come one by one and are not kept: memory grows with the number of different pairs of signatures.
///
/// ```
/// use serde_json::json;
/// use socorro_signature::{ChangeKind, CrashData, ListTexts, Preview, SignatureGenerator, SignatureLists};
///
/// let old = SignatureGenerator::new(SignatureLists::empty());
/// let lists = ListTexts { prefix: "memcpy$\n", ..ListTexts::default() };
/// let new = SignatureGenerator::new(SignatureLists::from_texts(&lists)?);
///
/// let mut preview = Preview::new(&old, &new);
/// for (id, caller) in [("crash-1", "decode"), ("crash-2", "resize")] {
///     let crash = json!({"threads": [{"frames": [{"function": "memcpy"}, {"function": caller}]}]});
///     preview.add(id, &CrashData::from_json(&crash));
/// }
/// let diff = preview.finish();
/// assert_eq!((diff.crashes, diff.changed), (2, 2));
/// assert_eq!(diff.changes[0].kind, ChangeKind::Split);
/// println!("{diff}");
/// # Ok::<(), socorro_signature::SignatureError>(())
/// ```
#[derive(Debug)]
pub struct Preview<'a> {
    old: &'a SignatureGenerator,
    new: &'a SignatureGenerator,
    pairs: HashMap<(String, String), PairCount>,
}

/// What is known about a pair of signatures.
#[derive(Debug, Default)]
struct PairCount {
    crashes: u64,
    examples: Vec<String>,
}

impl<'a> Preview<'a> {
    /// A comparison without crashes yet.
    pub fn new(old: &'a SignatureGenerator, new: &'a SignatureGenerator) -> Self {
        Self {
            old,
            new,
            pairs: HashMap::new(),
        }
    }

    /// Makes both signatures of a crash. The id is for the examples; any text that helps to find the crash will do.
    ///
    /// Returns whether the signature changes.
    pub fn add(&mut self, crash_id: &str, crash: &CrashData<'_>) -> bool {
        let old = self.old.generate(crash).signature;
        let new = self.new.generate(crash).signature;
        let changed = old != new;
        let pair = self.pairs.entry((old, new)).or_default();
        pair.crashes += 1;
        if pair.examples.len() < EXAMPLES && crash_id.len() <= MAXIMUM_ID_LENGTH {
            pair.examples.push(crash_id.to_owned());
        }
        changed
    }

    /// The comparison of all crashes that were added.
    pub fn finish(self) -> SignatureDiff {
        let pairs: Vec<_> = self
            .pairs
            .into_iter()
            .map(|((old, new), count)| SignaturePair {
                old,
                new,
                crashes: count.crashes,
                examples: count.examples,
            })
            .collect();
        let sum = |changed: bool| {
            let pairs = pairs.iter().filter(|pair| pair.is_change() == changed);
            pairs.map(|pair| pair.crashes).sum()
        };
        let (unchanged, changed): (u64, u64) = (sum(false), sum(true));
        SignatureDiff {
            crashes: unchanged + changed,
            unchanged,
            changed,
            changes: change::group(pairs),
        }
    }
}

/// What becomes of signatures when lists change.
///
/// `Display` is a text for people, with the changes that most crashes have first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SignatureDiff {
    /// How many crashes were compared.
    pub crashes: u64,
    /// How many keep their signature.
    pub unchanged: u64,
    /// How many get another one.
    pub changed: u64,
    /// The changes, by the number of crashes that get another signature, then by text.
    pub changes: Vec<SignatureChange>,
}
