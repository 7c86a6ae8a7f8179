//! The conformance suite on Moto's SQS, and what is special about SQS.
//!
//! `scripts/services/sqs-moto.sh` starts a server; every test has queues of its own.

use socorro_core::{CrashId, time::Date};

use super::*;
use crate::testkit::{Capabilities, Fixture};

const ENDPOINT: &str = "SOCORRO_TEST_SQS_ENDPOINT";
/// Short, so that tests need not wait long, and long enough for a busy machine.
const LEASE: Duration = Duration::from_secs(12);

/// A queue with names of its own, if there is a server.
#[derive(Debug)]
struct Moto {
    queue: Arc<SqsQueue>,
    options: SqsOptions,
}

impl Moto {
    async fn new() -> Option<Self> {
        let moto = Self::without_queues().await?;
        moto.queue.create().await.unwrap();
        Some(moto)
    }

    async fn without_queues() -> Option<Self> {
        let Ok(endpoint) = std::env::var(ENDPOINT) else {
            let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!in_ci, "{ENDPOINT} is not set, and CI must not skip tests");
            eprintln!("SKIPPED: set {ENDPOINT} to the address of an SQS server to run this test");
            return None;
        };
        let prefix = format!("t{:x}-", RandomState::new().hash_one(0));
        let options = SqsOptions {
            queue: QueueOptions {
                lease: LEASE,
                ..QueueOptions::default()
            },
            names: SqsNames::with_prefix(&prefix),
            region: Some("us-east-1".to_owned()),
            endpoint: Some(endpoint),
        };
        let queue = SqsQueue::open(options.clone()).await.unwrap();
        Some(Self {
            queue: Arc::new(queue),
            options,
        })
    }

    /// Another handle, as another process would have it.
    async fn another(&self) -> SqsQueue {
        SqsQueue::open(self.options.clone()).await.unwrap()
    }
}

#[async_trait]
impl Fixture for Moto {
    fn queue(&self) -> Arc<dyn CrashQueue> {
        self.queue.clone()
    }

    async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
        self.queue.publish_body(lane, body).await
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            counts_attempts: true,
            counts_lapses: true,
            tells_lost_leases: true,
            ..Capabilities::LEAST
        }
    }
}

crate::conformance_suite!(conformance, Moto::new().await, or_skip);

fn job() -> Job {
    Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
}

#[tokio::test]
async fn queues_that_are_not_there_are_told_with_the_way_out() {
    let Some(moto) = Moto::without_queues().await else {
        return;
    };
    for error in [
        moto.queue.check().await.unwrap_err(),
        moto.queue.receive(1, Duration::ZERO).await.unwrap_err(),
        moto.queue
            .publish(Lane::Standard, &[job()])
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::Missing { .. }), "{error}");
        assert!(
            error.to_string().contains("socorro queue create"),
            "{error}"
        );
    }
    moto.queue.create().await.unwrap();
    moto.queue.create().await.unwrap();
    moto.queue.check().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_outage() {
    let Some(moto) = Moto::without_queues().await else {
        return;
    };
    let options = SqsOptions {
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        ..moto.options
    };
    let queue = SqsQueue::open(options).await.unwrap();
    let error = queue.check().await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn what_another_process_publishes_is_received_while_waiting() {
    let Some(moto) = Moto::new().await else {
        return;
    };
    let another = moto.another().await;
    for lane in Lane::ALL {
        let job = job();
        let receiving = moto.queue.receive(1, Duration::from_secs(10));
        let publishing = async {
            let published = another.publish(lane, std::slice::from_ref(&job)).await;
            published.unwrap().into_result().unwrap();
        };
        let (received, ()) = tokio::join!(receiving, publishing);
        let received = received.unwrap();
        assert_eq!(received.len(), 1, "{lane}");
        assert_eq!(received[0].job(), Some(&job));
        assert_eq!(received[0].lane, lane);
        moto.queue.ack(&received[0].receipt).await.unwrap();
    }
}

#[tokio::test]
async fn depth_and_dead_letters_are_counted() {
    let Some(moto) = Moto::new().await else {
        return;
    };
    let jobs = [job(), job(), job()];
    let published = moto.queue.publish(Lane::Standard, &jobs).await.unwrap();
    published.into_result().unwrap();
    let received = moto.queue.receive(2, Duration::ZERO).await.unwrap();
    let cause = DeadLetterCause::new(crate::DeadLetterReason::BadCrashId, "");
    moto.queue.dead_letter(&received[0], &cause).await.unwrap();
    // Repeating it is no error, and no second letter.
    moto.queue.dead_letter(&received[0], &cause).await.unwrap();
    let depth = moto.queue.depth().await.unwrap().unwrap().standard;
    assert_eq!(
        (depth.waiting, depth.leased, depth.dead),
        (1, 1, 1),
        "{depth:?}"
    );
}
