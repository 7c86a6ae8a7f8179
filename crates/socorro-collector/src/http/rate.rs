//! How often clients may send reports.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::ClientFamily;
use crate::{
    metrics,
    throttle::{Draws, Subject, ThrottleResult, Throttler, Verdict},
};

/// How many buckets are kept.
const BUCKETS: usize = 100_000;

/// The name that the limits have where rules have theirs.
pub(crate) const RULE: &str = "rate_limited";

/// How often clients may send reports: token buckets. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct RateLimits(Arc<Mutex<State>>);

/// Which rates there are, and what becomes of reports beyond them.
#[derive(Debug, Clone, Default)]
pub struct RateSettings {
    /// For each address, or network of 64 bits of IPv6.
    pub address: Option<Rate>,
    /// For each installation: `guid` (Crashpad) or `id` (Firefox: of the product) in the query of the request.
    pub client: Option<Rate>,
    /// For each product, by the annotation `ProductName`; see [`RateLimits::limit_products`].
    pub product: Option<Rate>,
    /// What becomes of reports beyond a rate.
    pub actions: RateActions,
}

/// A rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Reports a second in the long run.
    pub per_second: f64,
    /// Reports at once, from 1.
    pub burst: f64,
}

/// What becomes of a report beyond a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateAction {
    /// It is refused with 429 and `Retry-After`.
    Refuse,
    /// It is taken as a rejected one: 200 and `Discarded=rule_rate_limited`.
    Discard,
    /// The client gets a crash id, and the report is forgotten.
    FakeAccept,
}

/// What becomes of reports beyond a rate, for each family of clients.
#[derive(Debug, Clone)]
pub struct RateActions([RateAction; ClientFamily::ALL.len()]);

/// Which rate a report was beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum By {
    Address,
    Client,
    Product,
}

/// A report beyond a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) action: RateAction,
    pub(crate) retry_after: Duration,
}

#[derive(Debug, Default)]
struct State {
    settings: RateSettings,
    /// By keyed hashes, so that clients cannot choose what falls together, and their addresses are not kept.
    buckets: HashMap<u64, Bucket>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
    rate: Rate,
}

impl Default for RateActions {
    /// Families that know what `Discarded=` means, or lose a report with every failure, are told of success.
    fn default() -> Self {
        Self(ClientFamily::ALL.map(|family| match family {
            ClientFamily::Firefox | ClientFamily::Crashpad | ClientFamily::Sentry => {
                RateAction::Discard
            }
            ClientFamily::Breakpad | ClientFamily::Socorro | ClientFamily::Other => {
                RateAction::Refuse
            }
        }))
    }
}

impl RateActions {
    /// The action for a family.
    #[must_use]
    pub fn get(&self, family: ClientFamily) -> RateAction {
        self.0[family as usize]
    }

    /// Sets the action for a family.
    ///
    /// # Errors
    ///
    /// [`RateAction::Refuse`] for Crashpad: it sends each report once, and a refused one is lost.
    pub fn set(&mut self, family: ClientFamily, action: RateAction) -> Result<(), String> {
        if family == ClientFamily::Crashpad && action == RateAction::Refuse {
            return Err(
                "Crashpad never sends a refused report again: use discard or fake_accept for it"
                    .to_owned(),
            );
        }
        self.0[family as usize] = action;
        Ok(())
    }
}

impl RateAction {
    fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Discard => "discard",
            Self::FakeAccept => "fake_accept",
        }
    }
}

impl std::str::FromStr for RateAction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "429" | "refuse" => Ok(Self::Refuse),
            "discard" => Ok(Self::Discard),
            "fake_accept" => Ok(Self::FakeAccept),
            _ => Err(format!(
                "unknown action {text:?} of a rate limit: use 429, discard or fake_accept"
            )),
        }
    }
}

impl RateLimits {
    /// Limits with these settings.
    #[must_use]
    pub fn new(settings: RateSettings) -> Self {
        let limits = Self::default();
        limits.replace(settings);
        limits
    }

    /// Takes other settings from now on.
    pub fn replace(&self, settings: RateSettings) {
        let mut state = self.state();
        state.buckets.clear();
        state.settings = settings;
    }

    /// A throttler that decides like `throttler`, and discards what goes beyond the rate of its product.
    ///
    /// The product is known once a report is read: so the place of this limit is behind the rules.
    #[must_use]
    pub fn limit_products(&self, throttler: Arc<dyn Throttler>) -> Arc<dyn Throttler> {
        Arc::new(ProductLimit {
            limits: self.clone(),
            throttler,
        })
    }

    /// Counts a report; `Some` when it is beyond a rate.
    pub(crate) fn count(&self, by: By, key: impl Hash, family: ClientFamily) -> Option<Limited> {
        let mut state = self.state();
        let retry_after = state.count(by, key, Instant::now())?;
        let action = state.settings.actions.get(family);
        drop(state);
        let by = match by {
            By::Address => "address",
            By::Client => "client",
            By::Product => "product",
        };
        metrics::RATE_LIMITED.count(&[("by", by.into()), ("action", action.name().into())]);
        Some(Limited {
            action,
            retry_after,
        })
    }

    /// What becomes of a report from this family that is beyond a rate.
    pub(crate) fn action(&self, family: ClientFamily) -> RateAction {
        self.state().settings.actions.get(family)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a token; without one, tells when there will be one.
    fn count(&mut self, by: By, key: impl Hash, now: Instant) -> Option<Duration> {
        let rate = match by {
            By::Address => self.settings.address,
            By::Client => self.settings.client,
            By::Product => self.settings.product,
        }?;
        let key = self.hasher.hash_one((by, key));
        if self.buckets.len() >= BUCKETS && !self.buckets.contains_key(&key) {
            self.make_room(now);
        }
        let fresh = Bucket {
            tokens: rate.burst.max(1.0),
            at: now,
            rate,
        };
        let bucket = self.buckets.entry(key).or_insert(fresh);
        bucket.tokens = bucket.tokens_at(now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return None;
        }
        let seconds = (1.0 - bucket.tokens) / rate.per_second;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3600)))
    }

    /// Forgets buckets that are full, and if there are none, all of them: rather a report too many than one lost.
    fn make_room(&mut self, now: Instant) {
        self.buckets
            .retain(|_, bucket| bucket.tokens_at(now) < bucket.rate.burst);
        if self.buckets.len() >= BUCKETS {
            self.buckets.clear();
        }
    }
}

impl Bucket {
    fn tokens_at(&self, now: Instant) -> f64 {
        let gained = (now - self.at).as_secs_f64() * self.rate.per_second;
        (self.tokens + gained).min(self.rate.burst.max(1.0))
    }
}

/// See [`RateLimits::limit_products`].
#[derive(Debug)]
struct ProductLimit {
    limits: RateLimits,
    throttler: Arc<dyn Throttler>,
}

impl Throttler for ProductLimit {
    fn throttle(&self, subject: &Subject<'_>, draws: &mut dyn Draws) -> Verdict {
        let verdict = self.throttler.throttle(subject, draws);
        if !matches!(
            verdict.result,
            ThrottleResult::Accept | ThrottleResult::Defer
        ) {
            return verdict;
        }
        let product = subject.annotations.get("ProductName");
        let product = product.and_then(serde_json::Value::as_str).unwrap_or("");
        let family = subject
            .user_agent
            .map_or(ClientFamily::Other, ClientFamily::of_user_agent);
        let Some(limited) = self.limits.count(By::Product, product, family) else {
            return verdict;
        };
        let result = match limited.action {
            RateAction::FakeAccept => ThrottleResult::FakeAccept,
            // The service refuses what this rule rejected where that is the action.
            RateAction::Refuse | RateAction::Discard => ThrottleResult::Reject,
        };
        Verdict {
            result,
            rule: RULE.into(),
            percentage: 100.0,
            stop_sending: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throttle::{FixedDraws, Rules};

    const TWO_THEN_ONE_A_SECOND: Rate = Rate {
        per_second: 1.0,
        burst: 2.0,
    };

    #[tokio::test(start_paused = true)]
    async fn buckets_fill_again() {
        let limits = RateLimits::new(RateSettings {
            address: Some(TWO_THEN_ONE_A_SECOND),
            ..RateSettings::default()
        });
        let count = |key| limits.count(By::Address, key, ClientFamily::Other);
        assert_eq!(count("a"), None);
        assert_eq!(count("a"), None);
        let limited = count("a").unwrap();
        assert_eq!(limited.action, RateAction::Refuse);
        assert_eq!(limited.retry_after, Duration::from_secs(1));
        assert_eq!(count("b"), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(count("a"), None);
        assert!(count("a").is_some());
        assert_eq!(limits.count(By::Client, "a", ClientFamily::Other), None);
    }

    #[test]
    fn crashpad_is_never_refused() {
        let mut actions = RateActions::default();
        assert_ne!(actions.get(ClientFamily::Crashpad), RateAction::Refuse);
        actions
            .set(ClientFamily::Crashpad, RateAction::Refuse)
            .unwrap_err();
        actions
            .set(ClientFamily::Crashpad, RateAction::FakeAccept)
            .unwrap();
        assert_eq!(actions.get(ClientFamily::Crashpad), RateAction::FakeAccept);
    }

    #[test]
    fn buckets_are_bounded() {
        let limits = RateLimits::new(RateSettings {
            client: Some(TWO_THEN_ONE_A_SECOND),
            ..RateSettings::default()
        });
        for key in 0..=BUCKETS {
            limits.count(By::Client, key, ClientFamily::Other);
        }
        assert!(limits.state().buckets.len() <= BUCKETS);
    }

    #[test]
    fn products_have_rates_behind_the_rules() {
        let limits = RateLimits::new(RateSettings {
            product: Some(Rate {
                per_second: 0.001,
                burst: 1.0,
            }),
            ..RateSettings::default()
        });
        let throttler = limits.limit_products(Arc::new(Rules::open()));
        let decide = |product: &str| {
            let annotations = serde_json::json!({"ProductName": product});
            let subject = Subject {
                annotations: annotations.as_object().unwrap(),
                main_dump_size: None,
                main_dump_sha256: None,
                user_agent: Some("Crashpad/0.8.0"),
                now: jiff::Timestamp::UNIX_EPOCH,
            };
            let verdict = throttler.throttle(&subject, &mut FixedDraws::default());
            (verdict.result, &*verdict.rule == RULE)
        };
        assert_eq!(decide("Acme"), (ThrottleResult::Accept, false));
        assert_eq!(decide("Acme"), (ThrottleResult::Reject, true));
        assert_eq!(decide("Other"), (ThrottleResult::Accept, false));
        let mut actions = RateActions::default();
        let fake = actions.set(ClientFamily::Crashpad, RateAction::FakeAccept);
        fake.unwrap();
        limits.state().settings.actions = actions;
        assert_eq!(decide("Other"), (ThrottleResult::FakeAccept, true));
    }
}
