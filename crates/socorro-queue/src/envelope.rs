//! What travels with a message on services that let nobody change a message.
//!
//! Such a service counts deliveries at most. A message that is given back is therefore published
//! anew, with everything known of it as attributes, and the delivery is acked only then. A message
//! as a collector publishes it has no attributes.

use std::time::Duration;

use bytes::Bytes;
use socorro_core::time::Timestamp;

use crate::{
    dead_letter::DeadLetterCause,
    delivery::{Blame, Delivery, Receipt},
    lane::Lane,
};

const ATTEMPT: &str = "attempt";
const FAILURES: &str = "failures";
pub(crate) const LAPSES: &str = "lapses";
const PUBLISHED_AT: &str = "published_at";
const FIRST_RECEIVED_AT: &str = "first_received_at";
const DUE_AT: &str = "due_at";
const LANE: &str = "lane";
const REASON: &str = "reason";
const LAST_ERROR: &str = "last_error";
const DEAD_LETTERED_AT: &str = "dead_lettered_at";
const HOST: &str = "host";

/// The attributes that are read.
#[cfg(test)]
pub(crate) const READ: [&str; 6] = [
    ATTEMPT,
    FAILURES,
    LAPSES,
    PUBLISHED_AT,
    FIRST_RECEIVED_AT,
    DUE_AT,
];

/// Longest error text in an attribute, in bytes: Pub/Sub allows 1024.
const MAX_ERROR_LENGTH: usize = 1024;

/// Attributes as they are published.
pub(crate) type Attributes = Vec<(&'static str, String)>;

/// One delivery of a message, with what is known of the earlier ones.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) lane: Lane,
    pub(crate) body: Bytes,
    /// How often the message has been delivered, this time included.
    attempt: u32,
    failures: u32,
    lapses: u32,
    published_at: Timestamp,
    first_received_at: Timestamp,
    /// Nobody is to have the message before this.
    #[cfg_attr(
        not(any(test, feature = "pubsub")),
        expect(dead_code, reason = "SQS delays messages itself")
    )]
    due_at: Option<Timestamp>,
}

/// What a service tells of one delivery.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    /// How often this publication was delivered, this time included; 1 where that is not known.
    pub(crate) deliveries: u32,
    /// When this publication was made.
    pub(crate) published_at: Timestamp,
    pub(crate) now: Timestamp,
}

impl Envelope {
    /// Reads what the attributes say of earlier deliveries. Those that cannot be read are ignored.
    pub(crate) fn read<'a>(
        lane: Lane,
        body: Bytes,
        received: Received,
        attribute: impl Fn(&str) -> Option<&'a str>,
    ) -> Self {
        let count = |name| {
            let text = attribute(name)?;
            text.parse::<u32>().ok()
        };
        let time = |name| {
            let text = attribute(name)?;
            text.parse::<Timestamp>().ok()
        };
        let deliveries = received.deliveries.max(1);
        Self {
            lane,
            body,
            attempt: count(ATTEMPT).unwrap_or(0).saturating_add(deliveries),
            failures: count(FAILURES).unwrap_or(0),
            // Whoever gives a message back publishes it anew.
            lapses: count(LAPSES).unwrap_or(0).saturating_add(deliveries - 1),
            published_at: time(PUBLISHED_AT).unwrap_or(received.published_at),
            first_received_at: time(FIRST_RECEIVED_AT).unwrap_or(received.now),
            due_at: time(DUE_AT),
        }
    }

    /// How long nobody is to have the message yet.
    #[cfg(any(test, feature = "pubsub"))]
    pub(crate) fn wait(&self, now: Timestamp) -> Duration {
        let wait = self.due_at.map(|due_at| due_at.duration_since(now));
        wait.and_then(|wait| Duration::try_from(wait).ok())
            .unwrap_or_default()
    }

    /// What a receiver gets.
    pub(crate) fn delivery(&self, receipt: Receipt) -> Delivery {
        Delivery::new(
            self.lane,
            receipt,
            self.attempt,
            self.published_at,
            self.body.clone(),
        )
        .after(self.failures, self.lapses)
    }

    /// The attributes under which the message is published when it is given back.
    pub(crate) fn given_back(&self, due_at: Option<Timestamp>, blame: Blame) -> Attributes {
        let failed = u32::from(blame == Blame::Crash);
        let mut attributes = self.history();
        attributes.push((FAILURES, self.failures.saturating_add(failed).to_string()));
        attributes.extend(due_at.map(|due_at| (DUE_AT, due_at.to_string())));
        attributes
    }

    /// The attributes of its dead letter.
    pub(crate) fn dead_letter(
        &self,
        cause: &DeadLetterCause,
        now: Timestamp,
        host: &str,
    ) -> Attributes {
        let error = &cause.last_error;
        let end = error.floor_char_boundary(MAX_ERROR_LENGTH);
        let mut attributes = self.history();
        attributes.extend([
            (FAILURES, self.failures.to_string()),
            (LANE, self.lane.to_string()),
            (REASON, cause.reason.to_string()),
            (LAST_ERROR, error[..end].to_owned()),
            (DEAD_LETTERED_AT, now.to_string()),
            (HOST, host.to_owned()),
        ]);
        attributes
    }

    fn history(&self) -> Attributes {
        vec![
            (ATTEMPT, self.attempt.to_string()),
            (LAPSES, self.lapses.to_string()),
            (PUBLISHED_AT, self.published_at.to_string()),
            (FIRST_RECEIVED_AT, self.first_received_at.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::DeadLetterReason;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn received(attributes: &Attributes, deliveries: u32, second: i64) -> Envelope {
        let received = Received {
            deliveries,
            published_at: at(second),
            now: at(second + 1),
        };
        Envelope::read(Lane::Standard, Bytes::new(), received, |name| {
            let found = attributes.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.as_str())
        })
    }

    #[test]
    fn counts_and_times_survive_being_given_back() {
        let first = received(&Vec::new(), 1, 100);
        let delivery = first.delivery(Receipt::new("r"));
        assert_eq!(
            (delivery.attempt, delivery.failures, delivery.lapses),
            (1, 0, 0)
        );
        // Its second publication is delivered three times: two leases ran out.
        let second = received(&first.given_back(Some(at(300)), Blame::Crash), 3, 200);
        let delivery = second.delivery(Receipt::new("r"));
        assert_eq!(
            (delivery.attempt, delivery.failures, delivery.lapses),
            (4, 1, 2)
        );
        assert_eq!(delivery.published_at, at(100));
        assert_eq!(second.first_received_at, at(101));
        assert_eq!(second.wait(at(250)), Duration::from_secs(50));
        assert_eq!(second.wait(at(301)), Duration::ZERO);

        let third = received(&second.given_back(None, Blame::Nobody), 1, 400);
        let delivery = third.delivery(Receipt::new("r"));
        assert_eq!(
            (delivery.attempt, delivery.failures, delivery.lapses),
            (5, 1, 2)
        );
        assert_eq!(third.wait(at(0)), Duration::ZERO);
    }

    #[test]
    fn a_dead_letter_says_why_in_few_words() {
        let envelope = received(&Vec::new(), 1, 100);
        let cause = DeadLetterCause::new(DeadLetterReason::TooManyAttempts, "ä".repeat(2000));
        let attributes = envelope.dead_letter(&cause, at(500), "here");
        let value = |name| &attributes.iter().find(|(key, _)| *key == name).unwrap().1;
        assert_eq!(value(REASON), "too_many_attempts");
        assert_eq!(value(LAST_ERROR).len(), MAX_ERROR_LENGTH);
        assert_eq!(
            (value(LANE).as_str(), value(HOST).as_str()),
            ("standard", "here")
        );
        assert_eq!(value(FIRST_RECEIVED_AT), "1970-01-01T00:01:41Z");
    }

    proptest! {
        #[test]
        fn no_attributes_can_do_harm(values in proptest::collection::vec(".{0,24}", 6), deliveries: u32) {
            let attributes: Attributes = READ.into_iter().zip(values).collect();
            let envelope = received(&attributes, deliveries, 100);
            envelope.wait(at(0));
            let delivery = envelope.delivery(Receipt::new("r"));
            prop_assert!(delivery.attempt >= 1);
            received(&envelope.given_back(None, Blame::Crash), u32::MAX, 100);
        }
    }
}
