//! Crash queues: how crash ids travel from those who store crashes to those who process them.
//!
//! A queue keeps each message until somebody says that its work is done. [`CrashQueue::receive`]
//! *leases* messages: for the time of the lease nobody else gets them. [`CrashQueue::ack`] ends a
//! message; [`CrashQueue::nack`] gives it back, and says whether the crash
//! is to [blame](Blame) for it; a lease that runs out gives it back as well, so a
//! process that dies loses nothing. [`CrashQueue::dead_letter`] sets a hopeless message aside, with
//! the reason, for a person to look at.
//!
//! | Type | What it is |
//! |---|---|
//! | [`CrashQueue`] | the contract of a backend |
//! | [`open`] | a queue from its URL |
//! | [`MemoryQueue`] | lives and dies with its process; for tests and embedding |
//! | [`SqliteQueue`] | a durable file shared by any number of processes of one machine |
//! | `PubsubQueue` | Google Cloud Pub/Sub; feature `pubsub` |
//! | `SqsQueue` | Amazon SQS; feature `sqs` |
//! | [`Message`], [`Job`] | what a message body says |
//! | [`Lane`] | priority, standard, reprocessing |
//! | [`DeadLetters`] | look at dead letters, replay or discard them |
//! | `testkit` | conformance suite and fault injection for backends of your own |
//!
//! | Feature | What it adds |
//! |---|---|
//! | `sqlite` (default) | the durable queue in a file |
//! | `pubsub` | Google Cloud Pub/Sub |
//! | `sqs` | Amazon SQS |
//! | `testkit` | conformance suite, fault injection and vector runner |
//!
//! ```
//! use std::time::Duration;
//! use socorro_core::CrashId;
//! use socorro_queue::{Job, Lane, Message, QueueOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let queue = socorro_queue::open("memory:", QueueOptions::default()).await?;
//! let job = Job::new(CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?);
//! queue.publish(Lane::Standard, &[job.clone()]).await?.into_result()?;
//!
//! for delivery in queue.receive(4, Duration::from_secs(1)).await? {
//!     assert_eq!(delivery.message, Ok(Message::Process(job.clone())));
//!     // … process the crash and save the result; only then:
//!     queue.ack(&delivery.receipt).await?;
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod dead_letter;
mod delivery;
mod depth;
mod duration;
#[cfg(any(feature = "pubsub", feature = "sqs"))]
mod envelope;
mod error;
mod forward;
mod lane;
mod lease;
mod limits;
mod memory;
mod message;
mod open;
mod options;
mod part;
mod publish;
#[cfg(feature = "pubsub")]
mod pubsub;
mod queue;
mod queue_url;
mod ruleset_name;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqs")]
mod sqs;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use dead_letter::{DeadLetter, DeadLetterCause, DeadLetterId, DeadLetterReason};
pub use delivery::{Blame, Delivery, Receipt};
pub use depth::{LaneDepth, QueueDepth};
pub use error::{Error, Source};
pub use lane::Lane;
pub use memory::MemoryQueue;
pub use message::{BadMessage, Job, Message, Verdict, judge};
pub use open::{check_url, open};
pub use options::QueueOptions;
pub use part::{PartKind, QueuePart};
pub use publish::{PublishOutcome, PublishReport};
#[cfg(feature = "pubsub")]
pub use pubsub::{PubsubAdmin, PubsubLane, PubsubNames, PubsubOptions, PubsubQueue};
pub use queue::{CrashQueue, DeadLetters};
pub use ruleset_name::RulesetName;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteQueue};
#[cfg(feature = "sqs")]
pub use sqs::{SqsAdmin, SqsNames, SqsOptions, SqsQueue};
