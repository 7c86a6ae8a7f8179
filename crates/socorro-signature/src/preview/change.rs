//! Grouping pairs of signatures into changes that can be understood on their own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

/// Crashes with the same signature before and the same one after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignaturePair {
    /// The signature before.
    pub old: String,
    /// The signature after.
    pub new: String,
    /// How many crashes have these signatures.
    pub crashes: u64,
    /// Some of them, the first that were seen: at most three.
    pub examples: Vec<String>,
}

impl SignaturePair {
    /// Whether the signature changes.
    pub fn is_change(&self) -> bool {
        self.old != self.new
    }
}

/// What happens to signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// One signature becomes another: the same crashes are together as before.
    Rename,
    /// Crashes of one signature get several.
    Split,
    /// Crashes of several signatures get the same.
    Merge,
    /// Crashes of several signatures are distributed to several in another way.
    Regroup,
}

/// A change, with all crashes that it touches: none of its signatures appears in another change on the same side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureChange {
    /// What happens.
    pub kind: ChangeKind,
    /// How many crashes have these signatures, those that keep theirs included.
    pub crashes: u64,
    /// How many crashes get another signature.
    pub changed: u64,
    /// Which signatures become which, by old signature, then by number of crashes. A pair of equal signatures stands for
    /// crashes that keep theirs while others leave or join them.
    pub pairs: Vec<SignaturePair>,
}

/// Groups pairs that have a signature in common, on the same side, directly or through other pairs. Groups in which
/// nothing changes are left out.
pub(super) fn group(pairs: Vec<SignaturePair>) -> Vec<SignatureChange> {
    let components = components(&pairs);
    let mut groups: BTreeMap<usize, Vec<SignaturePair>> = BTreeMap::new();
    for (pair, component) in pairs.into_iter().zip(components) {
        groups.entry(component).or_default().push(pair);
    }
    let mut changes: Vec<_> = groups
        .into_values()
        .filter(|pairs| pairs.iter().any(SignaturePair::is_change))
        .map(change)
        .collect();
    changes.sort_by(|one, other| {
        let key = |change: &SignatureChange| (Reverse(change.changed), Reverse(change.crashes));
        let text = |change: &SignatureChange| change.pairs.first().map(|pair| pair.old.clone());
        key(one)
            .cmp(&key(other))
            .then_with(|| text(one).cmp(&text(other)))
    });
    changes
}

fn change(mut pairs: Vec<SignaturePair>) -> SignatureChange {
    pairs.sort_by(|one, other| {
        let by_size = other.crashes.cmp(&one.crashes);
        one.old
            .cmp(&other.old)
            .then(by_size)
            .then_with(|| one.new.cmp(&other.new))
    });
    let count = |side: fn(&SignaturePair) -> &str| {
        let signatures: BTreeSet<&str> = pairs.iter().map(side).collect();
        signatures.len()
    };
    let kind = match (count(|pair| &pair.old), count(|pair| &pair.new)) {
        (1, 1) => ChangeKind::Rename,
        (1, _) => ChangeKind::Split,
        (_, 1) => ChangeKind::Merge,
        _ => ChangeKind::Regroup,
    };
    let changing = pairs.iter().filter(|pair| pair.is_change());
    SignatureChange {
        kind,
        crashes: pairs.iter().map(|pair| pair.crashes).sum(),
        changed: changing.map(|pair| pair.crashes).sum(),
        pairs,
    }
}

/// For every pair the number of the component that it belongs to.
fn components(pairs: &[SignaturePair]) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..pairs.len()).collect();
    let (mut first_with_old, mut first_with_new) = (HashMap::new(), HashMap::new());
    for (index, pair) in pairs.iter().enumerate() {
        let old = *first_with_old.entry(pair.old.as_str()).or_insert(index);
        let new = *first_with_new.entry(pair.new.as_str()).or_insert(index);
        for other in [old, new] {
            let (root, other) = (root(&mut parents, index), root(&mut parents, other));
            parents[root] = other;
        }
    }
    (0..pairs.len())
        .map(|index| root(&mut parents, index))
        .collect()
}

/// The representative of an element's component. Halves the path to it on the way.
fn root(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(pairs: &[(&str, &str, u64)]) -> Vec<SignaturePair> {
        let pair = |(old, new, crashes): &(&str, &str, u64)| SignaturePair {
            old: (*old).to_owned(),
            new: (*new).to_owned(),
            crashes: *crashes,
            examples: Vec::new(),
        };
        pairs.iter().map(pair).collect()
    }

    /// Kind, crashes, changed crashes and number of pairs of each change.
    fn grouped(input: &[(&str, &str, u64)]) -> Vec<(ChangeKind, u64, u64, usize)> {
        let changes = group(pairs(input)).into_iter();
        changes
            .map(|change| {
                (
                    change.kind,
                    change.crashes,
                    change.changed,
                    change.pairs.len(),
                )
            })
            .collect()
    }

    #[test]
    fn changes_are_named_by_what_happens() {
        use ChangeKind::{Merge, Regroup, Rename, Split};
        assert_eq!(grouped(&[("a", "a", 9), ("b", "b", 1)]), []);
        assert_eq!(grouped(&[("a", "b", 2)]), [(Rename, 2, 2, 1)]);
        assert_eq!(grouped(&[("a", "b", 2), ("a", "a", 5)]), [(Split, 7, 2, 2)]);
        assert_eq!(grouped(&[("a", "b", 2), ("b", "b", 5)]), [(Merge, 7, 2, 2)]);
        assert_eq!(
            grouped(&[
                ("a", "x", 1),
                ("a", "y", 2),
                ("b", "y", 3),
                ("b", "z", 4),
                ("c", "c", 5)
            ]),
            [(Regroup, 10, 10, 4)]
        );
    }

    #[test]
    fn the_same_text_before_and_after_joins_nothing() {
        use ChangeKind::Rename;
        let chain = [("a", "b", 1), ("b", "c", 2)];
        assert_eq!(grouped(&chain), [(Rename, 2, 2, 1), (Rename, 1, 1, 1)]);
    }

    #[test]
    fn changes_come_by_size_then_text_and_pairs_by_text_then_size() {
        let input = [
            ("d", "D", 1),
            ("b", "B", 1),
            ("a", "x", 1),
            ("a", "y", 2),
            ("a", "z", 2),
        ];
        let changes = group(pairs(&input));
        let first: Vec<_> = changes
            .iter()
            .map(|change| change.pairs[0].old.as_str())
            .collect();
        assert_eq!(first, ["a", "b", "d"]);
        let new: Vec<_> = changes[0]
            .pairs
            .iter()
            .map(|pair| pair.new.as_str())
            .collect();
        assert_eq!(new, ["y", "z", "x"]);
    }

    proptest! {
        #[test]
        fn every_changed_pair_is_in_one_change_and_the_order_of_input_does_not_matter(
            counts in proptest::collection::btree_map(("[a-e]", "[a-e]"), 1..9_u64, 0..12)
        ) {
            let mut input: Vec<_> = counts
                .iter()
                .map(|((old, new), crashes)| (old.as_str(), new.as_str(), *crashes))
                .collect();
            let changes = group(pairs(&input));
            input.reverse();
            prop_assert_eq!(&changes, &group(pairs(&input)));
            let changed: u64 = changes.iter().map(|change| change.changed).sum();
            let expected: u64 = input.iter().filter(|(old, new, _)| old != new).map(|pair| pair.2).sum();
            prop_assert_eq!(changed, expected);
            for side in [|pair: &SignaturePair| pair.old.clone(), |pair: &SignaturePair| pair.new.clone()] {
                let sets: Vec<BTreeSet<String>> =
                    changes.iter().map(|change| change.pairs.iter().map(side).collect()).collect();
                let distinct: usize = sets.iter().map(BTreeSet::len).sum();
                let all: BTreeSet<&String> = sets.iter().flatten().collect();
                prop_assert_eq!(distinct, all.len());
            }
        }
    }
}
