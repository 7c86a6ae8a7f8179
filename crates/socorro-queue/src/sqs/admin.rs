//! Queues at SQS, one by one.

use aws_config::{BehaviorVersion, Region, timeout::TimeoutConfig};
use aws_sdk_sqs::types::QueueAttributeName;
use bytes::Bytes;
use socorro_core::Environment;

use super::{
    client::{ATTEMPT_TIMEOUT, BATCH, CONNECT_TIMEOUT, read, whole_seconds},
    config::{SqsOptions, check_name},
    error::ErrorsOf,
};
use crate::{
    error::Error,
    lane::Lane,
    part::{PartKind, QueuePart},
};

/// How long queues that we make keep messages: as long as SQS can, 14 days.
const RETENTION_SECONDS: &str = "1209600";
/// How long messages are kept from others while they are looked at, at most, in seconds.
const LOOKED_AT_SECONDS: i32 = 30;

/// The queues at Amazon SQS, one by one: for tools that look after them. Feature `sqs`.
///
/// ```no_run
/// # async fn look() -> Result<(), socorro_queue::Error> {
/// use socorro_queue::{SqsAdmin, SqsOptions};
///
/// let admin = SqsAdmin::connect(&SqsOptions::default()).await;
/// admin.create("standard-queue").await?;
/// assert!(admin.queues().await?.contains(&"standard-queue".to_owned()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqsAdmin {
    pub(super) sqs: aws_sdk_sqs::Client,
    errors: ErrorsOf,
}

impl SqsAdmin {
    /// Finds out whom to ask, by region and endpoint of the options. Nothing is asked yet.
    pub async fn connect(options: &SqsOptions) -> Self {
        Self::connect_as(options, ErrorsOf("sqs:".into())).await
    }

    pub(super) async fn connect_as(options: &SqsOptions, errors: ErrorsOf) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let mut config = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
        if let Some(region) = &options.region {
            config = config.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &options.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self {
            sqs: aws_sdk_sqs::Client::new(&config.load().await),
            errors,
        }
    }

    /// The names of all queues.
    ///
    /// # Errors
    ///
    /// When they may not be listed, or the service does not answer.
    pub async fn queues(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        let mut pages = self.sqs.list_queues().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.errors.call("queues", error))?;
            let urls = page.queue_urls().iter();
            names.extend(urls.filter_map(|url| url.rsplit('/').next().map(str::to_owned)));
        }
        Ok(names)
    }

    /// The address of a queue.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when it is not there, [`Error::InvalidOption`] when the name can be none,
    /// and when the service does not answer.
    pub(super) async fn url(&self, name: &str) -> Result<String, Error> {
        check_name(name)?;
        let found = self.sqs.get_queue_url().queue_name(name).send().await;
        let found = found.map_err(|error| self.errors.call(name, error))?;
        let url = found.queue_url().map(str::to_owned);
        url.ok_or_else(|| self.errors.odd_answer(name, "a queue without an address"))
    }

    /// Makes a queue that keeps messages for 14 days, if it is not there.
    ///
    /// # Errors
    ///
    /// When it may not be made, and as [`SqsAdmin::queues`]; [`Error::InvalidOption`] when the name
    /// can be none.
    pub async fn create(&self, name: &str) -> Result<QueuePart, Error> {
        match self.url(name).await {
            Err(Error::Missing { .. }) => {}
            found => {
                found?;
                return Ok(QueuePart::new(PartKind::Queue, name, false));
            }
        }
        let made = self
            .sqs
            .create_queue()
            .queue_name(name)
            .attributes(
                QueueAttributeName::MessageRetentionPeriod,
                RETENTION_SECONDS,
            )
            .send()
            .await;
        made.map_err(|error| self.errors.call(name, error))?;
        Ok(QueuePart::new(PartKind::Queue, name, true))
    }

    /// Deletes a queue with its messages.
    ///
    /// # Errors
    ///
    /// When it may not be deleted, and as [`SqsAdmin::queues`]. That it is not there is no error.
    pub async fn delete(&self, name: &str) -> Result<QueuePart, Error> {
        let url = match self.url(name).await {
            Err(Error::Missing { .. }) => {
                return Ok(QueuePart::new(PartKind::Queue, name, false));
            }
            found => found?,
        };
        let deleted = self.sqs.delete_queue().queue_url(url).send().await;
        deleted.map_err(|error| self.errors.call(name, error))?;
        Ok(QueuePart::new(PartKind::Queue, name, true))
    }

    /// The bodies of at most `max` messages that are waiting in a queue. They are given back at
    /// once, each with one delivery more.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when the queue is not there, and as [`SqsAdmin::queues`].
    pub async fn peek(&self, name: &str, max: usize) -> Result<Vec<Bytes>, Error> {
        let url = self.url(name).await?;
        let (mut bodies, mut handles) = (Vec::new(), Vec::new());
        let mut looked = Ok(());
        while bodies.len() < max {
            let received = self
                .sqs
                .receive_message()
                .queue_url(&url)
                .max_number_of_messages(whole(BATCH.min(max - bodies.len())))
                .visibility_timeout(LOOKED_AT_SECONDS)
                // Who does not wait does not ask all servers.
                .wait_time_seconds(1)
                .message_attribute_names("All")
                .send()
                .await;
            let received = match received {
                Ok(received) => received,
                Err(error) => {
                    looked = Err(self.errors.call(name, error));
                    break;
                }
            };
            let now = Environment::system().now();
            let messages = received.messages().iter();
            let arrived: Vec<_> = messages
                .filter_map(|message| read(Lane::Standard, message, now))
                .collect();
            if arrived.is_empty() {
                break;
            }
            for message in arrived {
                bodies.push(message.envelope.body);
                handles.push(message.handle);
            }
        }
        for handle in handles {
            let shown = self
                .sqs
                .change_message_visibility()
                .queue_url(&url)
                .receipt_handle(handle)
                .visibility_timeout(whole_seconds(std::time::Duration::ZERO))
                .send()
                .await;
            if let Err(error) = shown {
                let error = self.errors.call(name, error);
                tracing::debug!(%error, "a message returns only after half a minute");
            }
        }
        looked.map(|()| bodies)
    }
}

fn whole(count: usize) -> i32 {
    count.try_into().unwrap_or(1)
}
