//! How much memory all reports that are being taken may hold together.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What all reports that are being taken may hold in memory together, in bytes.
///
/// Clones share the budget.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    used: Arc<AtomicU64>,
    most: u64,
}

impl MemoryBudget {
    /// A budget of so many bytes; 0 for one without an end.
    #[must_use]
    pub fn new(most: u64) -> Self {
        let used = Arc::new(AtomicU64::new(0));
        Self { used, most }
    }

    /// Bytes that are held at this moment.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// An empty reservation, to be grown.
    #[must_use]
    pub fn reservation(&self) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes: 0,
        }
    }
}

/// What one report holds of a [`MemoryBudget`]; dropping it gives the bytes back.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    bytes: u64,
}

impl Reservation {
    /// Takes `bytes` more. `false` means that there are not so many left, and nothing was taken.
    #[must_use]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let most = match self.budget.most {
            0 => u64::MAX,
            most => most,
        };
        let taken = self
            .budget
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= most)
            });
        if taken.is_ok() {
            self.bytes += bytes;
        }
        taken.is_ok()
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether more than half of the whole budget is taken, so that what can be on disk should be there.
    pub(crate) fn is_scarce(&self) -> bool {
        self.budget.most != 0 && self.budget.used() > self.budget.most / 2
    }

    /// Gives `bytes` back.
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_share_a_budget_and_give_back_what_they_hold() {
        let budget = MemoryBudget::new(100);
        let mut first = budget.reservation();
        let mut second = budget.clone().reservation();
        assert!(first.grow(60) && second.grow(40));
        assert!(!first.grow(1), "nothing is left");
        assert_eq!((budget.used(), first.bytes()), (100, 60));
        second.shrink(1000);
        assert_eq!(budget.used(), 60, "no more is given back than was taken");
        assert!(!second.grow(u64::MAX), "too much to be counted");
        drop(first);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_budget_without_an_end() {
        let budget = MemoryBudget::new(0);
        let mut reservation = budget.reservation();
        assert!(reservation.grow(u64::MAX));
        assert!(!reservation.grow(1));
    }
}
