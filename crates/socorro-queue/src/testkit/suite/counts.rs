//! What the queue remembers of earlier deliveries.

use std::time::Duration;

use super::{one_leased, receive_one};
use crate::{
    dead_letter::{DeadLetterCause, DeadLetterReason},
    delivery::Blame,
    queue::CrashQueue,
    testkit::Fixture,
};

/// However the message came back.
pub async fn attempts_are_counted(fixture: &dyn Fixture) {
    if !fixture.capabilities().counts_attempts {
        return;
    }
    let (queue, mut delivery) = one_leased(fixture).await;
    for attempt in 2..=9 {
        if attempt % 2 == 0 {
            let receipt = &delivery.receipt;
            queue
                .nack(receipt, Duration::ZERO, Blame::Nobody)
                .await
                .unwrap();
        } else {
            fixture.pass(fixture.lease()).await;
        }
        delivery = receive_one(&queue).await;
        assert_eq!(delivery.attempt, attempt);
    }
}

/// Only what the crash is to blame for, whatever happens in between.
pub async fn failures_are_counted_and_outages_are_not(fixture: &dyn Fixture) {
    let (queue, mut delivery) = one_leased(fixture).await;
    assert_eq!(delivery.failures, 0);
    let mut failures = 0;
    for blame in [
        Blame::Nobody,
        Blame::Crash,
        Blame::Nobody,
        Blame::Nobody,
        Blame::Crash,
        Blame::Crash,
    ] {
        let receipt = &delivery.receipt;
        queue.nack(receipt, Duration::ZERO, blame).await.unwrap();
        failures += u32::from(blame == Blame::Crash);
        let next = receive_one(&queue).await;
        assert_eq!(next.failures, failures, "given back with {blame:?}");
        assert_eq!(next.raw_body, delivery.raw_body);
        delivery = next;
    }
    // A lease that runs out is no failure either.
    fixture.pass(fixture.lease()).await;
    assert_eq!(receive_one(&queue).await.failures, failures);
}

/// A failure is counted once, by whoever holds the message.
pub async fn a_lost_lease_counts_no_failure(fixture: &dyn Fixture) {
    let (queue, lost) = one_leased(fixture).await;
    fixture.pass(fixture.lease()).await;
    let held = receive_one(&queue).await;
    for receipt in [&lost.receipt, &held.receipt, &held.receipt] {
        queue
            .nack(receipt, Duration::ZERO, Blame::Crash)
            .await
            .unwrap();
    }
    assert_eq!(receive_one(&queue).await.failures, 1);
}

/// Deliveries that ended without a word, and no others.
pub async fn lapses_are_counted(fixture: &dyn Fixture) {
    if !fixture.capabilities().counts_lapses {
        return;
    }
    let (queue, mut delivery) = one_leased(fixture).await;
    assert_eq!(delivery.lapses, 0);
    for lapses in 1..=3 {
        fixture.pass(fixture.lease()).await;
        delivery = receive_one(&queue).await;
        assert_eq!(delivery.lapses, lapses);
        for blame in [Blame::Nobody, Blame::Crash] {
            let receipt = &delivery.receipt;
            queue.nack(receipt, Duration::ZERO, blame).await.unwrap();
            delivery = receive_one(&queue).await;
            assert_eq!(delivery.lapses, lapses, "given back with {blame:?}");
        }
    }
}

/// A replayed message begins anew.
pub async fn a_dead_letter_tells_failures_and_replay_forgets_them(fixture: &dyn Fixture) {
    if !fixture.capabilities().lists_dead_letters {
        return;
    }
    let (queue, mut delivery) = one_leased(fixture).await;
    for _ in 0..2 {
        let receipt = &delivery.receipt;
        queue
            .nack(receipt, Duration::ZERO, Blame::Crash)
            .await
            .unwrap();
        delivery = receive_one(&queue).await;
    }
    let cause = DeadLetterCause::new(DeadLetterReason::TooManyAttempts, "it failed");
    queue.dead_letter(&delivery, &cause).await.unwrap();
    let dead_letters = queue.dead_letters().expect("it can list dead letters");
    let letter = dead_letters.list(None, 1).await.unwrap().remove(0);
    assert_eq!((letter.failures, letter.attempts), (2, delivery.attempt));

    dead_letters.replay(&letter.id).await.unwrap();
    let replayed = receive_one(&queue).await;
    assert_eq!(
        (replayed.failures, replayed.lapses, replayed.attempt),
        (0, 0, 1)
    );
}
