//! The clients of one project, and what is done with single calls.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::retry_policy::RetryPolicyExt as _;
use google_cloud_pubsub::{
    client::{BasePublisher, Publisher, Subscriber},
    error::PublishError,
    model::Message,
    publisher::PublishFuture,
    retry_policy::RetryableErrors,
    subscriber::MessageStream,
};
use socorro_core::time::Timestamp;

use super::{
    admin::{PubsubAdmin, subscription_path, topic_path},
    config::{PubsubLane, PubsubNames},
    error::ErrorsOf,
};
use crate::{envelope::Attributes, error::Error, lane::Lane, limits::MAX_HOLD, part::QueuePart};

/// How long a publication is tried.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(30);
/// Everything that talks to the service.
#[derive(Debug)]
pub(super) struct Client {
    project: String,
    names: PubsubNames,
    /// The connection of all streams that are opened from now on.
    subscriber: Mutex<Subscriber>,
    emulator: Option<String>,
    admin: PubsubAdmin,
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
        let publisher = base_publisher(emulator.as_deref(), &errors).await?;
        let publisher_of = |lane: &PubsubLane| {
            publisher
                .publisher(topic_path(&project, &lane.topic))
                .build()
        };
        let subscriber = connect_subscriber(emulator.as_deref()).await;
        Ok(Self {
            subscriber: Mutex::new(subscriber.map_err(|error| errors.client(error))?),
            admin: PubsubAdmin::connect_as(project.clone(), emulator.clone(), errors.clone())
                .await?,
            emulator,
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

    /// Whether all topics and subscriptions are there, as far as we may look at them.
    pub(super) async fn check(&self) -> Result<(), Error> {
        for lane in self.lanes() {
            self.admin.check_topic(&lane.topic).await?;
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
        match &*lane.subscription {
            "" => Ok(()),
            name => self.admin.check_subscription(name).await,
        }
    }

    /// Makes the topics and subscriptions that are not there.
    pub(super) async fn create_missing(&self) -> Result<Vec<QueuePart>, Error> {
        let dead_letters = &self.names.dead_letters;
        let mut parts = self.create(dead_letters, None).await?;
        for lane in Lane::ALL {
            let lane = self.names.lane(lane);
            parts.extend(self.create(lane, Some(&dead_letters.topic)).await?);
        }
        Ok(parts)
    }

    async fn create(
        &self,
        lane: &PubsubLane,
        dead_letters: Option<&str>,
    ) -> Result<Vec<QueuePart>, Error> {
        let PubsubLane {
            topic,
            subscription,
        } = lane;
        let mut parts = vec![self.admin.create_topic(topic).await?];
        if !subscription.is_empty() {
            let made = self.admin.subscribe(topic, subscription, dead_letters);
            parts.push(made.await?);
        }
        Ok(parts)
    }

    /// Deletes all topics and subscriptions.
    pub(super) async fn delete(&self) -> Result<Vec<QueuePart>, Error> {
        let mut parts = Vec::new();
        for lane in self.lanes() {
            if !lane.subscription.is_empty() {
                parts.push(self.admin.delete_subscription(&lane.subscription).await?);
            }
            parts.extend(self.admin.delete_topic(&lane.topic).await?);
        }
        Ok(parts)
    }

    /// Has the service forget what is in a lane.
    pub(super) async fn purge(&self, lane: Lane, now: Timestamp) -> Result<(), Error> {
        match &*self.names.lane(lane).subscription {
            "" => Ok(()),
            name => self.admin.seek(name, now).await,
        }
    }

    /// The names of all lanes and of the dead letters, which come last: lanes refer to them.
    fn lanes(&self) -> [&PubsubLane; 4] {
        let [first, second, third] = Lane::ALL.map(|lane| self.names.lane(lane));
        [first, second, third, &self.names.dead_letters]
    }
}

/// What makes publishers.
pub(super) async fn base_publisher(
    emulator: Option<&str>,
    errors: &ErrorsOf,
) -> Result<BasePublisher, Error> {
    let mut publisher = BasePublisher::builder()
        .with_retry_policy(RetryableErrors.with_time_limit(PUBLISH_TIMEOUT));
    if let Some(host) = emulator {
        publisher = publisher
            .with_endpoint(format!("http://{host}"))
            .with_credentials(anonymous::Builder::new().build());
    }
    publisher
        .build()
        .await
        .map_err(|error| errors.client(error))
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
