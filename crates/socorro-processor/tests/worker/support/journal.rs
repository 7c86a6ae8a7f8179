//! What happened, in order.

use std::{sync::Arc, time::Duration};

use socorro_core::CrashId;
use socorro_queue::DeadLetterReason;
use tokio::{sync::watch, time::Instant};

/// Far longer than anything takes here, in paused time.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A call of queue or storage that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Received { attempt: u32 },
    Saved(CrashId),
    Acked,
    AckFailed,
    GivenBack { delay: Duration },
    GiveBackFailed,
    DeadLettered(DeadLetterReason),
    DeadLetterFailed,
    Extended,
    ExtendFailed,
}

/// The events of a test and when they happened. Clones write into the same journal.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    start: Instant,
    entries: Arc<watch::Sender<Vec<(Duration, Event)>>>,
}

impl Journal {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            entries: Arc::new(watch::Sender::new(Vec::new())),
        }
    }

    pub(super) fn write(&self, event: Event) {
        let at = self.start.elapsed();
        self.entries
            .send_modify(|entries| entries.push((at, event)));
    }

    /// Everything with its time since the start.
    pub(crate) fn entries(&self) -> Vec<(Duration, Event)> {
        self.entries.borrow().clone()
    }

    /// Everything but lease extensions.
    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.entries().into_iter().map(|(_, event)| event);
        events.filter(|event| *event != Event::Extended).collect()
    }

    /// How often something happened.
    pub(crate) fn count(&self, event: &Event) -> usize {
        let entries = self.entries.borrow();
        entries.iter().filter(|(_, found)| found == event).count()
    }

    /// The crashes that were saved, one entry for each time.
    pub(crate) fn saved(&self) -> Vec<CrashId> {
        let entries = self.entries.borrow();
        let saved = entries.iter().filter_map(|(_, event)| match event {
            Event::Saved(id) => Some(*id),
            _ => None,
        });
        saved.collect()
    }

    /// The delays with which messages were given back.
    pub(crate) fn delays(&self) -> Vec<Duration> {
        let entries = self.entries.borrow();
        let delays = entries.iter().filter_map(|(_, event)| match event {
            Event::GivenBack { delay } => Some(*delay),
            _ => None,
        });
        delays.collect()
    }

    /// Waits until an event has happened so many times.
    pub(crate) async fn wait_for(&self, event: Event, times: usize) {
        let mut entries = self.entries.subscribe();
        let happened = entries.wait_for(|entries| {
            entries.iter().filter(|(_, found)| *found == event).count() >= times
        });
        let happened = tokio::time::timeout(PATIENCE, happened).await;
        assert!(happened.is_ok(), "no {event:?}: {:?}", self.events());
    }

    /// Waits until something has happened since this was called last with the same `seen`.
    pub(crate) async fn wait_for_more(&self, seen: &mut usize) {
        let mut entries = self.entries.subscribe();
        let known = *seen;
        let more = tokio::time::timeout(PATIENCE, entries.wait_for(|e| e.len() > known)).await;
        *seen = more.expect("something happens").unwrap().len();
    }
}
