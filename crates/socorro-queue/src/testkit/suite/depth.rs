//! How much is there.

use std::time::Duration;

use super::{jobs, publish, receive_one};
use crate::{
    dead_letter::{DeadLetterCause, DeadLetterReason},
    delivery::Blame,
    depth::QueueDepth,
    lane::Lane,
    queue::CrashQueue,
    testkit::Fixture,
};

async fn depth_of(queue: &dyn CrashQueue) -> QueueDepth {
    queue.depth().await.unwrap().expect("it can tell its depth")
}

/// Waiting, delayed, leased and dead, lane by lane.
pub async fn depth_counts_every_state(fixture: &dyn Fixture) {
    if !fixture.capabilities().tells_depth {
        return;
    }
    let queue = fixture.queue();
    assert_eq!(depth_of(&queue).await, QueueDepth::default());

    publish(&queue, Lane::Standard, &jobs::<5>()).await;
    let (dead, delayed, _leased) = (
        receive_one(&queue).await,
        receive_one(&queue).await,
        receive_one(&queue).await,
    );
    let cause = DeadLetterCause::new(DeadLetterReason::TooManyAttempts, "it failed");
    queue.dead_letter(&dead, &cause).await.unwrap();
    let delay = fixture.lease() * 2;
    queue
        .nack(&delayed.receipt, delay, Blame::Nobody)
        .await
        .unwrap();
    publish(&queue, Lane::Priority, &jobs::<1>()).await;

    let depth = depth_of(&queue).await;
    let standard = depth.lane(Lane::Standard);
    let counts = [
        standard.waiting,
        standard.delayed,
        standard.leased,
        standard.dead,
    ];
    assert_eq!(counts, [2, 1, 1, 1]);
    assert_eq!(standard.outstanding(), 4);
    assert_eq!(depth.priority.waiting, 1);
    assert_eq!(depth.total().waiting, 3);

    // A lease that has run out is waiting again.
    fixture.pass(fixture.lease()).await;
    let standard = depth_of(&queue).await.standard;
    assert_eq!((standard.waiting, standard.leased), (3, 0));
}

/// Counted from its publication, on loan or not.
pub async fn depth_knows_the_oldest(fixture: &dyn Fixture) {
    if !fixture.capabilities().tells_depth {
        return;
    }
    let queue = fixture.queue();
    publish(&queue, Lane::Standard, &jobs::<1>()).await;
    let old = receive_one(&queue).await;
    fixture.pass(fixture.lease()).await;
    publish(&queue, Lane::Standard, &jobs::<1>()).await;

    let age = depth_of(&queue).await.standard.oldest_age.unwrap();
    assert!(age >= fixture.lease(), "{age:?}");
    queue.ack(&old.receipt).await.unwrap();
    let age = depth_of(&queue).await.standard.oldest_age.unwrap();
    assert!(age < fixture.lease(), "{age:?}");
    assert_eq!(depth_of(&queue).await.priority.oldest_age, None::<Duration>);
}
