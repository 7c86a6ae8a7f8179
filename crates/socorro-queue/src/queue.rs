//! The contract between a queue and those who use it.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{
    dead_letter::{DeadLetter, DeadLetterCause, DeadLetterId},
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    error::Error,
    lane::Lane,
    message::Job,
    part::QueuePart,
    publish::PublishReport,
};

/// A queue of crashes to process.
///
/// What every backend promises:
///
/// * **At least once.** A published message is delivered until it is acked or dead-lettered. It
///   may be delivered more than once, so the work must stand being done twice.
/// * **Leases.** A delivered message belongs to its receiver for the time of the lease; then it is
///   delivered again, with a higher [`attempt`](Delivery::attempt) and another receipt.
/// * **Outages never count.** How often a message was delivered says nothing about its crash: the
///   network may be down for days. So the queue also counts the deliveries that
///   [failed by the fault of the crash](Blame::Crash), and those are what a worker may limit.
/// * **Late is not wrong.** To ack, nack or extend with a receipt that is not the latest of its
///   message never touches the later delivery.
/// * **Durability.** What a call reports as done stays done, however the process ends (except in a
///   queue that is memory only).
///
/// A call that fails with [`Error::Unavailable`] may nevertheless have taken effect, as with any
/// remote party; repeating it is always right.
///
/// `Display` names the queue for logs, without secrets. A backend needs no method of its own
/// beyond these; the conformance suite of the `testkit` tells whether it keeps the promises.
#[async_trait]
pub trait CrashQueue: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Leases at most `max` messages, waiting up to `wait` for the first one.
    ///
    /// Returns as soon as there is something; nothing means that nothing came. A `max` of 0 is
    /// answered at once. Priority messages first, see [`Lane`]. Backends clamp `max` and `wait` to their own limits. The future may be
    /// dropped at any time: messages it had leased by then are delivered again, at the latest when
    /// the lease has run out.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] and the like when the queue cannot be asked. No lease is held then.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error>;

    /// Publishes `jobs` to `lane`, in order, and says what became of each.
    ///
    /// # Errors
    ///
    /// An error of the call as a whole: none of `jobs` is known to be in the queue.
    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error>;

    /// Ends a message: its work is done and saved.
    ///
    /// It is no error when the lease is lost or the message was acked already, because nobody
    /// could do anything about it; not every backend could tell, either. A message whose lease ran
    /// out but which nobody else has received is ended as well, where the backend can.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked. The message is delivered again unless the ack is repeated.
    async fn ack(&self, receipt: &Receipt) -> Result<(), Error>;

    /// Gives a message back, to be delivered again after `delay`.
    ///
    /// [`Blame::Crash`] adds one to the [`failures`](Delivery::failures) of all later deliveries,
    /// [`Blame::Nobody`] changes nothing. As with [`ack`](CrashQueue::ack), a lost lease is no error. Backends clamp `delay` to their
    /// own limit.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked. The message is delivered again when its lease runs out, and
    /// the failure may not have been counted.
    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error>;

    /// Makes the lease end `by` from now, whenever it would have ended. Backends clamp `by` to
    /// their own limit.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] when somebody else has the message or it is done with. While nobody
    /// else has it, a lease that ran out may be taken up again.
    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error>;

    /// Sets a message aside with its reason, and ends it.
    ///
    /// The dead letter is durable before the message is ended. Repeating the call is no error.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] when somebody else has the message or it is done with, if the backend
    /// can tell: there is no dead letter then. Otherwise when the dead letter cannot be written;
    /// nack the message.
    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error>;

    /// How long a received message is kept from others, unless [`extend`](CrashQueue::extend) is
    /// called in time.
    fn lease(&self) -> Duration;

    /// Says that nothing will be received for now.
    ///
    /// A queue that brings messages here before they are asked for returns those, and tells the
    /// service what it has not told it yet; the next `receive` begins anew. What is leased stays
    /// leased. Queues that do nothing in advance have nothing to do here.
    async fn pause(&self) {}

    /// How much is in the queue; `None` where the backend cannot tell.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked.
    async fn depth(&self) -> Result<Option<QueueDepth>, Error>;

    /// Whether the queue could be used now, for receiving and for publishing.
    ///
    /// # Errors
    ///
    /// What is in the way.
    async fn check(&self) -> Result<(), Error>;

    /// Makes what the queue needs at its service and is not there: topics, subscriptions, queues.
    /// What is there stays as it is. Gives back what it consists of, and which of that is new.
    /// Queues that are complete as soon as they are open have nothing to do here.
    ///
    /// # Errors
    ///
    /// When it is not allowed, or the service does not answer.
    async fn create(&self) -> Result<Vec<QueuePart>, Error> {
        Ok(Vec::new())
    }

    /// Forgets all messages of a lane, those on loan included, and says how many they were where the
    /// backend knows. Dead letters stay. What is published meanwhile may be forgotten or not.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where the backend cannot; otherwise when it is not allowed, or the
    /// service does not answer.
    async fn purge(&self, lane: Lane) -> Result<Option<u64>, Error> {
        let _ = lane;
        Err(Error::Unsupported {
            queue: self.to_string(),
            action: "forget all its messages at once",
        })
    }

    /// Deletes everything that [`create`](CrashQueue::create) makes, and with it all messages and
    /// dead letters. Gives back what it consisted of, and which of that was there. The queue cannot
    /// be used afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where the backend cannot; otherwise when it is not allowed, or the
    /// service does not answer. A part of it may be deleted already.
    async fn delete(&self) -> Result<Vec<QueuePart>, Error> {
        Err(Error::Unsupported {
            queue: self.to_string(),
            action: "be deleted from here",
        })
    }

    /// The dead letters, where the backend can list them.
    fn dead_letters(&self) -> Option<&dyn DeadLetters>;
}

/// The dead letters of a queue, for the person who looks after it.
#[async_trait]
pub trait DeadLetters: fmt::Debug + Send + Sync {
    /// At most `max` dead letters in the order in which they were published, beginning after the
    /// one named `after`. Backends clamp `max` to their own limit.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked, or `after` is no id of this queue.
    async fn list(
        &self,
        after: Option<&DeadLetterId>,
        max: usize,
    ) -> Result<Vec<DeadLetter>, Error>;

    /// One dead letter, if it is there.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked.
    async fn get(&self, id: &DeadLetterId) -> Result<Option<DeadLetter>, Error>;

    /// Publishes the message again, in its lane, with nothing counted, and forgets the dead
    /// letter.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDeadLetter`], or when the queue cannot be asked.
    async fn replay(&self, id: &DeadLetterId) -> Result<(), Error>;

    /// Forgets the dead letter, and with it the message.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDeadLetter`], or when the queue cannot be asked.
    async fn discard(&self, id: &DeadLetterId) -> Result<(), Error>;
}
