//! A cache whose missing values are made once, however many ask for them.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::lru::Lru;

/// A bounded cache of values that take long to make.
///
/// The first to ask for a missing value starts a task that makes it; whoever asks meanwhile waits for the same task.
/// The task belongs to nobody: one who gives up waiting does not spoil it for the others.
pub(crate) struct MemoryCache<K, V> {
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    ready: Lru<K, Ready<V>>,
    in_the_making: HashMap<K, watch::Receiver<Option<Arc<V>>>>,
}

struct Ready<V> {
    value: Arc<V>,
    /// When the value is to be made anew; `None` for values that do not age.
    expires: Option<Instant>,
}

/// A value just made.
pub(crate) struct Made<V> {
    pub(crate) value: V,
    /// What it weighs against the capacity, in bytes.
    pub(crate) weight: u64,
    /// How long it may be kept; `None` for values that do not age.
    pub(crate) keep_for: Option<Duration>,
}

impl<K, V> MemoryCache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// A cache of values that weigh no more than `capacity` together, and are no more than `most`.
    pub(crate) fn new(capacity: u64, most: usize) -> Self {
        Self {
            state: Mutex::new(State {
                ready: Lru::new(capacity, most),
                in_the_making: HashMap::new(),
            }),
        }
    }

    /// Finds the value of `key`, or makes it. `None` if the task that was making it died.
    ///
    /// Must be called within a tokio runtime.
    pub(crate) async fn get_or_make<F, M>(self: &Arc<Self>, key: K, make: F) -> Option<Arc<V>>
    where
        F: FnOnce() -> M,
        M: Future<Output = Made<V>> + Send + 'static,
    {
        let (sender, mut receiver) = match self.find(&key) {
            Found::Ready(value) => return Some(value),
            Found::InTheMaking(receiver) => (None, receiver),
            Found::Missing(sender, receiver) => (Some(sender), receiver),
        };
        if let Some(sender) = sender {
            let making = Making {
                cache: Arc::clone(self),
                key,
            };
            let made = make();
            tokio::spawn(async move { making.finish(made.await, &sender) });
        }
        let value = receiver.wait_for(Option::is_some).await.ok()?;
        value.clone()
    }

    /// The sum of the weights of all values, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        self.lock().ready.weight()
    }

    /// Forgets the value of `key` if it is still `value`.
    pub(crate) fn forget(&self, key: &K, value: &Arc<V>) {
        let mut state = self.lock();
        if state
            .ready
            .get(key)
            .is_some_and(|ready| Arc::ptr_eq(&ready.value, value))
        {
            state.ready.remove(key);
        }
    }

    fn find(&self, key: &K) -> Found<V> {
        let mut state = self.lock();
        if let Some(ready) = state.ready.get(key) {
            if ready.expires.is_none_or(|expires| Instant::now() < expires) {
                return Found::Ready(Arc::clone(&ready.value));
            }
            state.ready.remove(key);
        }
        if let Some(receiver) = state.in_the_making.get(key) {
            return Found::InTheMaking(receiver.clone());
        }
        let (sender, receiver) = watch::channel(None);
        state.in_the_making.insert(key.clone(), receiver.clone());
        Found::Missing(sender, receiver)
    }

    /// No code panics while it holds the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Found<V> {
    Ready(Arc<V>),
    InTheMaking(watch::Receiver<Option<Arc<V>>>),
    Missing(
        watch::Sender<Option<Arc<V>>>,
        watch::Receiver<Option<Arc<V>>>,
    ),
}

/// Keeps the place of a value in the making, and clears it even if the task that makes it is dropped or panics.
struct Making<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    cache: Arc<MemoryCache<K, V>>,
    key: K,
}

impl<K, V> Making<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn finish(self, made: Made<V>, sender: &watch::Sender<Option<Arc<V>>>) {
        let value = Arc::new(made.value);
        // What may not be kept goes to those who wait for it and does not displace what may.
        if made.keep_for != Some(Duration::ZERO) {
            let expires = made
                .keep_for
                .and_then(|duration| Instant::now().checked_add(duration));
            let ready = Ready {
                value: Arc::clone(&value),
                expires,
            };
            self.cache
                .lock()
                .ready
                .insert(self.key.clone(), ready, made.weight);
        }
        sender.send_replace(Some(value));
    }
}

impl<K, V> Drop for Making<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.cache.lock().in_the_making.remove(&self.key);
    }
}

impl<K, V> fmt::Debug for MemoryCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    fn made(value: usize, keep_for: Option<Duration>) -> Made<usize> {
        Made {
            value,
            weight: 1,
            keep_for,
        }
    }

    #[tokio::test]
    async fn a_value_is_made_once_for_all_who_wait() {
        let cache = Arc::new(MemoryCache::new(100, 100));
        let calls = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Notify::new());
        let ask = || {
            let (cache, calls, gate) = (Arc::clone(&cache), Arc::clone(&calls), Arc::clone(&gate));
            tokio::spawn(async move {
                let make = || async move {
                    gate.notified().await;
                    made(calls.fetch_add(1, Ordering::SeqCst), None)
                };
                cache.get_or_make("key", make).await
            })
        };
        let impatient = ask();
        let waiting: Vec<_> = (0..5).map(|_| ask()).collect();
        tokio::task::yield_now().await;
        impatient.abort();
        gate.notify_one();
        for waiting in waiting {
            assert_eq!(*waiting.await.unwrap().unwrap(), 0);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_with_an_age_is_made_anew_when_it_is_over() {
        let cache = Arc::new(MemoryCache::new(100, 100));
        let minute = Some(Duration::from_secs(60));
        assert_eq!(
            *cache
                .get_or_make("key", || async move { made(1, minute) })
                .await
                .unwrap(),
            1
        );
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(
            *cache
                .get_or_make("key", || async move { made(2, minute) })
                .await
                .unwrap(),
            1
        );
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(
            *cache
                .get_or_make("key", || async move { made(3, minute) })
                .await
                .unwrap(),
            3
        );
    }

    #[tokio::test]
    async fn a_task_that_dies_leaves_the_place_to_the_next() {
        let cache: Arc<MemoryCache<&str, usize>> = Arc::new(MemoryCache::new(100, 100));
        let died = cache
            .get_or_make("key", || async { panic!("on purpose") })
            .await;
        assert_eq!(died, None);
        assert_eq!(
            *cache
                .get_or_make("key", || async { made(7, None) })
                .await
                .unwrap(),
            7
        );
    }
}
