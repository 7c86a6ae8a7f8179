//! Remembering versions.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use socorro_core::time::{Clock, SystemClock, Timestamp};

use super::{LookupError, VersionLookup};
use crate::metrics;

/// How many builds are remembered; the one that came first goes first.
const MAX_ENTRIES: usize = 5000;

/// How long answers are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// A version. Default: 24 hours.
    pub version: Duration,
    /// That nothing is known. Default: 30 minutes.
    pub nothing: Duration,
    /// That nobody could be asked. So long nobody is asked about other builds either, so that an
    /// outage does not hold up every crash. Default: 30 seconds.
    pub error: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            version: Duration::from_secs(24 * 60 * 60),
            nothing: Duration::from_secs(30 * 60),
            error: Duration::from_secs(30),
        }
    }
}

type Answer = Result<Option<String>, LookupError>;
/// Product, channel and build id.
type Build = (String, String, String);
/// One build: held locked while somebody asks about it, so that nobody else does at the same time.
type Slot = Arc<tokio::sync::Mutex<Option<(Timestamp, Answer)>>>;

/// A [`VersionLookup`] that remembers what another one answers.
///
/// Crashes of one build come in crowds. At any time at most one question about a build is under
/// way; others that want to know wait for its answer. While the other one is out of order, only
/// what is remembered is answered. At most 5000 builds are remembered.
///
/// ```
/// use socorro_processor::version_lookup::{CachedVersions, NoVersions};
///
/// let versions = CachedVersions::new(NoVersions);
/// ```
pub struct CachedVersions<L> {
    inner: L,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
    builds: Mutex<Builds>,
    /// An error that concerns all builds, and until when.
    outage: Mutex<Option<(Timestamp, LookupError)>>,
}

#[derive(Default)]
struct Builds {
    slots: HashMap<Build, Slot>,
    oldest_first: VecDeque<Build>,
}

impl Builds {
    fn slot(&mut self, build: &Build) -> Slot {
        if let Some(slot) = self.slots.get(build) {
            return Arc::clone(slot);
        }
        if self.slots.len() >= MAX_ENTRIES
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.slots.remove(&oldest);
        }
        self.oldest_first.push_back(build.clone());
        Arc::clone(self.slots.entry(build.clone()).or_default())
    }
}

impl<L: VersionLookup> CachedVersions<L> {
    /// Remembers the answers of `inner` by the clock of this machine.
    pub fn new(inner: L) -> Self {
        Self::with_clock(inner, Lifetimes::default(), Arc::new(SystemClock))
    }

    /// Remembers for so long, by that clock.
    pub fn with_clock(inner: L, lifetimes: Lifetimes, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            lifetimes,
            clock,
            builds: Mutex::default(),
            outage: Mutex::default(),
        }
    }

    fn outage(&self) -> MutexGuard<'_, Option<(Timestamp, LookupError)>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the other one answers, unless it is known to be out of order.
    async fn ask(&self, (product, channel, build_id): &Build) -> (Timestamp, Answer) {
        if let Some((expiry, error)) = &*self.outage()
            && self.clock.now() < *expiry
        {
            return (*expiry, Err(error.clone()));
        }
        let answer = self.inner.version(product, channel, build_id).await;
        let result = if answer.is_ok() { "success" } else { "fail" };
        metrics::VERSION_LOOKUP.count(&[("result", result.into())]);
        let expiry = self.expiry(&answer);
        if let Err(error) = &answer
            && error.is_temporary()
        {
            *self.outage() = Some((expiry, error.clone()));
        }
        (expiry, answer)
    }

    fn expiry(&self, answer: &Answer) -> Timestamp {
        let lifetime = match answer {
            Ok(Some(_)) => self.lifetimes.version,
            Ok(None) => self.lifetimes.nothing,
            Err(error) => error
                .retry_after()
                .unwrap_or_default()
                .max(self.lifetimes.error),
        };
        let now = self.clock.now();
        now.saturating_add(lifetime).unwrap_or(Timestamp::MAX)
    }
}

#[async_trait]
impl<L: VersionLookup> VersionLookup for CachedVersions<L> {
    async fn version(&self, product: &str, channel: &str, build_id: &str) -> Answer {
        let build = (product.to_owned(), channel.to_owned(), build_id.to_owned());
        let slot = self
            .builds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .slot(&build);
        let mut known = slot.lock().await;
        if let Some((expiry, answer)) = &*known
            && self.clock.now() < *expiry
        {
            metrics::VERSION_CACHE.count(&[("result", "hit".into())]);
            return answer.clone();
        }
        metrics::VERSION_CACHE.count(&[("result", "miss".into())]);
        let (expiry, answer) = self.ask(&build).await;
        *known = Some((expiry, answer.clone()));
        answer
    }
}

impl<L: fmt::Debug> fmt::Debug for CachedVersions<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedVersions")
            .field("inner", &self.inner)
            .field("lifetimes", &self.lifetimes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use socorro_core::time::ManualClock;

    /// Answers by the build id, and counts.
    #[derive(Debug, Default)]
    struct Counting {
        asked: AtomicUsize,
        gate: Option<tokio::sync::Semaphore>,
    }

    #[async_trait]
    impl VersionLookup for Counting {
        async fn version(&self, _: &str, _: &str, build_id: &str) -> Answer {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            match build_id {
                "down" => Err(LookupError::Unavailable {
                    service: "test".to_owned(),
                    reason: "down".to_owned(),
                    retry_after: None,
                }),
                "unknown" => Ok(None),
                id => Ok(Some(format!("1.0b{id}"))),
            }
        }
    }

    fn cached(inner: Counting) -> (Arc<CachedVersions<Counting>>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05Z".parse().unwrap()));
        let versions = CachedVersions::with_clock(inner, Lifetimes::default(), clock.clone());
        (Arc::new(versions), clock)
    }

    #[tokio::test]
    async fn answers_are_remembered_for_their_time() {
        for (build_id, lifetime) in [("3", 24 * 60 * 60), ("unknown", 30 * 60), ("down", 30)] {
            let (versions, clock) = cached(Counting::default());
            let ask = || versions.version("P", "beta", build_id);
            let asked = || versions.inner.asked.load(Ordering::SeqCst);
            let first = ask().await;
            clock.advance(Duration::from_secs(lifetime - 1));
            assert_eq!(ask().await, first);
            assert_eq!(asked(), 1, "{build_id}");
            clock.advance(Duration::from_secs(1));
            assert_eq!(ask().await, first);
            assert_eq!(asked(), 2, "{build_id}");
        }
    }

    #[tokio::test]
    async fn an_outage_concerns_all_builds_but_not_what_is_remembered() {
        let (versions, clock) = cached(Counting::default());
        let ask = |build_id: &'static str| versions.version("P", "beta", build_id);
        let known = ask("3").await;
        ask("down").await.unwrap_err();
        ask("4").await.unwrap_err();
        assert_eq!(ask("3").await, known);
        assert_eq!(versions.inner.asked.load(Ordering::SeqCst), 2);
        clock.advance(Duration::from_secs(30));
        assert_eq!(ask("4").await, Ok(Some("1.0b4".to_owned())));
    }

    #[tokio::test]
    async fn one_question_serves_all_who_want_to_know() {
        let (versions, _) = cached(Counting {
            gate: Some(tokio::sync::Semaphore::new(0)),
            ..Counting::default()
        });
        let questions: Vec<_> = (0..10)
            .map(|_| {
                let versions = Arc::clone(&versions);
                tokio::spawn(async move { versions.version("P", "beta", "3").await })
            })
            .collect();
        // On one thread, all have run until they wait once this one runs again.
        tokio::task::yield_now().await;
        versions.inner.gate.as_ref().unwrap().add_permits(1);
        for question in questions {
            assert_eq!(question.await.unwrap(), Ok(Some("1.0b3".to_owned())));
        }
        assert_eq!(versions.inner.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_question_that_is_given_up_is_asked_by_the_next() {
        let (versions, _) = cached(Counting {
            gate: Some(tokio::sync::Semaphore::new(0)),
            ..Counting::default()
        });
        let first = tokio::spawn({
            let versions = Arc::clone(&versions);
            async move { versions.version("P", "beta", "3").await }
        });
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        versions.inner.gate.as_ref().unwrap().add_permits(1);
        let second = versions.version("P", "beta", "3").await;
        assert_eq!(second, Ok(Some("1.0b3".to_owned())));
    }

    #[tokio::test]
    async fn the_build_that_came_first_is_forgotten_first() {
        let (versions, _) = cached(Counting::default());
        for build in 0..=MAX_ENTRIES {
            let _ = versions.version("P", "beta", &build.to_string()).await;
        }
        assert_eq!(versions.builds.lock().unwrap().slots.len(), MAX_ENTRIES);
        let asked = || versions.inner.asked.load(Ordering::SeqCst);
        let before = asked();
        let _ = versions.version("P", "beta", "1").await;
        assert_eq!(asked(), before);
        let _ = versions.version("P", "beta", "0").await;
        assert_eq!(asked(), before + 1);
    }
}
