//! Chance that can be repeated.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use fastrand::Rng;

/// Decisions that depend on the seed and on what is decided alone, not on what was decided before:
/// tasks that run at the same time do not disturb each other's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Chance for the decisions on one thing.
    pub(crate) fn on(&self, what: impl Hash) -> Rng {
        let mut hasher = DefaultHasher::new();
        (self.0, what).hash(&mut hasher);
        Rng::with_seed(hasher.finish())
    }
}
