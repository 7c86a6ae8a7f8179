//! A map bounded by weight and number that forgets what was used least recently.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// A map whose values have weights. Once their sum is over the capacity, or they are too many, those not asked for the
/// longest go first.
#[derive(Debug)]
pub(super) struct Lru<K, V> {
    capacity: u64,
    most: usize,
    weight: u64,
    /// Number of the latest use; grows with every use.
    now: u64,
    entries: HashMap<K, Entry<V>>,
    /// Keys by the number of their latest use.
    by_use: BTreeMap<u64, K>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: u64,
    used: u64,
}

impl<K: Clone + Eq + Hash, V> Lru<K, V> {
    pub(super) fn new(capacity: u64, most: usize) -> Self {
        Self {
            capacity,
            most,
            weight: 0,
            now: 0,
            entries: HashMap::new(),
            by_use: BTreeMap::new(),
        }
    }

    /// The sum of all weights.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// The number of values.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Finds a value and counts this as a use.
    pub(super) fn get(&mut self, key: &K) -> Option<&V> {
        let entry = self.entries.get_mut(key)?;
        self.by_use.remove(&entry.used);
        self.now += 1;
        entry.used = self.now;
        self.by_use.insert(self.now, key.clone());
        Some(&entry.value)
    }

    /// Adds a value, which counts as a use, and forgets others as needed. A value heavier than the whole capacity is
    /// not kept.
    pub(super) fn insert(&mut self, key: K, value: V, weight: u64) {
        self.remove(&key);
        if weight > self.capacity {
            return;
        }
        self.now += 1;
        self.weight += weight;
        self.by_use.insert(self.now, key.clone());
        self.entries.insert(
            key,
            Entry {
                value,
                weight,
                used: self.now,
            },
        );
        while self.weight > self.capacity || self.entries.len() > self.most {
            let Some((_, oldest)) = self.by_use.pop_first() else {
                break;
            };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.weight -= entry.weight;
            }
        }
    }

    /// Forgets a value.
    pub(super) fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_use.remove(&entry.used);
            self.weight -= entry.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_value_not_asked_for_the_longest_goes_first() {
        let mut lru = Lru::new(10, 10);
        lru.insert("a", 1, 4);
        lru.insert("b", 2, 4);
        assert_eq!(lru.get(&"a"), Some(&1));
        lru.insert("c", 3, 4);
        assert_eq!(lru.get(&"b"), None);
        assert_eq!(lru.get(&"a"), Some(&1));
        assert_eq!((lru.weight(), lru.len()), (8, 2));
    }

    #[test]
    fn a_value_heavier_than_the_capacity_is_not_kept_and_displaces_nothing() {
        let mut lru = Lru::new(10, 10);
        lru.insert("a", 1, 10);
        lru.insert("b", 2, 11);
        assert_eq!(lru.get(&"a"), Some(&1));
        assert_eq!(lru.get(&"b"), None);
    }

    proptest! {
        #[test]
        fn weight_stays_within_capacity_and_adds_up(steps in prop::collection::vec((0u8..20, 0u64..40, any::<bool>()), 0..200)) {
            let mut lru = Lru::new(100, 15);
            for (key, weight, remove) in steps {
                if remove { lru.remove(&key) } else { lru.insert(key, (), weight) }
                prop_assert!(lru.weight() <= 100 && lru.len() <= 15);
                prop_assert_eq!(lru.weight(), lru.entries.values().map(|entry| entry.weight).sum::<u64>());
                prop_assert_eq!(lru.by_use.len(), lru.len());
            }
        }
    }
}
