//! What is with us of a Pub/Sub queue: arrived, not due yet, or on loan to a receiver.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Weak,
    time::Duration,
};

use google_cloud_pubsub::subscriber::ShutdownToken;
use tokio::{task::AbortHandle, time::Instant};

use super::taken::{Slot, Taken};
use crate::{
    error::Error,
    lane::{Lane, Rotation},
};

/// Most messages that wait here for their time. More are delivered early.
const MAX_PARKED: usize = 10_000;
/// How many ended messages are remembered.
const MAX_ENDINGS: usize = 1000;

/// Messages and streams.
#[derive(Debug, Default)]
pub(super) struct State {
    lanes: [LaneState; 3],
    rotation: Rotation,
    /// Messages on loan, by the number of their delivery.
    held: HashMap<u64, Held>,
    /// Messages that are not due yet.
    parked: BTreeMap<(Instant, u64), Taken>,
    endings: VecDeque<(u64, Ending)>,
    last_number: u64,
    /// Streams that bring nothing any more, and end when their last message does.
    closing: Vec<ShutdownToken>,
}

#[derive(Debug, Default)]
struct LaneState {
    /// What came and nobody has received yet.
    arrived: VecDeque<Taken>,
    /// More than one if more is on loan than was first asked for.
    streams: Vec<Stream>,
    /// Why a stream ended, for the next receiver.
    failure: Option<Error>,
}

/// An open stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// How many of its messages may be with us.
    capacity: usize,
    /// Its clones are the messages that are.
    slots: Slot,
    task: AbortHandle,
    shutdown: ShutdownToken,
}

impl Stream {
    pub(super) fn new(
        capacity: usize,
        slots: Slot,
        task: AbortHandle,
        shutdown: ShutdownToken,
    ) -> Self {
        Self {
            capacity,
            slots,
            task,
            shutdown,
        }
    }

    /// How many messages that came on it are with us.
    fn in_use(&self) -> usize {
        Slot::strong_count(&self.slots) - 1
    }

    fn is(&self, slots: &Weak<()>) -> bool {
        std::ptr::eq(Slot::as_ptr(&self.slots), slots.as_ptr())
    }
}

#[derive(Debug)]
struct Held {
    taken: Taken,
    lease_ends: Instant,
}

/// What became of a message that is not with us any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its dead letter is written.
    DeadLettered,
    /// It was acked, but nobody knows whether the service heard it.
    Unsettled,
}

impl State {
    /// A message came.
    pub(super) fn arrive(&mut self, taken: Taken, wait: Duration) {
        if wait.is_zero() || self.parked.len() >= MAX_PARKED {
            let lane = taken.envelope.lane;
            self.lanes[lane.index()].arrived.push_back(taken);
        } else {
            let number = self.next_number();
            self.parked.insert((Instant::now() + wait, number), taken);
        }
    }

    /// A stream ended by itself.
    pub(super) fn fail(&mut self, lane: Lane, slots: &Weak<()>, error: Error) {
        let lane = &mut self.lanes[lane.index()];
        let open = lane.streams.len();
        lane.streams.retain(|stream| !stream.is(slots));
        if lane.streams.len() < open {
            lane.failure = Some(error);
        }
    }

    /// Why the streams of some lane failed; told once.
    pub(super) fn take_failure(&mut self) -> Option<Error> {
        self.lanes.iter_mut().find_map(|lane| lane.failure.take())
    }

    /// How many messages a new stream of a lane has to bring, so that all streams of the lane
    /// together can bring `max` more than are on loan; 0 if no stream is needed.
    pub(super) fn missing_capacity(&self, lane: Lane, max: usize) -> usize {
        let streams = &self.lanes[lane.index()].streams;
        let capacity: usize = streams.iter().map(|stream| stream.capacity).sum();
        let in_use: usize = streams.iter().map(Stream::in_use).sum();
        match (in_use + max).saturating_sub(capacity) {
            0 => 0,
            // Doubled each time, so that there are never many streams.
            missing => missing.max(capacity),
        }
    }

    pub(super) fn add_stream(&mut self, lane: Lane, stream: Stream) {
        self.lanes[lane.index()].streams.push(stream);
    }

    /// Lends the next message: its number, and what it is.
    pub(super) fn lend(&mut self, lease: Duration) -> Option<(u64, &Taken)> {
        let lanes = &self.lanes;
        let lane = self
            .rotation
            .next(|lane| !lanes[lane.index()].arrived.is_empty())?;
        let taken = self.lanes[lane.index()].arrived.pop_front()?;
        let number = self.next_number();
        let lease_ends = Instant::now() + lease;
        let held = self
            .held
            .entry(number)
            .insert_entry(Held { taken, lease_ends });
        Some((number, &held.into_mut().taken))
    }

    /// A message on loan.
    pub(super) fn held(&self, number: u64) -> Option<&Taken> {
        self.held.get(&number).map(|held| &held.taken)
    }

    /// Takes a message back from the receiver.
    pub(super) fn release(&mut self, number: u64) -> Option<Taken> {
        self.held.remove(&number).map(|held| held.taken)
    }

    /// Moves the end of a loan; says whether there is one.
    pub(super) fn extend(&mut self, number: u64, by: Duration) -> bool {
        let held = self.held.get_mut(&number);
        held.map(|held| held.lease_ends = Instant::now() + by)
            .is_some()
    }

    pub(super) fn remember(&mut self, number: u64, ending: Ending) {
        if self.endings.len() >= MAX_ENDINGS {
            self.endings.pop_front();
        }
        self.endings.push_back((number, ending));
    }

    pub(super) fn ended(&self, number: u64) -> Option<Ending> {
        let found = self
            .endings
            .iter()
            .rev()
            .find(|(ended, _)| *ended == number);
        found.map(|(_, ending)| *ending)
    }

    /// Returns what was lent for too long, and lets arrive what is due now. Says when to come
    /// again, and whether something arrived.
    pub(super) fn pass_time(&mut self, now: Instant) -> (Option<Instant>, bool) {
        // Dropped, a message goes back to the service.
        self.held.retain(|_, held| held.lease_ends > now);
        let due = match self.parked.keys().find(|(due_at, _)| *due_at > now) {
            Some(first_left) => {
                let left = self.parked.split_off(&first_left.clone());
                std::mem::replace(&mut self.parked, left)
            }
            None => std::mem::take(&mut self.parked),
        };
        let arrived = !due.is_empty();
        for taken in due.into_values() {
            self.arrive(taken, Duration::ZERO);
        }
        let ends = self.held.values().map(|held| held.lease_ends);
        let next_due = self.parked.keys().next().map(|(due_at, _)| *due_at);
        (ends.chain(next_due).min(), arrived)
    }

    /// Returns everything that nobody has received, and closes the streams.
    pub(super) fn pause(&mut self) {
        self.parked.clear();
        for lane in Lane::ALL {
            let lane = &mut self.lanes[lane.index()];
            lane.arrived.clear();
            lane.failure = None;
            for stream in lane.streams.drain(..) {
                // With its task, the stream itself is dropped.
                stream.task.abort();
                self.closing.push(stream.shutdown);
            }
        }
    }

    /// Returns what was lent as well.
    pub(super) fn drop_everything(&mut self) {
        self.pause();
        self.held.clear();
    }

    /// The streams that were closed and may have something to tell the service yet.
    pub(super) fn closing(&mut self) -> &mut Vec<ShutdownToken> {
        &mut self.closing
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
