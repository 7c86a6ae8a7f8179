//! What is in the spool, in memory.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use socorro_core::{CrashId, time::Timestamp};
use tokio::time::Instant;

/// The place of an entry in the line: when its report came, and a number of its own. An entry that is
/// replaced by another one of the same id never has the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) received: Timestamp,
    number: u64,
}

/// What waits.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) id: CrashId,
    pub(super) bytes: u64,
    /// Whether only its id is left to be published.
    pub(super) saved: bool,
    /// How often it failed since this process has it.
    pub(super) failures: u32,
    not_before: Option<Instant>,
    in_work: bool,
}

impl Waiting {
    pub(super) fn new(id: CrashId, bytes: u64, saved: bool) -> Self {
        Self {
            id,
            bytes,
            saved,
            failures: 0,
            not_before: None,
            in_work: false,
        }
    }
}

/// All entries.
#[derive(Debug, Default)]
pub(super) struct Index {
    line: BTreeMap<Place, Waiting>,
    places: HashMap<CrashId, Place>,
    bytes: u64,
    /// Bytes of entries that are being written.
    reserved: u64,
    next: u64,
    pub(super) quarantined: u64,
    pub(super) last_error: Option<String>,
}

impl Index {
    pub(super) fn holds(&self, id: &CrashId) -> bool {
        self.places.contains_key(id)
    }

    pub(super) fn entries(&self) -> u64 {
        self.line.len() as u64
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.line.keys().next().map(|place| place.received)
    }

    /// Sets room aside for an entry that is to be written, if there is some below `max`.
    pub(super) fn reserve(&mut self, bytes: u64, max: u64) -> bool {
        let fits = (self.bytes + self.reserved).saturating_add(bytes) <= max;
        if fits {
            self.reserved += bytes;
        }
        fits
    }

    pub(super) fn give_back(&mut self, reserved: u64) {
        self.reserved = self.reserved.saturating_sub(reserved);
    }

    /// Puts an entry in the line, in the stead of one of the same id.
    pub(super) fn insert(&mut self, received: Timestamp, waiting: Waiting) {
        if let Some(place) = self.places.get(&waiting.id).copied() {
            self.remove(&place);
        }
        self.next += 1;
        let place = Place {
            received,
            number: self.next,
        };
        self.bytes += waiting.bytes;
        self.places.insert(waiting.id, place);
        self.line.insert(place, waiting);
    }

    /// Whether this very entry is still there.
    pub(super) fn has(&self, place: &Place) -> bool {
        self.line.contains_key(place)
    }

    pub(super) fn remove(&mut self, place: &Place) -> Option<Waiting> {
        let waiting = self.line.remove(place)?;
        self.places.remove(&waiting.id);
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        Some(waiting)
    }

    /// Takes the oldest entry that may be worked on now.
    pub(super) fn take(
        &mut self,
        now: Instant,
        wanted: impl Fn(&Waiting) -> bool,
    ) -> Option<(Place, Waiting)> {
        let (place, waiting) = self.line.iter_mut().find(|(_, waiting)| {
            !waiting.in_work && waiting.not_before.is_none_or(|time| time <= now) && wanted(waiting)
        })?;
        waiting.in_work = true;
        Some((*place, waiting.clone()))
    }

    /// Gives an entry back to the line, to be taken again after `pause`.
    pub(super) fn put_back(&mut self, place: &Place, pause: Duration) {
        if let Some(waiting) = self.line.get_mut(place) {
            waiting.in_work = false;
            waiting.not_before = (!pause.is_zero()).then(|| Instant::now() + pause);
        }
    }

    /// Counts a failure of an entry; `None` when it is gone or replaced.
    pub(super) fn count_failure(&mut self, place: &Place) -> Option<u32> {
        let waiting = self.line.get_mut(place)?;
        waiting.failures = waiting.failures.saturating_add(1);
        Some(waiting.failures)
    }

    /// Notes that the report of an entry is stored, and its bytes are gone.
    pub(super) fn mark_saved(&mut self, place: &Place) {
        if let Some(waiting) = self.line.get_mut(place) {
            waiting.saved = true;
            self.bytes = self.bytes.saturating_sub(waiting.bytes);
            waiting.bytes = 0;
        }
    }

    /// When the next entry may be taken that may not now.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        self.line
            .values()
            .filter(|waiting| !waiting.in_work)
            .filter_map(|waiting| waiting.not_before)
            .filter(|time| *time > now)
            .min()
    }

    /// Lets all entries be taken at once.
    pub(super) fn forget_pauses(&mut self) {
        for waiting in self.line.values_mut() {
            waiting.not_before = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socorro_core::time::Date;

    fn waiting(bytes: u64) -> Waiting {
        Waiting::new(CrashId::mint(Date::constant(2026, 11, 27), 0), bytes, false)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_goes_first_and_nobody_gets_it_twice() {
        let mut index = Index::default();
        let (old, new) = (waiting(1), waiting(2));
        index.insert(at(2), new.clone());
        index.insert(at(1), old.clone());
        let now = Instant::now();
        assert_eq!(index.take(now, |_| true).unwrap().1.id, old.id);
        let (place, taken) = index.take(now, |_| true).unwrap();
        assert_eq!(taken.id, new.id);
        assert!(index.take(now, |_| true).is_none());
        index.put_back(&place, Duration::from_secs(3));
        assert!(index.take(now, |_| true).is_none());
        assert_eq!(index.next_due(now), Some(now + Duration::from_secs(3)));
        index.forget_pauses();
        assert_eq!(index.take(now, |_| true).unwrap().1.id, new.id);
    }

    #[tokio::test]
    async fn a_replaced_entry_is_another_one() {
        let mut index = Index::default();
        let entry = waiting(5);
        index.insert(at(1), entry.clone());
        let (place, _) = index.take(Instant::now(), |_| true).unwrap();
        index.insert(at(1), Waiting { bytes: 7, ..entry });
        assert!(!index.has(&place));
        assert!(index.remove(&place).is_none());
        assert_eq!((index.entries(), index.bytes()), (1, 7));
        assert!(index.take(Instant::now(), |_| true).is_some());
    }

    #[test]
    fn what_is_being_written_counts() {
        let mut index = Index::default();
        assert!(index.reserve(60, 100));
        assert!(!index.reserve(60, 100));
        index.give_back(60);
        assert!(index.reserve(100, 100));
    }
}
