//! Ack, nack, extend, and what happens without.

use std::time::Duration;

use super::{expect_nothing, job, one_leased, publish, receive_one};
use crate::{
    delivery::{Blame, Receipt},
    error::Error,
    lane::Lane,
    queue::CrashQueue,
    testkit::Fixture,
};

/// A little less than `time`.
fn nearly(time: Duration) -> Duration {
    time * 3 / 4
}

/// `extend` says that the lease is lost.
async fn expect_lost(queue: &dyn CrashQueue, receipt: &Receipt, by: Duration) {
    match queue.extend(receipt, by).await {
        Err(Error::LeaseLost { receipt: lost, .. }) => assert_eq!(&lost, receipt),
        other => panic!("the lease is lost, but extend says {other:?}"),
    }
}

/// While the lease lasts.
pub async fn a_leased_message_is_delivered_to_nobody_else(fixture: &dyn Fixture) {
    let (queue, _delivery) = one_leased(fixture).await;
    expect_nothing(&queue).await;
    fixture.pass(nearly(fixture.lease())).await;
    expect_nothing(&queue).await;
}

/// A receiver that died loses nothing: same message, next attempt, another receipt.
pub async fn a_lease_that_runs_out_brings_the_message_back(fixture: &dyn Fixture) {
    let (queue, first) = one_leased(fixture).await;
    fixture.pass(fixture.lease()).await;
    let second = receive_one(&queue).await;
    assert_eq!(second.raw_body, first.raw_body);
    assert_eq!(second.lane, first.lane);
    assert_ne!(second.receipt, first.receipt);
    if fixture.capabilities().counts_attempts {
        assert_eq!((first.attempt, second.attempt), (1, 2));
        assert_eq!(second.published_at, first.published_at);
    }
}

/// For good.
pub async fn an_acked_message_is_gone(fixture: &dyn Fixture) {
    let (queue, delivery) = one_leased(fixture).await;
    queue.ack(&delivery.receipt).await.unwrap();
    expect_nothing(&queue).await;
    fixture.pass(fixture.lease()).await;
    expect_nothing(&queue).await;
}

/// Nor does anything else done with the receipt of an acked message do harm.
pub async fn an_ack_may_be_repeated(fixture: &dyn Fixture) {
    let (queue, delivery) = one_leased(fixture).await;
    queue.ack(&delivery.receipt).await.unwrap();
    queue.ack(&delivery.receipt).await.unwrap();
    queue
        .nack(&delivery.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    expect_nothing(&queue).await;
}

/// The lease has run out, but nobody else has the message: the work is done all the same.
pub async fn an_ack_that_is_late_still_counts(fixture: &dyn Fixture) {
    if !fixture.capabilities().takes_late_acks {
        return;
    }
    let (queue, delivery) = one_leased(fixture).await;
    fixture.pass(fixture.lease()).await;
    queue.ack(&delivery.receipt).await.unwrap();
    expect_nothing(&queue).await;
}

/// Without a delay, at once.
pub async fn a_nack_brings_the_message_back(fixture: &dyn Fixture) {
    let (queue, first) = one_leased(fixture).await;
    queue
        .nack(&first.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    let second = receive_one(&queue).await;
    assert_eq!(second.raw_body, first.raw_body);
    // The old receipt is worth nothing any more.
    queue.ack(&first.receipt).await.unwrap();
    queue
        .nack(&second.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    receive_one(&queue).await;
}

/// Not before the delay is over, and then at once.
pub async fn a_nack_with_a_delay_brings_it_back_later(fixture: &dyn Fixture) {
    let (queue, first) = one_leased(fixture).await;
    let delay = fixture.lease() * 2;
    queue
        .nack(&first.receipt, delay, Blame::Nobody)
        .await
        .unwrap();
    fixture.pass(nearly(delay)).await;
    expect_nothing(&queue).await;
    fixture.pass(delay).await;
    assert_eq!(receive_one(&queue).await.raw_body, first.raw_body);
}

/// As long as it is extended in time.
pub async fn extending_keeps_the_message(fixture: &dyn Fixture) {
    let (queue, delivery) = one_leased(fixture).await;
    let lease = fixture.lease();
    for _ in 0..5 {
        fixture.pass(nearly(lease)).await;
        queue.extend(&delivery.receipt, lease).await.unwrap();
        expect_nothing(&queue).await;
    }
    queue.ack(&delivery.receipt).await.unwrap();
    fixture.pass(lease).await;
    expect_nothing(&queue).await;
}

/// Not from the end of the lease: to extend twice is not to extend by twice as much.
pub async fn extending_counts_from_now(fixture: &dyn Fixture) {
    let (queue, delivery) = one_leased(fixture).await;
    let lease = fixture.lease();
    queue.extend(&delivery.receipt, lease).await.unwrap();
    queue.extend(&delivery.receipt, lease).await.unwrap();
    fixture.pass(lease).await;
    receive_one(&queue).await;
}

/// Whatever the first receiver does after somebody else has got the message.
pub async fn a_lost_lease_cannot_touch_the_later_delivery(fixture: &dyn Fixture) {
    let (queue, lost) = one_leased(fixture).await;
    fixture.pass(fixture.lease()).await;
    let held = receive_one(&queue).await;

    queue.ack(&lost.receipt).await.unwrap();
    queue
        .nack(&lost.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    expect_nothing(&queue).await;
    // It has not been ended either.
    queue
        .nack(&held.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    assert_eq!(receive_one(&queue).await.raw_body, held.raw_body);
}

/// Lost to another receiver, given back, or ended.
pub async fn a_lost_lease_cannot_be_extended(fixture: &dyn Fixture) {
    if !fixture.capabilities().tells_lost_leases {
        return;
    }
    let lease = fixture.lease();
    let (queue, first) = one_leased(fixture).await;
    fixture.pass(lease).await;
    let second = receive_one(&queue).await;
    expect_lost(&queue, &first.receipt, lease).await;

    queue
        .nack(&second.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    expect_lost(&queue, &second.receipt, lease).await;

    let third = receive_one(&queue).await;
    queue.ack(&third.receipt).await.unwrap();
    expect_lost(&queue, &third.receipt, lease).await;
}

/// A receipt of another queue, or of none.
pub async fn a_strange_receipt_does_no_harm(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    publish(&queue, Lane::Standard, &[job()]).await;
    for text in [
        "",
        "x",
        "1",
        "1.0",
        "-1.-1",
        "99999999999999999999.1",
        "1.1.1",
    ] {
        let receipt = Receipt::new(text);
        queue.ack(&receipt).await.unwrap();
        queue
            .nack(&receipt, Duration::ZERO, Blame::Nobody)
            .await
            .unwrap();
        expect_lost(&queue, &receipt, fixture.lease()).await;
    }
    assert_eq!(receive_one(&queue).await.attempt, 1);
}
