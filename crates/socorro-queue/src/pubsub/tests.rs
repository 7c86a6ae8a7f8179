//! The conformance suite on Google's emulator, and what is special about Pub/Sub.
//!
//! `scripts/services/pubsub-emulator.sh` starts an emulator; every test has topics of its own.

use google_cloud_auth::credentials::anonymous;
use google_cloud_pubsub::client::{SubscriptionAdmin, TopicAdmin};
use socorro_core::{CrashId, time::Date};

use super::*;
use crate::testkit::{Capabilities, Fixture};

const EMULATOR: &str = "PUBSUB_EMULATOR_HOST";
const PROJECT: &str = "test";
/// Short, so that tests need not wait long, and long enough for a busy machine.
const LEASE: Duration = Duration::from_secs(2);
/// Far longer than anything takes. The emulator sends a message to streams that have ended, too, and
/// to the next one only ten seconds later; how often is up to chance, and was a minute at most.
const PATIENCE: Duration = Duration::from_secs(600);

/// A queue with topics of its own, if there is an emulator.
#[derive(Debug)]
struct Emulator {
    queue: Arc<PubsubQueue>,
    options: PubsubOptions,
    capabilities: Capabilities,
}

impl Emulator {
    /// With subscriptions as we make them.
    async fn ours() -> Option<Self> {
        let options = options()?;
        let queue = PubsubQueue::open(PROJECT, options.clone()).await.unwrap();
        queue.create().await.unwrap();
        let capabilities = Capabilities {
            counts_attempts: true,
            counts_lapses: true,
            tells_lost_leases: true,
            quick: true,
            ..Capabilities::LEAST
        };
        Some(Self {
            queue: Arc::new(queue),
            options,
            capabilities,
        })
    }

    /// With subscriptions as Socorro's tools make them: nothing is confirmed, nothing counted.
    async fn theirs() -> Option<Self> {
        let options = options()?;
        for lane in Lane::ALL {
            subscribe_plainly(&options, options.names.lane(lane)).await;
        }
        let queue = PubsubQueue::open(PROJECT, options.clone()).await.unwrap();
        queue.create().await.unwrap();
        let capabilities = Capabilities {
            tells_lost_leases: true,
            quick: true,
            ..Capabilities::LEAST
        };
        Some(Self {
            queue: Arc::new(queue),
            options,
            capabilities,
        })
    }

    /// Another handle, as another process would have it.
    async fn another(&self) -> PubsubQueue {
        let options = self.options.clone();
        PubsubQueue::open(PROJECT, options).await.unwrap()
    }
}

/// The options of a queue with names of its own, if there is an emulator.
fn options() -> Option<PubsubOptions> {
    let queue = QueueOptions {
        lease: LEASE,
        ..QueueOptions::default()
    };
    let mut options = PubsubOptions::from(queue);
    if options.emulator.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "{EMULATOR} is not set, and CI must not skip tests");
        eprintln!("SKIPPED: set {EMULATOR} to the address of an emulator to run this test");
        return None;
    }
    let prefix = format!("t{:x}-", RandomState::new().hash_one(0));
    options.names = PubsubNames::with_prefix(&prefix);
    Some(options)
}

/// Makes a topic and a subscription with nothing set.
async fn subscribe_plainly(options: &PubsubOptions, lane: &PubsubLane) {
    let endpoint = format!("http://{}", options.emulator.as_ref().unwrap());
    let credentials = anonymous::Builder::new().build();
    let topics = TopicAdmin::builder()
        .with_endpoint(&endpoint)
        .with_credentials(credentials.clone());
    let subscriptions = SubscriptionAdmin::builder()
        .with_endpoint(&endpoint)
        .with_credentials(credentials);
    let topic = format!("projects/{PROJECT}/topics/{}", lane.topic);
    let subscription = format!("projects/{PROJECT}/subscriptions/{}", lane.subscription);
    let (topics, subscriptions) = (topics.build().await, subscriptions.build().await);
    let made = topics.unwrap().create_topic().set_name(&topic).send();
    made.await.unwrap();
    subscriptions
        .unwrap()
        .create_subscription()
        .set_name(subscription)
        .set_topic(topic)
        .send()
        .await
        .unwrap();
}

#[async_trait]
impl Fixture for Emulator {
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
        self.capabilities
    }
}

crate::conformance_suite!(ours, Emulator::ours().await, or_skip);
crate::conformance_suite!(theirs, Emulator::theirs().await, or_skip);

fn job() -> Job {
    Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
}

async fn publish(queue: &PubsubQueue, jobs: &[Job]) {
    let report = queue.publish(Lane::Standard, jobs).await.unwrap();
    report.into_result().unwrap();
}

async fn receive_one(queue: &PubsubQueue) -> Delivery {
    queue.receive(1, PATIENCE).await.unwrap().remove(0)
}

/// One of two new messages; the queue may have brought the other one, too.
async fn one_of_two(queue: &PubsubQueue) -> Delivery {
    // Makes it bring up to two messages at a time.
    assert_eq!(queue.receive(2, Duration::ZERO).await.unwrap(), []);
    publish(queue, &[job(), job()]).await;
    receive_one(queue).await
}

/// What is on the topic of dead letters is what an operator sees.
#[tokio::test]
async fn a_dead_letter_is_published_with_its_reason() {
    let Some(emulator) = Emulator::ours().await else {
        return;
    };
    let queue = &emulator.queue;
    publish(queue, &[job()]).await;
    let delivery = receive_one(queue).await;
    let cause = DeadLetterCause::new(crate::DeadLetterReason::CorruptRawCrash, "not JSON");
    queue.dead_letter(&delivery, &cause).await.unwrap();

    // Read as a lane of another queue.
    let mut options = emulator.options.clone();
    options.names.standard = options.names.dead_letters.clone();
    let dead_letters = PubsubQueue::open(PROJECT, options).await.unwrap();
    let letter = receive_one(&dead_letters).await;
    assert_eq!(letter.raw_body, delivery.raw_body);
    assert_eq!(letter.published_at, delivery.published_at);
    let message = dead_letters.number(&letter.receipt).unwrap();
    assert!(dead_letters.inbox.envelope(message).is_some());
}

/// Another process has it, though this one lives on and would keep it for itself.
#[tokio::test]
async fn a_pause_returns_what_was_brought_in_advance() {
    let Some(emulator) = Emulator::ours().await else {
        return;
    };
    let queue = &emulator.queue;
    let first = one_of_two(queue).await;
    // A message on loan would keep the connection of the stream, and as long as there is one the
    // emulator goes on to send to streams that were closed.
    queue.ack(&first.receipt).await.unwrap();
    queue.pause().await;
    let other = emulator.another().await;
    let second = receive_one(&other).await;
    assert_ne!(second.raw_body, first.raw_body);
    other.ack(&second.receipt).await.unwrap();
}

/// What is on loan stays on loan, and receiving begins anew.
#[tokio::test]
async fn a_pause_leaves_what_is_on_loan() {
    let Some(emulator) = Emulator::ours().await else {
        return;
    };
    let queue = &emulator.queue;
    publish(queue, &[job()]).await;
    let first = receive_one(queue).await;
    queue.pause().await;
    queue.extend(&first.receipt, PATIENCE * 2).await.unwrap();
    // Confirmed by the service.
    queue.ack(&first.receipt).await.unwrap();
    publish(queue, &[job()]).await;
    let second = receive_one(queue).await;
    assert_ne!(second.raw_body, first.raw_body);
    queue.ack(&second.receipt).await.unwrap();
}

/// The other one goes back although the connection stays for the one on loan.
#[tokio::test]
async fn a_pause_keeps_nothing_that_came_together_with_what_is_on_loan() {
    let Some(emulator) = Emulator::ours().await else {
        return;
    };
    let queue = &emulator.queue;
    let first = one_of_two(queue).await;
    queue.extend(&first.receipt, PATIENCE).await.unwrap();
    queue.pause().await;
    assert_eq!(queue.receive(1, Duration::ZERO).await.unwrap(), []);
    queue.extend(&first.receipt, PATIENCE).await.unwrap();
    // Confirmed by the service.
    queue.ack(&first.receipt).await.unwrap();
}

/// Nobody gets it before, in this process or another.
#[tokio::test]
async fn a_delay_outlives_the_process() {
    let Some(emulator) = Emulator::ours().await else {
        return;
    };
    let other = emulator.another().await;
    publish(&other, &[job()]).await;
    let first = receive_one(&other).await;
    let delay = LEASE * 2;
    let given_back = Instant::now();
    other
        .nack(&first.receipt, delay, Blame::Crash)
        .await
        .unwrap();
    other.pause().await;
    drop(other);

    let second = receive_one(&emulator.queue).await;
    assert!(given_back.elapsed() >= delay, "{:?}", given_back.elapsed());
    assert_eq!((second.failures, second.raw_body), (1, first.raw_body));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let Some(options) = options() else {
        return;
    };
    let queue = PubsubQueue::open(PROJECT, options).await.unwrap();
    let error = queue.check().await.unwrap_err();
    assert!(
        error.to_string().contains("socorro queue create"),
        "{error}"
    );
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    assert!(error.to_string().contains("-standard"), "{error}");
    let error = queue.receive(1, PATIENCE).await.unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    let error = queue.publish(Lane::Priority, &[job()]).await.unwrap_err();
    assert!(error.to_string().contains("-priority"), "{error}");
    // Making it is all it takes.
    queue.create().await.unwrap();
    queue.create().await.unwrap();
    queue.check().await.unwrap();
    publish(&queue, &[job()]).await;
    let mut received = queue.receive(1, PATIENCE).await;
    while matches!(&received, Err(Error::Missing { .. })) {
        // The streams of the other lanes failed as well.
        received = queue.receive(1, PATIENCE).await;
    }
    assert_eq!(received.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_at_the_address_is_an_outage() {
    let options = PubsubOptions {
        emulator: Some("127.0.0.1:9".to_owned()),
        ..PubsubOptions::default()
    };
    let queue = PubsubQueue::open(PROJECT, options).await.unwrap();
    let error = queue.receive(1, PATIENCE).await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
}
