//! Knows reports that come a second time.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socorro_core::CrashId;
use tokio::time::Instant;

/// More are not remembered; the oldest are forgotten first.
const MOST: usize = 100_000;

/// What tells a report from others: the SHA-256 of its main minidump, and the product.
pub(crate) type Key = (String, Option<String>);

/// The reports of the last while.
#[derive(Debug)]
pub(crate) struct Dedupe {
    window: Duration,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    ids: HashMap<Key, (CrashId, Instant)>,
    order: VecDeque<(Key, Instant)>,
}

impl Dedupe {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            seen: Mutex::default(),
        }
    }

    /// The id that such a report was given within the window.
    pub(crate) fn find(&self, key: &Key) -> Option<CrashId> {
        let seen = self.seen();
        let (id, when) = seen.ids.get(key)?;
        (when.elapsed() < self.window).then_some(*id)
    }

    /// Remembers a report that is durable.
    pub(crate) fn remember(&self, key: Key, id: CrashId) {
        let now = Instant::now();
        let mut seen = self.seen();
        while let Some((_, when)) = seen.order.front() {
            let over = seen.order.len() >= MOST || now.duration_since(*when) >= self.window;
            let Some((old, when)) = over.then(|| seen.order.pop_front()).flatten() else {
                break;
            };
            if seen.ids.get(&old).is_some_and(|(_, last)| *last == when) {
                seen.ids.remove(&old);
            }
        }
        seen.order.push_back((key.clone(), now));
        seen.ids.insert(key, (id, now));
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socorro_core::time::Date;

    #[tokio::test(start_paused = true)]
    async fn what_is_older_than_the_window_is_forgotten() {
        let dedupe = Dedupe::new(Duration::from_secs(10));
        let id = CrashId::mint(Date::constant(2026, 11, 27), 0);
        let key = |name: &str| (name.to_owned(), None);
        dedupe.remember(key("a"), id);
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(dedupe.find(&key("a")), Some(id));
        assert_eq!(dedupe.find(&key("b")), None);
        assert_eq!(dedupe.find(&("a".into(), Some("Firefox".into()))), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(dedupe.find(&key("a")), None);
        dedupe.remember(key("b"), id);
        assert_eq!(dedupe.seen().ids.len(), 1);
    }
}
