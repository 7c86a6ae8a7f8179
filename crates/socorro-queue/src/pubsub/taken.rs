//! A message that the service has sent us and waits to hear of.

use std::sync::Arc;

use google_cloud_pubsub::{error::AckError, model::Message, subscriber::handler::Handler};
use socorro_core::time::Timestamp;

use super::error::ErrorsOf;
use crate::{
    envelope::{Envelope, Received},
    error::Error,
    lane::Lane,
};

/// Stands for one place in the stream that the message came on, for as long as it is with us.
pub(super) type Slot = Arc<()>;

/// A message that is with us. Dropped, it is returned to the service at once. Until then its lease
/// is extended by the client library.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) envelope: Envelope,
    handler: Handler,
    _slot: Slot,
}

impl Taken {
    pub(super) fn new(
        lane: Lane,
        message: Message,
        handler: Handler,
        slot: Slot,
        now: Timestamp,
    ) -> Self {
        let published_at = message
            .publish_time
            .and_then(|time| Timestamp::new(time.seconds(), time.nanos()).ok());
        let deliveries = handler.delivery_attempt().unwrap_or(1);
        let received = Received {
            deliveries: u32::try_from(deliveries).unwrap_or(1),
            published_at: published_at.unwrap_or(now),
            now,
        };
        let attributes = message.attributes;
        let envelope = Envelope::read(lane, message.data, received, |name| {
            attributes.get(name).map(String::as_str)
        });
        Self {
            envelope,
            handler,
            _slot: slot,
        }
    }

    /// Ends the message. Where the subscription has exactly-once delivery, this returns when the
    /// service has confirmed it. Elsewhere nobody ever hears whether an ack arrived.
    pub(super) async fn ack(self, errors: &ErrorsOf) -> Result<(), Error> {
        match self.handler {
            Handler::ExactlyOnce(handler) => match handler.confirmed_ack().await {
                Ok(()) | Err(AckError::LeaseExpired) => Ok(()),
                Err(error) => Err(errors.unavailable("the ack was not confirmed", error)),
            },
            handler => {
                handler.ack();
                Ok(())
            }
        }
    }
}
