//! What is broken at the moment, and what was so far.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

/// Something that can be out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Everything that is stored.
    Storage,
    /// The bucket or directory of the copy.
    Copy,
    /// The receiver of the webhook.
    Webhook,
}

/// What is broken at the moment, and what was so far.
#[derive(Debug, Default)]
pub(crate) struct Switches(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calm: bool,
    down: BTreeSet<Part>,
    counts: BTreeMap<&'static str, u64>,
    missing: BTreeSet<&'static str>,
}

impl Switches {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Breaks a part, or mends it.
    pub(crate) fn set_down(&self, part: Part, down: bool) {
        let mut state = self.state();
        match down {
            true => state.down.insert(part),
            false => state.down.remove(&part),
        };
    }

    pub(crate) fn is_down(&self, part: Part) -> bool {
        self.state().down.contains(&part)
    }

    /// Nothing goes wrong any more from now on.
    pub(crate) fn calm(&self) {
        let mut state = self.state();
        state.calm = true;
        state.down.clear();
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.state().calm
    }

    /// Counts something that happened.
    pub(crate) fn count(&self, what: &'static str) {
        let mut state = self.state();
        *state.counts.entry(what).or_default() += 1;
        state.missing.remove(what);
    }

    /// Waits for these to happen at least once.
    pub(crate) fn expect(&self, all: impl IntoIterator<Item = &'static str>) {
        self.state().missing.extend(all);
    }

    /// Whether everything that was expected happened.
    pub(crate) fn all_happened(&self) -> bool {
        self.state().missing.is_empty()
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.state().counts.clone()
    }
}
