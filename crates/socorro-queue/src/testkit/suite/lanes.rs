//! Priority, standard, reprocessing.

use std::{sync::Arc, time::Duration};

use super::{jobs, one_leased, publish, receive_one};
use crate::{delivery::Blame, lane::Lane, queue::CrashQueue, testkit::Fixture};

/// The lanes of the next `count` messages, taken and ended one by one.
async fn lanes_of_next(queue: &Arc<dyn CrashQueue>, count: usize) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for _ in 0..count {
        let delivery = receive_one(queue).await;
        queue.ack(&delivery.receipt).await.unwrap();
        lanes.push(delivery.lane);
    }
    lanes
}

/// Before everything that was published earlier, and within one call as well.
pub async fn priority_goes_first(fixture: &dyn Fixture) {
    if !fixture.capabilities().lanes_in_order {
        return;
    }
    let queue = fixture.queue();
    publish(&queue, Lane::Standard, &jobs::<3>()).await;
    publish(&queue, Lane::Reprocessing, &jobs::<3>()).await;
    publish(&queue, Lane::Priority, &jobs::<3>()).await;
    assert_eq!(lanes_of_next(&queue, 2).await, [Lane::Priority; 2]);

    let batch = queue.receive(4, Duration::ZERO).await.unwrap();
    let lanes: Vec<Lane> = batch.iter().map(|delivery| delivery.lane).collect();
    assert_eq!(lanes.len(), 4);
    assert_eq!(lanes[0], Lane::Priority);
    assert!(!lanes[1..].contains(&Lane::Priority), "{lanes:?}");
}

/// While both have messages; neither starves.
pub async fn standard_and_reprocessing_share_five_to_one(fixture: &dyn Fixture) {
    if !fixture.capabilities().lanes_in_order {
        return;
    }
    let queue = fixture.queue();
    publish(&queue, Lane::Reprocessing, &jobs::<10>()).await;
    publish(&queue, Lane::Standard, &jobs::<50>()).await;
    let lanes = lanes_of_next(&queue, 36).await;
    let reprocessing = lanes
        .iter()
        .filter(|lane| **lane == Lane::Reprocessing)
        .count();
    assert_eq!(reprocessing, 6, "{lanes:?}");

    // The same in one call.
    let batch = queue.receive(24, Duration::ZERO).await.unwrap();
    let reprocessing = batch
        .iter()
        .filter(|delivery| delivery.lane == Lane::Reprocessing)
        .count();
    assert_eq!((batch.len(), reprocessing), (24, 4));
}

/// Idle capacity goes to whoever has something.
pub async fn a_lane_alone_gets_everything(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    for lane in Lane::ALL {
        publish(&queue, lane, &jobs::<8>()).await;
        assert_eq!(lanes_of_next(&queue, 8).await, [lane; 8]);
    }
}

/// Given back or run out.
pub async fn a_message_that_comes_back_stays_in_its_lane(fixture: &dyn Fixture) {
    let (queue, delivery) = one_leased(fixture).await;
    queue
        .nack(&delivery.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    assert_eq!(receive_one(&queue).await.lane, delivery.lane);
    fixture.pass(fixture.lease()).await;
    assert_eq!(receive_one(&queue).await.lane, delivery.lane);
}
