//! Forgetting messages, where a queue can.

use super::{jobs, jobs_of, publish, receive_one, sorted, take_all};
use crate::{
    dead_letter::{DeadLetterCause, DeadLetterReason},
    error::Error,
    lane::Lane,
    queue::CrashQueue,
    testkit::Fixture,
};

/// What is in the other lanes, and what is published later, stays.
pub async fn a_purge_forgets_one_lane(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    let ([kept], [later]) = (jobs(), jobs());
    publish(&queue, Lane::Standard, &jobs::<3>()).await;
    publish(&queue, Lane::Priority, std::slice::from_ref(&kept)).await;
    match queue.purge(Lane::Standard).await {
        Ok(None | Some(3)) => {}
        Err(Error::Unsupported { .. }) => return,
        other => panic!("three messages were there: {other:?}"),
    }
    publish(&queue, Lane::Standard, std::slice::from_ref(&later)).await;
    let deliveries = take_all(&queue, 2).await;
    assert_eq!(sorted(jobs_of(&deliveries)), sorted(vec![kept, later]));
}

/// Whoever works on a message may finish it; nobody gets it again. Its dead letters stay.
pub async fn a_purge_forgets_what_is_on_loan(fixture: &dyn Fixture) {
    if !fixture.capabilities().tells_depth {
        return;
    }
    let queue = fixture.queue();
    publish(&queue, Lane::Standard, &jobs::<3>()).await;
    let (dead, leased) = (receive_one(&queue).await, receive_one(&queue).await);
    let cause = DeadLetterCause::new(DeadLetterReason::TooManyAttempts, "it failed");
    queue.dead_letter(&dead, &cause).await.unwrap();
    match queue.purge(Lane::Standard).await {
        Err(Error::Unsupported { .. }) => return,
        purged => assert_eq!(purged.unwrap(), Some(2)),
    }
    queue.ack(&leased.receipt).await.unwrap();
    let depth = queue.depth().await.unwrap().expect("it can tell its depth");
    assert_eq!((depth.total().outstanding(), depth.total().dead), (0, 1));
    assert_eq!(queue.purge(Lane::Standard).await.unwrap(), Some(0));
}
