//! A destination that does as it is told.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use socorro_core::{CrashId, ProcessedCrash};
use socorro_processor::destinations::{Destination, DestinationError};

use super::gate::Gate;

/// How a receiver answers.
#[derive(Debug, Clone)]
pub(crate) enum Mood {
    Takes,
    /// Takes the crash as soon as the gate lets it through.
    Waits(Arc<Gate>),
    IsOut,
    Refuses,
    Panics,
    Hangs,
}

/// A destination that remembers what it took.
#[derive(Debug)]
pub(crate) struct Receiver {
    taken: Mutex<Vec<(CrashId, ProcessedCrash)>>,
    offers: AtomicUsize,
    mood: Mutex<Mood>,
    /// For the next offers, before the mood counts.
    next: Mutex<VecDeque<Mood>>,
}

impl Receiver {
    pub(crate) fn new(mood: Mood) -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            offers: AtomicUsize::new(0),
            mood: Mutex::new(mood),
            next: Mutex::default(),
        })
    }

    /// From now on.
    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// For one more offer.
    pub(crate) fn once(&self, mood: Mood) {
        self.next.lock().unwrap().push_back(mood);
    }

    /// How often a crash was offered.
    pub(crate) fn offers(&self) -> usize {
        self.offers.load(Ordering::SeqCst)
    }

    /// What it took, in order.
    pub(crate) fn taken(&self) -> Vec<CrashId> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|(id, _)| *id).collect()
    }

    /// What it took last for a crash.
    pub(crate) fn last(&self, id: &CrashId) -> Option<ProcessedCrash> {
        let taken = self.taken.lock().unwrap();
        let last = taken.iter().rev().find(|(taken, _)| taken == id);
        last.map(|(_, crash)| crash.clone())
    }

    /// Waits, in paused time, until it took so many.
    pub(crate) async fn wait_for(&self, count: usize) {
        for _ in 0..100_000 {
            if self.taken().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("only {} of {count} taken", self.taken().len());
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("receiver")
    }
}

#[async_trait]
impl Destination for Receiver {
    async fn take(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError> {
        self.offers.fetch_add(1, Ordering::SeqCst);
        let next = self.next.lock().unwrap().pop_front();
        let mood = next.unwrap_or_else(|| self.mood.lock().unwrap().clone());
        match mood {
            Mood::Takes => {}
            Mood::Waits(gate) => gate.pass().await,
            Mood::IsOut => return Err(DestinationError::unavailable("receiver", "told to fail")),
            Mood::Refuses => {
                return Err(DestinationError::Refused {
                    destination: "receiver".to_owned(),
                    reason: "told to refuse".to_owned(),
                });
            }
            Mood::Panics => panic!("told to panic"),
            Mood::Hangs => std::future::pending().await,
        }
        let mut taken = self.taken.lock().unwrap();
        taken.push((*id, crash.clone()));
        Ok(())
    }
}
