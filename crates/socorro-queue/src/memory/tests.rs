//! The conformance suite, and what is special about memory.

use std::sync::Arc;

use socorro_core::{CrashId, time::ManualClock};

use super::*;
use crate::testkit::{Capabilities, Fixture};

struct Memory {
    queue: Arc<MemoryQueue>,
    clock: Arc<ManualClock>,
}

impl Memory {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05Z".parse().unwrap()));
        let options = QueueOptions {
            environment: Environment::new(clock.clone(), "testhost"),
            ..QueueOptions::default()
        };
        let queue = Arc::new(MemoryQueue::new(options).unwrap());
        Self { queue, clock }
    }
}

#[async_trait]
impl Fixture for Memory {
    fn queue(&self) -> Arc<dyn CrashQueue> {
        self.queue.clone()
    }

    async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
        self.queue.publish_body(lane, body)
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }
}

crate::conformance_suite!(conformance, Memory::new());

fn job() -> Job {
    Job::new(CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap())
}

#[tokio::test]
async fn what_a_backend_cannot_do_is_told() {
    let error = MemoryQueue::default().delete().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "queue memory: cannot be deleted from here"
    );
    assert!(!error.is_temporary());
}

#[tokio::test(start_paused = true)]
async fn waiting_takes_as_long_as_it_was_told() {
    let queue = MemoryQueue::default();
    let started = Instant::now();
    let wait = Duration::from_secs(20);
    assert_eq!(queue.receive(1, wait).await.unwrap(), []);
    let waited = started.elapsed();
    assert!(
        (wait..wait + Duration::from_secs(1)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn absurd_waits_and_batches_are_cut() {
    let queue = MemoryQueue::default();
    let started = Instant::now();
    assert_eq!(queue.receive(usize::MAX, Duration::MAX).await.unwrap(), []);
    assert!(started.elapsed() <= MAX_WAIT + Duration::from_secs(1));

    let jobs = vec![job(); 150];
    queue
        .publish(Lane::Standard, &jobs)
        .await
        .unwrap()
        .into_result()
        .unwrap();
    let received = queue.receive(usize::MAX, Duration::ZERO).await.unwrap();
    assert_eq!(received.len(), MAX_RECEIVED);
    let receipt = &received[0].receipt;
    queue.extend(receipt, Duration::MAX).await.unwrap();
    queue
        .nack(receipt, Duration::MAX, Blame::Nobody)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_waits_sees_the_clock_move() {
    let memory = Memory::new();
    let queue = &memory.queue;
    queue
        .publish(Lane::Standard, &[job()])
        .await
        .unwrap()
        .into_result()
        .unwrap();
    let first = queue.receive(1, Duration::ZERO).await.unwrap().remove(0);
    let started = Instant::now();
    let (second, ()) = tokio::join!(queue.receive(1, Duration::from_secs(20)), async {
        tokio::task::yield_now().await;
        memory.clock.advance(memory.queue.lease);
    });
    assert_eq!(second.unwrap()[0].raw_body, first.raw_body);
    assert!(
        started.elapsed() <= LOOK_AT_CLOCK * 2,
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let queue = MemoryQueue::default();
    let body = Bytes::from(vec![b'x'; MAX_BODY_BYTES + 1]);
    let error = queue.publish_body(Lane::Standard, body).unwrap_err();
    assert!(matches!(error, Error::BodyTooLarge { .. }), "{error}");
}
