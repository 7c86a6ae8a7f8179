//! Takes crash reports, decides which to keep, stores them and publishes their ids.
//!
//! ```text
//! client ──HTTP──▶ parse ─▶ throttle ─▶ report (crash id, raw crash) ─▶ CrashStorage ─▶ CrashQueue
//!                                                                  └──▶ spool, while they are down
//! ```
//!
//! A report for which a client was given a crash id is durable: stored and published, or in the
//! [`spool`] on this machine's disk, which delivers it later. The protocol is that of Breakpad, Crashpad and
//! Firefox, as Mozilla's collector Antenna understands it.
//!
//! A [`Collector`] needs no server: [`Collector::submit`] takes the head and the body of a request.
//! [`http::router`] is an axum router around it, to be mounted in a program, and [`http::serve`] a
//! server with time limits, which also understands clients that send chunks in HTTP/1.0.
//!
//! ```
//! use std::sync::Arc;
//!
//! use http::{Request, header::{CONTENT_LENGTH, CONTENT_TYPE}};
//! use http_body_util::Full;
//! use socorro_collector::{Collector, Outcome, form::Form, throttle::Rules};
//! use socorro_queue::QueueOptions;
//! use socorro_storage::StorageOptions;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let storage = socorro_storage::open("memory:", StorageOptions::default())?;
//! let queue = socorro_queue::open("memory:", QueueOptions::default()).await?;
//! let collector = Collector::builder()
//!     .storage(storage.clone())
//!     .queue(queue)
//!     .throttler(Arc::new(Rules::open()))
//!     .build()
//!     .await?;
//!
//! let form = Form::new()
//!     .annotation("ProductName", "Example")
//!     .file("upload_file_minidump", "crash.dmp", &b"MDMP"[..]);
//! let request = Request::post("/submit")
//!     .header(CONTENT_TYPE, form.content_type())
//!     .header(CONTENT_LENGTH, form.length());
//! let (head, ()) = request.body(())?.into_parts();
//! let outcome = collector.submit(&head, Full::new(form.to_bytes()?)).await;
//!
//! let Outcome::Accepted { id, .. } = outcome else {
//!     panic!("{outcome:?}");
//! };
//! assert_eq!(storage.raw_crash(&id).await?.annotation("ProductName"), Some("Example"));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `symbol-upload` | no | the module `symbols`: symbol files over HTTP, into the directory that walks read |

#![forbid(unsafe_code)]

mod body;
mod collector;
pub mod form;
mod health;
pub mod http;
mod limits;
mod malformed;
mod memory;
mod metrics;
mod outcome;
pub mod parse;
pub mod report;
pub mod spool;
#[cfg(feature = "symbol-upload")]
pub mod symbols;
pub mod throttle;

pub use body::BodyError;
pub use collector::{Builder, Collector, Details, Error, Fate};
pub use health::{Ailment, Health};
pub use limits::Limits;
pub use malformed::Malformed;
pub use memory::{MemoryBudget, Reservation};
pub use metrics::METRICS;
pub use outcome::Outcome;
