//! A pointer to a queue is a queue.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    dead_letter::DeadLetterCause,
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    error::Error,
    lane::Lane,
    message::Job,
    part::QueuePart,
    publish::PublishReport,
    queue::{CrashQueue, DeadLetters},
};

macro_rules! forward_to_pointee {
    ($pointer:ty) => {
        // A method that gets a default body must still reach the queue behind the pointer.
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<Q: CrashQueue + ?Sized> CrashQueue for $pointer {
            async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
                (**self).receive(max, wait).await
            }

            async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
                (**self).publish(lane, jobs).await
            }

            async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
                (**self).ack(receipt).await
            }

            async fn nack(
                &self,
                receipt: &Receipt,
                delay: Duration,
                blame: Blame,
            ) -> Result<(), Error> {
                (**self).nack(receipt, delay, blame).await
            }

            async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
                (**self).extend(receipt, by).await
            }

            async fn dead_letter(
                &self,
                delivery: &Delivery,
                cause: &DeadLetterCause,
            ) -> Result<(), Error> {
                (**self).dead_letter(delivery, cause).await
            }

            fn lease(&self) -> Duration {
                (**self).lease()
            }

            async fn pause(&self) {
                (**self).pause().await;
            }

            async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
                (**self).depth().await
            }

            async fn check(&self) -> Result<(), Error> {
                (**self).check().await
            }

            async fn create(&self) -> Result<Vec<QueuePart>, Error> {
                (**self).create().await
            }

            async fn purge(&self, lane: Lane) -> Result<Option<u64>, Error> {
                (**self).purge(lane).await
            }

            async fn delete(&self) -> Result<Vec<QueuePart>, Error> {
                (**self).delete().await
            }

            fn dead_letters(&self) -> Option<&dyn DeadLetters> {
                (**self).dead_letters()
            }
        }
    };
}

forward_to_pointee!(Arc<Q>);
forward_to_pointee!(Box<Q>);
