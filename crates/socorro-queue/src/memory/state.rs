//! What a queue in memory holds, and what can be done to it. No waiting, no locking.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use socorro_core::time::Timestamp;

use crate::{
    dead_letter::{DeadLetter, DeadLetterCause, DeadLetterId},
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    lane::{Lane, Rotation},
    lease::Lease,
};

/// Messages and dead letters.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Every message that is not dead, by its number.
    messages: BTreeMap<i64, Stored>,
    /// The same messages in the order in which they are or become due.
    by_due: BTreeSet<(Lane, Timestamp, i64)>,
    dead: BTreeMap<i64, DeadLetter>,
    last_number: i64,
    rotation: Rotation,
}

/// One message.
#[derive(Debug)]
struct Stored {
    lane: Lane,
    body: Bytes,
    published_at: Timestamp,
    first_received_at: Option<Timestamp>,
    attempts: u32,
    failures: u32,
    lapses: u32,
    /// Nobody gets the message before this: the end of a lease or of a delay.
    due_at: Timestamp,
    leased: bool,
}

impl State {
    pub(super) fn publish(&mut self, lane: Lane, body: Bytes, now: Timestamp) {
        self.last_number += 1;
        let stored = Stored {
            lane,
            body,
            published_at: now,
            first_received_at: None,
            attempts: 0,
            failures: 0,
            lapses: 0,
            due_at: now,
            leased: false,
        };
        self.by_due.insert((lane, now, self.last_number));
        self.messages.insert(self.last_number, stored);
    }

    /// Leases up to `max` messages that are due.
    pub(super) fn receive(&mut self, max: usize, now: Timestamp, lease: Duration) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        while deliveries.len() < max {
            let heads = Lane::ALL.map(|lane| self.head_of(lane));
            let is_due = |lane: Lane| heads[lane.index()].is_some_and(|(due_at, _)| due_at <= now);
            let lane = self.rotation.next(is_due);
            let Some((_, number)) = lane.and_then(|lane| heads[lane.index()]) else {
                break;
            };
            deliveries.extend(self.lease(number, now, lease));
        }
        deliveries
    }

    /// The first message of a lane, and when it is due.
    fn head_of(&self, lane: Lane) -> Option<(Timestamp, i64)> {
        self.by_due
            .range((lane, Timestamp::MIN, 0)..=(lane, Timestamp::MAX, i64::MAX))
            .next()
            .map(|(_, due_at, number)| (*due_at, *number))
    }

    fn lease(&mut self, number: i64, now: Timestamp, lease: Duration) -> Option<Delivery> {
        let stored = self.messages.get_mut(&number)?;
        stored.attempts = stored.attempts.saturating_add(1);
        // It is leased still: nobody gave it back.
        let lapsed = u32::from(stored.leased);
        stored.lapses = stored.lapses.saturating_add(lapsed);
        stored.first_received_at.get_or_insert(now);
        stored.leased = true;
        let receipt = Lease {
            message: number,
            attempt: stored.attempts,
        }
        .to_receipt();
        let delivery = Delivery::new(
            stored.lane,
            receipt,
            stored.attempts,
            stored.published_at,
            stored.body.clone(),
        )
        .after(stored.failures, stored.lapses);
        self.set_due(number, later(now, lease));
        Some(delivery)
    }

    fn set_due(&mut self, number: i64, due_at: Timestamp) {
        if let Some(stored) = self.messages.get_mut(&number) {
            self.by_due.remove(&(stored.lane, stored.due_at, number));
            stored.due_at = due_at;
            self.by_due.insert((stored.lane, due_at, number));
        }
    }

    /// The number of the message that `receipt` still holds.
    fn held(&self, receipt: &Receipt) -> Option<i64> {
        let lease = Lease::from_receipt(receipt)?;
        let stored = self.messages.get(&lease.message)?;
        (stored.leased && stored.attempts == lease.attempt).then_some(lease.message)
    }

    fn remove(&mut self, number: i64) -> Option<Stored> {
        let stored = self.messages.remove(&number)?;
        self.by_due.remove(&(stored.lane, stored.due_at, number));
        Some(stored)
    }

    /// Ends the message; says whether the receipt held it.
    pub(super) fn ack(&mut self, receipt: &Receipt) -> bool {
        self.held(receipt)
            .and_then(|number| self.remove(number))
            .is_some()
    }

    /// Gives the message back; says whether the receipt held it.
    pub(super) fn nack(
        &mut self,
        receipt: &Receipt,
        now: Timestamp,
        delay: Duration,
        blame: Blame,
    ) -> bool {
        let Some(number) = self.held(receipt) else {
            return false;
        };
        if let Some(stored) = self.messages.get_mut(&number) {
            stored.leased = false;
            let failed = u32::from(blame == Blame::Crash);
            stored.failures = stored.failures.saturating_add(failed);
        }
        self.set_due(number, later(now, delay));
        true
    }

    /// Moves the end of the lease; says whether the receipt held the message.
    pub(super) fn extend(&mut self, receipt: &Receipt, now: Timestamp, by: Duration) -> bool {
        let held = self.held(receipt);
        if let Some(number) = held {
            self.set_due(number, later(now, by));
        }
        held.is_some()
    }

    /// Moves the message to the dead letters; says whether it is there now.
    pub(super) fn dead_letter(
        &mut self,
        receipt: &Receipt,
        cause: &DeadLetterCause,
        now: Timestamp,
        host: &str,
    ) -> bool {
        let Some(number) = self.held(receipt) else {
            return Lease::from_receipt(receipt)
                .and_then(|lease| Some((lease, self.dead.get(&lease.message)?)))
                .is_some_and(|(lease, dead)| dead.attempts == lease.attempt);
        };
        let Some(stored) = self.remove(number) else {
            return false;
        };
        let dead = DeadLetter {
            id: DeadLetterId::new(number.to_string()),
            lane: stored.lane,
            body: stored.body,
            cause: cause.clone(),
            attempts: stored.attempts,
            failures: stored.failures,
            published_at: stored.published_at,
            first_received_at: stored.first_received_at.unwrap_or(now),
            dead_lettered_at: now,
            host: host.to_owned(),
        };
        self.dead.insert(number, dead);
        true
    }

    pub(super) fn depth(&self, now: Timestamp) -> QueueDepth {
        let mut depth = QueueDepth::default();
        for stored in self.messages.values() {
            let lane = depth.lane_mut(stored.lane);
            match (stored.due_at <= now, stored.leased) {
                (true, _) => lane.waiting += 1,
                (false, true) => lane.leased += 1,
                (false, false) => lane.delayed += 1,
            }
            let age = Duration::try_from(now.duration_since(stored.published_at));
            lane.oldest_age = lane.oldest_age.max(Some(age.unwrap_or_default()));
        }
        for dead in self.dead.values() {
            depth.lane_mut(dead.lane).dead += 1;
        }
        depth
    }

    /// Forgets all messages of a lane; how many they were.
    pub(super) fn purge(&mut self, lane: Lane) -> u64 {
        let before = self.messages.len();
        self.messages.retain(|_, stored| stored.lane != lane);
        self.by_due.retain(|(of, ..)| *of != lane);
        (before - self.messages.len()) as u64
    }

    /// When the next message is due, if there is any that will be.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        Lane::ALL
            .into_iter()
            .filter_map(|lane| self.head_of(lane))
            .map(|(due_at, _)| due_at)
            .min()
    }

    /// Dead letters in the order of their publication.
    pub(super) fn list_dead(&self, after: Option<i64>, max: usize) -> Vec<DeadLetter> {
        let first = after.map_or(0, |number| number.saturating_add(1));
        self.dead
            .range(first..)
            .take(max)
            .map(|(_, dead)| dead.clone())
            .collect()
    }

    pub(super) fn get_dead(&self, number: i64) -> Option<DeadLetter> {
        self.dead.get(&number).cloned()
    }

    pub(super) fn remove_dead(&mut self, number: i64) -> Option<DeadLetter> {
        self.dead.remove(&number)
    }
}

/// `now` and `by` later, or the end of time.
fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}
