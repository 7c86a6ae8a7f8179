//! The messages of an SQS queue that are on loan to a receiver here.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::client::Arrived;
use crate::lane::Rotation;

/// How many dead letters are remembered, so that writing one can be repeated.
const MAX_REMEMBERED: usize = 1000;

/// What is on loan, by the number of the delivery.
#[derive(Debug, Default)]
pub(super) struct Held {
    messages: HashMap<u64, (Arrived, Instant)>,
    pub(super) rotation: Rotation,
    dead_lettered: VecDeque<u64>,
    last_number: u64,
}

impl Held {
    /// Lends a message until `lease_ends`; its number.
    pub(super) fn lend(&mut self, arrived: Arrived, lease_ends: Instant) -> (u64, &Arrived) {
        let now = Instant::now();
        self.messages.retain(|_, (_, lease_ends)| *lease_ends > now);
        self.last_number += 1;
        let entry = self.messages.entry(self.last_number);
        let (arrived, _) = entry.insert_entry((arrived, lease_ends)).into_mut();
        (self.last_number, arrived)
    }

    /// A message whose lease has not run out.
    pub(super) fn get(&self, number: u64) -> Option<&Arrived> {
        let (arrived, lease_ends) = self.messages.get(&number)?;
        (*lease_ends > Instant::now()).then_some(arrived)
    }

    /// Takes a message back, if its lease has not run out.
    pub(super) fn take(&mut self, number: u64) -> Option<Arrived> {
        let (arrived, lease_ends) = self.messages.remove(&number)?;
        (lease_ends > Instant::now()).then_some(arrived)
    }

    /// Gives back what could not be ended, as far as its lease goes.
    pub(super) fn put_back(&mut self, number: u64, arrived: Arrived, lease_ends: Instant) {
        self.messages.insert(number, (arrived, lease_ends));
    }

    /// When the lease of a message ends.
    pub(super) fn lease_ends(&self, number: u64) -> Option<Instant> {
        self.messages
            .get(&number)
            .map(|(_, lease_ends)| *lease_ends)
    }

    pub(super) fn extend(&mut self, number: u64, from: Instant, by: Duration) {
        if let Some((_, lease_ends)) = self.messages.get_mut(&number) {
            *lease_ends = from + by;
        }
    }

    pub(super) fn remember_dead_letter(&mut self, number: u64) {
        if self.dead_lettered.len() >= MAX_REMEMBERED {
            self.dead_lettered.pop_front();
        }
        self.dead_lettered.push_back(number);
    }

    pub(super) fn is_dead_lettered(&self, number: u64) -> bool {
        self.dead_lettered.contains(&number)
    }
}
