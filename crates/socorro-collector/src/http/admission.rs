//! How many bytes of reports are being taken at a time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics;

/// Bytes that one permit stands for.
const UNIT: u64 = 1024;

/// What is counted for a body of unknown length before it comes, and each time it grows beyond that.
const STEP: u64 = 64 * UNIT;

/// Admits reports as long as they have not too many bytes together. Clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    permits: Option<Arc<Semaphore>>,
    most: u32,
    wait: Duration,
    reports: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

/// What one report holds; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Admission,
    permit: Option<OwnedSemaphorePermit>,
    covered: u64,
}

impl Admission {
    /// At most so many bytes, or any number when that is 0.
    pub(crate) fn new(most: u64, wait: Duration) -> Self {
        let units = u32::try_from(most.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let units = units.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        Self {
            permits: (most > 0).then(|| Arc::new(Semaphore::new(units as usize))),
            most: units,
            wait,
            reports: Arc::default(),
            bytes: Arc::default(),
        }
    }

    /// Waits a while for room; `None` when there is none by then.
    pub(crate) async fn admit(&self, declared: Option<u64>) -> Option<Admitted> {
        let covered = declared.unwrap_or(STEP);
        let permit = match &self.permits {
            None => None,
            Some(permits) => {
                let acquire = Arc::clone(permits).acquire_many_owned(self.units(covered));
                let permit = tokio::time::timeout(self.wait, acquire).await;
                Some(permit.ok()?.ok()?)
            }
        };
        let reports = self.reports.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = self.bytes.fetch_add(covered, Ordering::Relaxed) + covered;
        metrics::REQUESTS_IN_FLIGHT.set(reports, &[]);
        metrics::BYTES_IN_FLIGHT.set(bytes, &[]);
        Some(Admitted {
            admission: self.clone(),
            permit,
            covered,
        })
    }

    /// A report that is larger than the whole takes the whole.
    fn units(&self, bytes: u64) -> u32 {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        units.min(self.most)
    }
}

impl Admitted {
    /// Takes what is missing to cover so many bytes; `false` when there is not so much room.
    pub(crate) fn cover(&mut self, received: u64) -> bool {
        if received <= self.covered {
            return true;
        }
        let wanted = received.next_multiple_of(STEP);
        let (have, want) = (
            self.admission.units(self.covered),
            self.admission.units(wanted),
        );
        if let (Some(permits), Some(permit)) = (&self.admission.permits, &mut self.permit) {
            match Arc::clone(permits).try_acquire_many_owned(want.saturating_sub(have)) {
                Ok(more) => permit.merge(more),
                Err(_) => return false,
            }
        }
        let more = wanted - self.covered;
        self.admission.bytes.fetch_add(more, Ordering::Relaxed);
        self.covered = wanted;
        true
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let reports = self.admission.reports.fetch_sub(1, Ordering::Relaxed) - 1;
        let bytes = self
            .admission
            .bytes
            .fetch_sub(self.covered, Ordering::Relaxed)
            - self.covered;
        metrics::REQUESTS_IN_FLIGHT.set(reports, &[]);
        metrics::BYTES_IN_FLIGHT.set(bytes, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_for_room_and_gives_it_back() {
        let admission = Admission::new(100 * UNIT, Duration::from_secs(2));
        let first = admission.admit(Some(60 * UNIT)).await.unwrap();
        assert!(admission.admit(Some(60 * UNIT)).await.is_none());
        drop(first);
        assert!(admission.admit(Some(60 * UNIT)).await.is_some());
        assert!(admission.admit(Some(u64::MAX)).await.is_some());
    }

    #[tokio::test]
    async fn counts_what_was_not_declared() {
        let admission = Admission::new(2 * STEP, Duration::ZERO);
        let mut report = admission.admit(None).await.unwrap();
        assert!(report.cover(STEP));
        assert!(report.cover(STEP + 1));
        assert!(admission.admit(Some(1)).await.is_none());
        drop(report);
        assert!(admission.admit(Some(1)).await.is_some());
    }
}
