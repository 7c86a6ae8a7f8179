//! Topics and subscriptions, one by one.

use std::{future::Future, time::Duration};

use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::{error::rpc::Code, paginator::ItemPaginator as _};
use google_cloud_pubsub::{
    client::{BasePublisher, SubscriptionAdmin, TopicAdmin},
    model::{DeadLetterPolicy, ExpirationPolicy, Subscription, Topic, seek_request::Target},
};
use socorro_core::time::Timestamp;

use super::{
    client::{base_publisher, message},
    config::{check_name, check_project},
    error::ErrorsOf,
};
use crate::{
    error::Error,
    message::Job,
    part::{PartKind, QueuePart},
};

/// How long any call but a publication may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the service waits for a receiver that does not say how long it wants, as Socorro's own
/// processors do not: as long as it may.
const ACK_DEADLINE_SECONDS: i32 = 600;
/// The same at the emulator, which waits so long for receivers that have gone, too, if it had sent
/// them something after they asked for nothing more.
const EMULATOR_ACK_DEADLINE_SECONDS: i32 = 20;
/// After so many deliveries of one publication the service itself sets a message aside: as late as
/// it allows. The worker decides long before, and whoever gives a message back begins a new count.
const MAX_DELIVERIES: i32 = 100;

/// The topics and subscriptions of a project at Google Cloud Pub/Sub, one by one: for tools that
/// look after them. Feature `pubsub`.
///
/// Names are given without the project; names that are given back are whole
/// (`projects/{project}/topics/{name}`).
///
/// ```no_run
/// # async fn look() -> Result<(), socorro_queue::Error> {
/// use socorro_queue::PubsubAdmin;
///
/// let emulator = Some("localhost:5010".to_owned());
/// let admin = PubsubAdmin::connect("local-dev-socorro", emulator).await?;
/// admin.create_topic("standard-queue").await?;
/// admin.create_subscription("standard-queue", "standard-queue").await?;
/// assert_eq!(admin.topics().await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PubsubAdmin {
    pub(super) project: String,
    topics: TopicAdmin,
    subscriptions: SubscriptionAdmin,
    emulator: Option<String>,
    pub(super) errors: ErrorsOf,
}

impl PubsubAdmin {
    /// Connects to the service, or to the emulator at `host:port`. Nothing is asked of it yet.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] when there are no credentials, [`Error::InvalidOption`].
    pub async fn connect(project: &str, emulator: Option<String>) -> Result<Self, Error> {
        check_project(project)?;
        let errors = ErrorsOf(format!("pubsub://{project}").into());
        Self::connect_as(project.to_owned(), emulator, errors).await
    }

    pub(super) async fn connect_as(
        project: String,
        emulator: Option<String>,
        errors: ErrorsOf,
    ) -> Result<Self, Error> {
        let mut topics = TopicAdmin::builder();
        let mut subscriptions = SubscriptionAdmin::builder();
        if let Some(host) = &emulator {
            let endpoint = format!("http://{host}");
            let anonymous = anonymous::Builder::new().build();
            topics = topics
                .with_endpoint(&endpoint)
                .with_credentials(anonymous.clone());
            subscriptions = subscriptions
                .with_endpoint(&endpoint)
                .with_credentials(anonymous);
        }
        let in_words = |error| errors.client(error);
        Ok(Self {
            topics: topics.build().await.map_err(in_words)?,
            subscriptions: subscriptions.build().await.map_err(in_words)?,
            project,
            emulator,
            errors,
        })
    }

    /// All topics of the project.
    ///
    /// # Errors
    ///
    /// When they may not be listed, or the service does not answer.
    pub async fn topics(&self) -> Result<Vec<String>, Error> {
        let project = format!("projects/{}", self.project);
        let mut pages = self.topics.list_topics().set_project(project).by_item();
        let mut names = Vec::new();
        while let Some(topic) = pages.next().await {
            let topic = topic.map_err(|error| self.errors.call("topics", error))?;
            names.push(topic.name);
        }
        Ok(names)
    }

    /// The subscriptions of a topic.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when there is no such topic, and as [`PubsubAdmin::topics`].
    pub async fn subscriptions(&self, topic: &str) -> Result<Vec<String>, Error> {
        let mut pages = self
            .topics
            .list_topic_subscriptions()
            .set_topic(self.topic_path(topic)?)
            .by_item();
        let mut names = Vec::new();
        while let Some(name) = pages.next().await {
            let subject = format!("topic {topic}");
            names.push(name.map_err(|error| self.errors.call(&subject, error))?);
        }
        Ok(names)
    }

    /// The topic that a subscription is of; its name as it is given to other calls.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when there is no such subscription, and as [`PubsubAdmin::topics`].
    pub async fn topic_of(&self, subscription: &str) -> Result<String, Error> {
        let path = self.subscription_path(subscription)?;
        let call = self
            .subscriptions
            .get_subscription()
            .set_subscription(path)
            .send();
        let subject = format!("subscription {subscription}");
        let found = within_time(call)
            .await
            .map_err(|failed| failed.told(self, &subject))?;
        let topic = found.topic.rsplit('/').next().unwrap_or_default();
        Ok(topic.to_owned())
    }

    /// Makes a topic, if it is not there.
    ///
    /// # Errors
    ///
    /// When it may not be made, or the service does not answer; [`Error::InvalidOption`] when the
    /// name can be none.
    pub async fn create_topic(&self, topic: &str) -> Result<QueuePart, Error> {
        let path = self.topic_path(topic)?;
        let call = self
            .topics
            .create_topic()
            .with_request(Topic::new().set_name(&path))
            .send();
        let is_new = self
            .unless(Code::AlreadyExists, &format!("topic {topic}"), call)
            .await?;
        Ok(QueuePart::new(PartKind::Topic, path, is_new))
    }

    /// Makes a subscription, if it is not there: with an ack deadline of 600 seconds (20 at an
    /// emulator), exactly-once delivery, and without an end by disuse.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when there is no such topic, and as [`PubsubAdmin::create_topic`].
    pub async fn create_subscription(
        &self,
        topic: &str,
        subscription: &str,
    ) -> Result<QueuePart, Error> {
        self.subscribe(topic, subscription, None).await
    }

    /// The same with a topic for dead letters: without such a policy, deliveries are not counted.
    pub(super) async fn subscribe(
        &self,
        topic: &str,
        subscription: &str,
        dead_letters: Option<&str>,
    ) -> Result<QueuePart, Error> {
        let path = self.subscription_path(subscription)?;
        let mut request = Subscription::new()
            .set_name(&path)
            .set_topic(self.topic_path(topic)?)
            .set_ack_deadline_seconds(self.ack_deadline_seconds())
            // So that acks are confirmed.
            .set_enable_exactly_once_delivery(true)
            // The default is to delete a subscription that nobody used for a month.
            .set_expiration_policy(ExpirationPolicy::new());
        if let Some(dead_letters) = dead_letters {
            let policy = DeadLetterPolicy::new()
                .set_dead_letter_topic(self.topic_path(dead_letters)?)
                .set_max_delivery_attempts(MAX_DELIVERIES);
            request = request.set_dead_letter_policy(policy);
        }
        let call = self
            .subscriptions
            .create_subscription()
            .with_request(request)
            .send();
        let subject = format!("subscription {subscription} of topic {topic}");
        let is_new = self.unless(Code::AlreadyExists, &subject, call).await?;
        Ok(QueuePart::new(PartKind::Subscription, path, is_new))
    }

    fn ack_deadline_seconds(&self) -> i32 {
        match self.emulator {
            Some(_) => EMULATOR_ACK_DEADLINE_SECONDS,
            None => ACK_DEADLINE_SECONDS,
        }
    }

    /// Deletes a topic with all its subscriptions; these come first in what is given back.
    ///
    /// # Errors
    ///
    /// When something may not be deleted, or the service does not answer. That it is not there is no
    /// error.
    pub async fn delete_topic(&self, topic: &str) -> Result<Vec<QueuePart>, Error> {
        let subscriptions = match self.subscriptions(topic).await {
            Err(Error::Missing { .. }) => Vec::new(),
            listed => listed?,
        };
        let mut parts = Vec::new();
        for path in subscriptions {
            parts.push(self.delete_subscription_at(path).await?);
        }
        let path = self.topic_path(topic)?;
        let call = self.topics.delete_topic().set_topic(&path).send();
        let was_there = self
            .unless(Code::NotFound, &format!("topic {topic}"), call)
            .await?;
        parts.push(QueuePart::new(PartKind::Topic, path, was_there));
        Ok(parts)
    }

    /// Deletes a subscription, of whatever topic.
    pub(super) async fn delete_subscription(&self, name: &str) -> Result<QueuePart, Error> {
        self.delete_subscription_at(self.subscription_path(name)?)
            .await
    }

    async fn delete_subscription_at(&self, path: String) -> Result<QueuePart, Error> {
        let call = self
            .subscriptions
            .delete_subscription()
            .set_subscription(&path)
            .send();
        let subject = format!("subscription {path}");
        let was_there = self.unless(Code::NotFound, &subject, call).await?;
        Ok(QueuePart::new(PartKind::Subscription, path, was_there))
    }

    /// Publishes jobs to a topic, and gives back the ids that the service gave their messages.
    ///
    /// # Errors
    ///
    /// When no publisher can be made; what became of each job is in the result, in their order.
    pub async fn publish(
        &self,
        topic: &str,
        jobs: &[Job],
    ) -> Result<Vec<Result<String, Error>>, Error> {
        let base: BasePublisher = base_publisher(self.emulator.as_deref(), &self.errors).await?;
        let publisher = base.publisher(self.topic_path(topic)?).build();
        let begun: Vec<_> = jobs
            .iter()
            .map(|job| publisher.publish(message(job.to_body(), Vec::new())))
            .collect();
        let subject = format!("topic {topic}");
        let mut results = Vec::with_capacity(begun.len());
        for publication in begun {
            let result = publication.await;
            results.push(result.map_err(|error| self.errors.publication(&subject, error)));
        }
        Ok(results)
    }

    /// Marks everything that was published to a subscription before `time` as acked.
    pub(super) async fn seek(&self, subscription: &str, time: Timestamp) -> Result<(), Error> {
        let subject = format!("subscription {subscription}");
        let time = (&time.to_string())
            .try_into()
            .map_err(|error| self.errors.unavailable(&subject, error))?;
        let call = self
            .subscriptions
            .seek()
            .set_subscription(self.subscription_path(subscription)?)
            .set_target(Target::Time(Box::new(time)))
            .send();
        let done = within_time(call).await;
        done.map(|_| ())
            .map_err(|failed| failed.told(self, &subject))
    }

    /// Whether a topic is there, as far as we may look at it: that takes other permissions than to
    /// use it.
    pub(super) async fn check_topic(&self, topic: &str) -> Result<(), Error> {
        let path = self.topic_path(topic)?;
        let call = self.topics.get_topic().set_topic(path).send();
        let subject = format!("topic {topic}");
        self.unless(Code::PermissionDenied, &subject, call).await?;
        Ok(())
    }

    /// The same for a subscription.
    pub(super) async fn check_subscription(&self, subscription: &str) -> Result<(), Error> {
        let path = self.subscription_path(subscription)?;
        let call = self
            .subscriptions
            .get_subscription()
            .set_subscription(path)
            .send();
        let subject = format!("subscription {subscription}");
        self.unless(Code::PermissionDenied, &subject, call).await?;
        Ok(())
    }

    /// Waits for a call that may also end with the code `fine`; says whether it did not.
    async fn unless<T>(
        &self,
        fine: Code,
        subject: &str,
        call: impl Future<Output = google_cloud_pubsub::Result<T>>,
    ) -> Result<bool, Error> {
        match within_time(call).await {
            Ok(_) => Ok(true),
            Err(Failed::Call(error))
                if error.status().is_some_and(|status| status.code == fine) =>
            {
                Ok(false)
            }
            Err(failed) => Err(failed.told(self, subject)),
        }
    }

    fn topic_path(&self, name: &str) -> Result<String, Error> {
        check_name(name)?;
        Ok(topic_path(&self.project, name))
    }

    fn subscription_path(&self, name: &str) -> Result<String, Error> {
        check_name(name)?;
        Ok(subscription_path(&self.project, name))
    }
}

/// Why a call gave nothing.
enum Failed {
    Call(google_cloud_pubsub::Error),
    TooLate(tokio::time::error::Elapsed),
}

impl Failed {
    fn told(self, admin: &PubsubAdmin, subject: &str) -> Error {
        match self {
            Self::Call(error) => admin.errors.call(subject, error),
            Self::TooLate(elapsed) => admin.errors.unavailable(subject, elapsed),
        }
    }
}

async fn within_time<T>(
    call: impl Future<Output = google_cloud_pubsub::Result<T>>,
) -> Result<T, Failed> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(result) => result.map_err(Failed::Call),
        Err(elapsed) => Err(Failed::TooLate(elapsed)),
    }
}

pub(super) fn topic_path(project: &str, name: &str) -> String {
    format!("projects/{project}/topics/{name}")
}

pub(super) fn subscription_path(project: &str, name: &str) -> String {
    format!("projects/{project}/subscriptions/{name}")
}
