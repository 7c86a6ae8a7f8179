//! The promises of [`CrashQueue`], one function each. They panic when the queue
//! breaks the promise. Use them through [`conformance_suite!`](crate::conformance_suite).

mod counts;
mod dead_letters;
mod depth;
mod lanes;
mod leases;
mod publishing;
mod purging;
mod receiving;

use std::{sync::Arc, time::Duration};

use socorro_core::{CrashId, time::Date};

pub use self::{
    counts::*, dead_letters::*, depth::*, lanes::*, leases::*, publishing::*, purging::*,
    receiving::*,
};
use super::fixture::Fixture;
use crate::{delivery::Delivery, lane::Lane, message::Job, queue::CrashQueue};

/// Long enough for any message that is there to arrive. Nothing waits so long in a test that
/// passes.
const PATIENCE: Duration = Duration::from_secs(300);
/// Long enough for a message to arrive that should not be there.
const GLIMPSE: Duration = Duration::from_millis(20);

/// New jobs, all different.
fn jobs<const N: usize>() -> [Job; N] {
    std::array::from_fn(|_| job())
}

fn job() -> Job {
    Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
}

async fn publish(queue: &Arc<dyn CrashQueue>, lane: Lane, jobs: &[Job]) {
    let report = queue.publish(lane, jobs).await.unwrap();
    report.into_result().unwrap();
}

/// Receives one message that must be there.
async fn receive_one(queue: &Arc<dyn CrashQueue>) -> Delivery {
    let mut deliveries = queue.receive(1, PATIENCE).await.unwrap();
    assert_eq!(deliveries.len(), 1, "one message was waiting");
    deliveries.remove(0)
}

/// Receives exactly `count` messages, in as many calls as it takes.
async fn receive_all(queue: &Arc<dyn CrashQueue>, count: usize) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while deliveries.len() < count {
        let more = queue.receive(count - deliveries.len(), PATIENCE).await;
        let more = more.unwrap();
        assert!(!more.is_empty(), "{} of {count} came", deliveries.len());
        deliveries.extend(more);
    }
    deliveries
}

/// Receives and acks exactly `count` messages. Each is acked when it comes: on a busy machine a slow
/// server may need longer for all of them than a lease lasts.
async fn take_all(queue: &Arc<dyn CrashQueue>, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let more = queue.receive(count - taken.len(), PATIENCE).await;
        let more = more.unwrap();
        assert!(!more.is_empty(), "{} of {count} came", taken.len());
        // Side by side: Pub/Sub takes a moment to confirm each, and many at once.
        let acks = more.iter().map(|delivery| {
            let (queue, receipt) = (Arc::clone(queue), delivery.receipt.clone());
            tokio::spawn(async move { queue.ack(&receipt).await })
        });
        for ack in acks.collect::<Vec<_>>() {
            ack.await.unwrap().unwrap();
        }
        taken.extend(more);
    }
    taken
}

/// No message may come now.
async fn expect_nothing(queue: &Arc<dyn CrashQueue>) {
    let deliveries = queue.receive(10, GLIMPSE).await.unwrap();
    assert_eq!(deliveries, [], "nothing was waiting");
}

/// A published message, received once.
async fn one_leased(fixture: &dyn Fixture) -> (Arc<dyn CrashQueue>, Delivery) {
    let queue = fixture.queue();
    publish(&queue, Lane::Standard, &[job()]).await;
    let delivery = receive_one(&queue).await;
    (queue, delivery)
}

/// The jobs of deliveries, in order.
fn jobs_of(deliveries: &[Delivery]) -> Vec<Job> {
    deliveries
        .iter()
        .map(|delivery| delivery.job().expect("a job was published").clone())
        .collect()
}

/// The jobs of deliveries, sorted by crash id.
fn sorted(mut jobs: Vec<Job>) -> Vec<Job> {
    jobs.sort_by_key(|job| job.crash_id);
    jobs
}
