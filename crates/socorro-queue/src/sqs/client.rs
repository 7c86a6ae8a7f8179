//! The calls to SQS, in our words.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use socorro_core::time::Timestamp;
use tokio::sync::OnceCell;

use super::{admin::SqsAdmin, config::SqsOptions, error::ErrorsOf};
use crate::{
    depth::LaneDepth,
    envelope::{Attributes, Envelope, Received},
    error::Error,
    lane::Lane,
    part::QueuePart,
};

/// Most messages in one request to SQS.
pub(super) const BATCH: usize = 10;
/// Longest time SQS waits for a message.
const LONGEST_POLL: Duration = Duration::from_secs(20);
/// How long a connection, and how long an attempt may take, waiting for messages included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(40);
/// Longest delay of a message at SQS.
pub(super) const MAX_DELAY: Duration = Duration::from_secs(15 * 60);
/// The attribute that says that a body is no text, and written in Base64 therefore.
const ENCODING: &str = "encoding";

/// The queues at the service, in the order of [`Lane::ALL`], the dead letters last.
const DEAD_LETTERS: usize = Lane::ALL.len();

/// A connection to SQS.
#[derive(Debug)]
pub(super) struct Client {
    admin: SqsAdmin,
    sqs: aws_sdk_sqs::Client,
    names: [String; DEAD_LETTERS + 1],
    urls: [OnceCell<String>; DEAD_LETTERS + 1],
    pub(super) errors: ErrorsOf,
}

/// A message as it arrived.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) envelope: Envelope,
    /// What SQS wants to hear to delete it.
    pub(super) handle: String,
}

impl Client {
    pub(super) async fn connect(options: &SqsOptions, errors: ErrorsOf) -> Self {
        let admin = SqsAdmin::connect_as(options, errors.clone()).await;
        let names = &options.names;
        let [first, second, third] = Lane::ALL.map(|lane| names.lane(lane).to_owned());
        Self {
            sqs: admin.sqs.clone(),
            admin,
            names: [first, second, third, names.dead_letters.clone()],
            urls: std::array::from_fn(|_| OnceCell::new()),
            errors,
        }
    }

    /// The address of a queue, asked for once.
    async fn url(&self, index: usize) -> Result<&str, Error> {
        let name = &self.names[index];
        let url = self.urls[index].get_or_try_init(|| self.admin.url(name));
        url.await.map(String::as_str)
    }

    /// Leases at most `max` messages of a lane, of at most [`BATCH`], waiting up to `wait`.
    pub(super) async fn receive(
        &self,
        lane: Lane,
        max: usize,
        lease: Duration,
        wait: Duration,
        now: Timestamp,
    ) -> Result<Vec<Arrived>, Error> {
        let name = &self.names[lane.index()];
        let received = self
            .sqs
            .receive_message()
            .queue_url(self.url(lane.index()).await?)
            .max_number_of_messages(max.min(BATCH).try_into().unwrap_or(1))
            .visibility_timeout(whole_seconds(lease))
            .wait_time_seconds(whole_seconds(wait.min(LONGEST_POLL)))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await;
        let received = received.map_err(|error| self.errors.call(name, error))?;
        let messages = received.messages().iter();
        Ok(messages
            .filter_map(|message| read(lane, message, now))
            .collect())
    }

    pub(super) async fn delete(&self, lane: Lane, handle: &str) -> Result<(), Error> {
        let deleted = self
            .sqs
            .delete_message()
            .queue_url(self.url(lane.index()).await?)
            .receipt_handle(handle)
            .send()
            .await;
        let name = &self.names[lane.index()];
        deleted.map_err(|error| self.errors.call(name, error))?;
        Ok(())
    }

    /// Keeps a message from others for so long from now; says whether it is still ours.
    pub(super) async fn hide(
        &self,
        lane: Lane,
        handle: &str,
        time: Duration,
    ) -> Result<bool, Error> {
        let hidden = self
            .sqs
            .change_message_visibility()
            .queue_url(self.url(lane.index()).await?)
            .receipt_handle(handle)
            .visibility_timeout(whole_seconds(time))
            .send()
            .await;
        let Err(error) = hidden else {
            return Ok(true);
        };
        let is_gone = error.as_service_error().is_some_and(|error| {
            error.is_message_not_inflight() || error.is_receipt_handle_is_invalid()
        });
        if is_gone {
            return Ok(false);
        }
        Err(self.errors.call(&self.names[lane.index()], error))
    }

    /// Sends at most [`BATCH`] bodies to a lane; what became of each, in their order.
    pub(super) async fn publish(
        &self,
        lane: Lane,
        bodies: &[Bytes],
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let name = &self.names[lane.index()];
        let mut batch = self
            .sqs
            .send_message_batch()
            .queue_url(self.url(lane.index()).await?);
        for (number, body) in bodies.iter().enumerate() {
            let (text, attributes) = written(body, Vec::new());
            let entry = SendMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .message_body(text)
                .set_message_attributes(self.attributes(attributes)?)
                .build();
            batch = batch.entries(entry.map_err(|error| self.errors.bad_request(&error))?);
        }
        let sent = batch.send().await;
        let sent = sent.map_err(|error| self.errors.call(name, error))?;
        let taken = |number: &str| sent.successful().iter().any(|entry| entry.id() == number);
        let refused = |number: &str| sent.failed().iter().find(|entry| entry.id() == number);
        Ok((0..bodies.len())
            .map(|number| {
                let number = number.to_string();
                match refused(&number) {
                    Some(entry) => Err(self.errors.of_entry(name, entry.code(), entry.message())),
                    None if taken(&number) => Ok(()),
                    None => Err(self.errors.odd_answer(name, "a message was not spoken of")),
                }
            })
            .collect())
    }

    /// Sends one message, to be delivered after a delay.
    pub(super) async fn send(
        &self,
        lane: Lane,
        body: &Bytes,
        attributes: Attributes,
        delay: Duration,
    ) -> Result<(), Error> {
        self.send_to(lane.index(), body, attributes, delay).await
    }

    pub(super) async fn send_dead_letter(
        &self,
        body: &Bytes,
        attributes: Attributes,
    ) -> Result<(), Error> {
        self.send_to(DEAD_LETTERS, body, attributes, Duration::ZERO)
            .await
    }

    async fn send_to(
        &self,
        index: usize,
        body: &Bytes,
        attributes: Attributes,
        delay: Duration,
    ) -> Result<(), Error> {
        let (text, attributes) = written(body, attributes);
        let sent = self
            .sqs
            .send_message()
            .queue_url(self.url(index).await?)
            .message_body(text)
            .set_message_attributes(self.attributes(attributes)?)
            .delay_seconds(whole_seconds(delay.min(MAX_DELAY)))
            .send()
            .await;
        sent.map_err(|error| self.errors.call(&self.names[index], error))?;
        Ok(())
    }

    fn attributes(
        &self,
        attributes: Attributes,
    ) -> Result<Option<HashMap<String, MessageAttributeValue>>, Error> {
        let mut values = HashMap::new();
        // SQS takes no attribute without a value.
        for (name, value) in attributes
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
        {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| self.errors.bad_request(&error))?;
            values.insert(name.to_owned(), value);
        }
        Ok((!values.is_empty()).then_some(values))
    }

    /// About how much is in a lane. The service does not tell ages.
    pub(super) async fn depth(&self, lane: Lane) -> Result<LaneDepth, Error> {
        let [waiting, leased, delayed] = self.counts(lane.index()).await?;
        Ok(LaneDepth {
            waiting,
            leased,
            delayed,
            ..LaneDepth::default()
        })
    }

    /// About how many dead letters there are, of all lanes.
    pub(super) async fn dead(&self) -> Result<u64, Error> {
        Ok(self.counts(DEAD_LETTERS).await?.into_iter().sum())
    }

    /// Whether all queues are there and may be used.
    pub(super) async fn check(&self) -> Result<(), Error> {
        for index in 0..self.names.len() {
            self.counts(index).await?;
        }
        Ok(())
    }

    async fn counts(&self, index: usize) -> Result<[u64; 3], Error> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let told = self
            .sqs
            .get_queue_attributes()
            .queue_url(self.url(index).await?)
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await;
        let told = told.map_err(|error| self.errors.call(&self.names[index], error))?;
        Ok(names.map(|name| {
            let text = told.attributes().and_then(|counts| counts.get(&name));
            text.and_then(|text| text.parse().ok()).unwrap_or_default()
        }))
    }

    /// Makes the queues that are not there.
    pub(super) async fn create_missing(&self) -> Result<Vec<QueuePart>, Error> {
        let mut parts = Vec::new();
        for name in &self.names {
            parts.push(self.admin.create(name).await?);
        }
        Ok(parts)
    }

    /// Deletes all queues.
    pub(super) async fn delete_queues(&self) -> Result<Vec<QueuePart>, Error> {
        let mut parts = Vec::new();
        for name in &self.names {
            parts.push(self.admin.delete(name).await?);
        }
        Ok(parts)
    }

    /// Has the service forget what is in a lane.
    pub(super) async fn purge(&self, lane: Lane) -> Result<(), Error> {
        let url = self.url(lane.index()).await?;
        let purged = self.sqs.purge_queue().queue_url(url).send().await;
        let name = &self.names[lane.index()];
        purged.map_err(|error| self.errors.call(name, error))?;
        Ok(())
    }
}

/// Leases and delays in SQS last whole seconds: rather longer than shorter.
pub(super) fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    seconds.try_into().unwrap_or(i32::MAX)
}

/// A body as SQS takes it: text of some characters, and at least one.
fn written(body: &Bytes, mut attributes: Attributes) -> (String, Attributes) {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    match std::str::from_utf8(body) {
        Ok(text) if !text.is_empty() && text.chars().all(is_allowed) => {
            (text.to_owned(), attributes)
        }
        _ => {
            // Ten attributes are the most; nobody needs this one of a message that names no crash.
            attributes.retain(|(name, _)| *name != crate::envelope::LAPSES);
            attributes.push((ENCODING, "base64".to_owned()));
            (format!("={}", BASE64_STANDARD.encode(body)), attributes)
        }
    }
}

/// A message as it came; `None` if it lacks what is needed to end it.
pub(super) fn read(lane: Lane, message: &Message, now: Timestamp) -> Option<Arrived> {
    let handle = message.receipt_handle()?.to_owned();
    let attribute = |name: &str| message.message_attributes()?.get(name)?.string_value();
    let told = |name| message.attributes()?.get(&name);
    let text = message.body().unwrap_or_default();
    let encoded = attribute(ENCODING).and_then(|_| text.strip_prefix('='));
    let body = encoded
        .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
        .unwrap_or_else(|| text.as_bytes().to_vec());
    let deliveries = told(MessageSystemAttributeName::ApproximateReceiveCount);
    let sent = told(MessageSystemAttributeName::SentTimestamp)
        .and_then(|text| text.parse().ok())
        .and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let received = Received {
        deliveries: deliveries.and_then(|text| text.parse().ok()).unwrap_or(1),
        published_at: sent.unwrap_or(now),
        now,
    };
    let envelope = Envelope::read(lane, body.into(), received, attribute);
    Some(Arrived { envelope, handle })
}
