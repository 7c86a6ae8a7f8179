//! The clients of one project, and what is done with single calls.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::{error::rpc::Code, retry_policy::RetryPolicyExt as _};
use google_cloud_pubsub::{
    client::{BasePublisher, Publisher, Subscriber, SubscriptionAdmin, TopicAdmin},
    error::PublishError,
    model::{DeadLetterPolicy, ExpirationPolicy, Message, Subscription, Topic},
    publisher::PublishFuture,
    retry_policy::RetryableErrors,
    subscriber::MessageStream,
};

use super::{
    config::{PubsubLane, PubsubNames},
    error::ErrorsOf,
};
use crate::{envelope::Attributes, error::Error, lane::Lane, limits::MAX_HOLD};

/// How long a publication is tried.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(30);
/// How long any other call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the service waits for a receiver that does not say how long it wants, as Socorro's own
/// processors do not: as long as it may.
const ACK_DEADLINE_SECONDS: i32 = 600;
/// After so many deliveries of one publication the service itself sets a message aside: as late as
/// it allows. The worker decides long before, and whoever gives a message back begins a new count.
const MAX_DELIVERIES: i32 = 100;

/// Everything that talks to the service.
#[derive(Debug)]
pub(super) struct Client {
    project: String,
    names: PubsubNames,
    /// The connection of all streams that are opened from now on.
    subscriber: Mutex<Subscriber>,
    emulator: Option<String>,
    topics: TopicAdmin,
    subscriptions: SubscriptionAdmin,
    publishers: [Publisher; 3],
    dead_letters: Publisher,
    pub(super) errors: ErrorsOf,
}

impl Client {
    pub(super) async fn connect(
        project: String,
        names: PubsubNames,
        emulator: Option<String>,
        errors: ErrorsOf,
    ) -> Result<Self, Error> {
        let mut publisher = BasePublisher::builder()
            .with_retry_policy(RetryableErrors.with_time_limit(PUBLISH_TIMEOUT));
        let mut topics = TopicAdmin::builder();
        let mut subscriptions = SubscriptionAdmin::builder();
        if let Some(host) = &emulator {
            let endpoint = format!("http://{host}");
            let anonymous = anonymous::Builder::new().build();
            publisher = publisher
                .with_endpoint(&endpoint)
                .with_credentials(anonymous.clone());
            topics = topics
                .with_endpoint(&endpoint)
                .with_credentials(anonymous.clone());
            subscriptions = subscriptions
                .with_endpoint(&endpoint)
                .with_credentials(anonymous);
        }
        let in_words = |error| errors.client(error);
        let publisher = publisher.build().await.map_err(in_words)?;
        let publisher_of = |lane: &PubsubLane| {
            publisher
                .publisher(topic_path(&project, &lane.topic))
                .build()
        };
        Ok(Self {
            subscriber: Mutex::new(
                connect_subscriber(emulator.as_deref())
                    .await
                    .map_err(in_words)?,
            ),
            emulator,
            topics: topics.build().await.map_err(in_words)?,
            subscriptions: subscriptions.build().await.map_err(in_words)?,
            publishers: Lane::ALL.map(|lane| publisher_of(names.lane(lane))),
            dead_letters: publisher_of(&names.dead_letters),
            project,
            names,
            errors,
        })
    }

    /// Publishes to a lane; returns when the service has the message.
    pub(super) async fn publish(&self, lane: Lane, message: Message) -> Result<(), Error> {
        self.published(lane, self.begin_publish(lane, message).await)
    }

    /// Begins to publish to a lane, together with what else is published about now.
    pub(super) fn begin_publish(&self, lane: Lane, message: Message) -> PublishFuture {
        self.publishers[lane.index()].publish(message)
    }

    /// What became of a publication.
    pub(super) fn published(
        &self,
        lane: Lane,
        result: Result<String, PublishError>,
    ) -> Result<(), Error> {
        let topic = &self.names.lane(lane).topic;
        result
            .map(|_| ())
            .map_err(|error| self.errors.publication(&format!("topic {topic}"), error))
    }

    /// Publishes to the topic of dead letters; returns when the service has the message.
    pub(super) async fn publish_dead_letter(&self, message: Message) -> Result<(), Error> {
        let published = self.dead_letters.publish(message).await;
        let topic = &self.names.dead_letters.topic;
        published
            .map(|_| ())
            .map_err(|error| self.errors.publication(&format!("topic {topic}"), error))
    }

    /// Opens a stream of the messages of a lane, if it is received here. No more than `capacity`
    /// of its messages are with us at a time. If this process dies, others get them after `lease`.
    pub(super) fn stream(
        &self,
        lane: Lane,
        capacity: usize,
        lease: Duration,
    ) -> Option<MessageStream> {
        let subscription = &self.names.lane(lane).subscription;
        if subscription.is_empty() {
            return None;
        }
        let stream = self
            .subscriber
            .lock()
            // Nothing panics while it holds the lock.
            .unwrap_or_else(PoisonError::into_inner)
            .subscribe(subscription_path(&self.project, subscription))
            .set_max_outstanding_messages(i64::try_from(capacity).unwrap_or(i64::MAX))
            .set_max_lease_extension(lease)
            // When to stop extending is our decision.
            .set_max_lease(MAX_HOLD * 2)
            .build();
        Some(stream)
    }

    /// Gives the streams that are opened from now on a connection of their own. That of the earlier
    /// ones ends with the last of them, and with it whatever the service still thinks of them: the
    /// emulator goes on to send messages to streams that were only cancelled.
    pub(super) async fn renew_connection(&self) {
        match connect_subscriber(self.emulator.as_deref()).await {
            Ok(new) => {
                let subscriber = self.subscriber.lock();
                *subscriber.unwrap_or_else(PoisonError::into_inner) = new;
            }
            // The one there is does as well.
            Err(error) => tracing::debug!(%error, "no new connection for streams"),
        }
    }

    /// What a failure of the stream of a lane means.
    pub(super) fn stream_error(&self, lane: Lane, error: google_cloud_pubsub::Error) -> Error {
        let subscription = &self.names.lane(lane).subscription;
        self.errors
            .call(&format!("subscription {subscription}"), error)
    }

    /// Whether all topics and subscriptions are there, as far as we may look at them: it takes
    /// other permissions than to use them.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let lanes = Lane::ALL.map(|lane| self.names.lane(lane));
        for lane in lanes.into_iter().chain([&self.names.dead_letters]) {
            let topic = topic_path(&self.project, &lane.topic);
            let found = self.topics.get_topic().set_topic(topic).send();
            self.look(&format!("topic {}", lane.topic), found).await?;
            self.check_subscription(lane).await?;
        }
        Ok(())
    }

    /// Whether the service answers and has what is received here.
    pub(super) async fn check_subscriptions(&self) -> Result<(), Error> {
        for lane in Lane::ALL {
            self.check_subscription(self.names.lane(lane)).await?;
        }
        Ok(())
    }

    async fn check_subscription(&self, lane: &PubsubLane) -> Result<(), Error> {
        if lane.subscription.is_empty() {
            return Ok(());
        }
        let path = subscription_path(&self.project, &lane.subscription);
        let found = self
            .subscriptions
            .get_subscription()
            .set_subscription(path)
            .send();
        let subject = format!("subscription {}", lane.subscription);
        self.look(&subject, found).await
    }

    /// Makes the topics and subscriptions that are not there.
    pub(super) async fn create_missing(&self) -> Result<(), Error> {
        let dead_letters = topic_path(&self.project, &self.names.dead_letters.topic);
        self.create(&self.names.dead_letters, None).await?;
        for lane in Lane::ALL {
            self.create(self.names.lane(lane), Some(&dead_letters))
                .await?;
        }
        Ok(())
    }

    async fn create(&self, lane: &PubsubLane, dead_letters: Option<&str>) -> Result<(), Error> {
        let topic = topic_path(&self.project, &lane.topic);
        let created = self
            .topics
            .create_topic()
            .with_request(Topic::new().set_name(&topic))
            .send();
        self.unless_there(&format!("topic {}", lane.topic), created)
            .await?;
        if lane.subscription.is_empty() {
            return Ok(());
        }
        let mut subscription = Subscription::new()
            .set_name(subscription_path(&self.project, &lane.subscription))
            .set_topic(topic)
            .set_ack_deadline_seconds(ACK_DEADLINE_SECONDS)
            // So that acks are confirmed.
            .set_enable_exactly_once_delivery(true)
            // The default is to delete a subscription that nobody used for a month.
            .set_expiration_policy(ExpirationPolicy::new());
        if let Some(dead_letters) = dead_letters {
            // Without such a policy, deliveries are not counted.
            let policy = DeadLetterPolicy::new()
                .set_dead_letter_topic(dead_letters)
                .set_max_delivery_attempts(MAX_DELIVERIES);
            subscription = subscription.set_dead_letter_policy(policy);
        }
        let created = self
            .subscriptions
            .create_subscription()
            .with_request(subscription)
            .send();
        self.unless_there(&format!("subscription {}", lane.subscription), created)
            .await
    }

    async fn look<T>(
        &self,
        subject: &str,
        call: impl Future<Output = google_cloud_pubsub::Result<T>>,
    ) -> Result<(), Error> {
        self.call(subject, Code::PermissionDenied, call).await
    }

    async fn unless_there<T>(
        &self,
        subject: &str,
        call: impl Future<Output = google_cloud_pubsub::Result<T>>,
    ) -> Result<(), Error> {
        self.call(subject, Code::AlreadyExists, call).await
    }

    /// Waits for a call that may also end with the code `fine`.
    async fn call<T>(
        &self,
        subject: &str,
        fine: Code,
        call: impl Future<Output = google_cloud_pubsub::Result<T>>,
    ) -> Result<(), Error> {
        match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.status().is_some_and(|status| status.code == fine) => Ok(()),
            Ok(Err(error)) => Err(self.errors.call(subject, error)),
            Err(elapsed) => Err(self.errors.unavailable(subject, elapsed)),
        }
    }
}

async fn connect_subscriber(
    emulator: Option<&str>,
) -> Result<Subscriber, google_cloud_gax::client_builder::Error> {
    let mut subscriber = Subscriber::builder();
    if let Some(host) = emulator {
        subscriber = subscriber
            .with_endpoint(format!("http://{host}"))
            .with_credentials(anonymous::Builder::new().build());
    }
    subscriber.build().await
}

/// A message as it is published.
pub(super) fn message(body: bytes::Bytes, attributes: Attributes) -> Message {
    Message::new().set_data(body).set_attributes(attributes)
}

fn topic_path(project: &str, name: &str) -> String {
    format!("projects/{project}/topics/{name}")
}

fn subscription_path(project: &str, name: &str) -> String {
    format!("projects/{project}/subscriptions/{name}")
}
