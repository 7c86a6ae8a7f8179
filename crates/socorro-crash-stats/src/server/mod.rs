//! A server that answers like Crash Stats, for tests.
//!
//! [`TestServer::start`] listens on a free loopback port, on a thread of its own, until it is
//! dropped. What it holds is a [`Site`]: crashes, tokens, rate limits, a clock, faults.
//!
//! ```
//! use socorro_crash_stats::server::{Crash, Fault, Permission, Site, TestServer, Token};
//!
//! let crash = Crash::new("0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123".parse()?)
//!     .annotation("URL", "http://private.example/")
//!     .dump("upload_file_minidump", b"MDMP...".to_vec())
//!     .field("signature", "mozilla::dom::Crash");
//! let token = Token::new("c0ffee00c0ffee00c0ffee00c0ffee00").may(Permission::ViewRawDump);
//! let server = TestServer::start(
//!     Site::new()
//!         .crash(crash)
//!         .token(token)
//!         .fault(Fault::status(503).on("RawCrash").times(1)),
//! )?;
//!
//! let url = format!("{}/api/RawCrash/?crash_id=0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123", server.url());
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! assert_eq!(reqwest::get(&url).await?.status(), 503, "the fault");
//! let public = reqwest::get(&url).await?.text().await?;
//! assert!(!public.contains("private"), "no token, no private data");
//! # Ok::<(), reqwest::Error>(())
//! # })?;
//! assert_eq!(server.requests("RawCrash"), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it answers
//!
//! Everything below `/api/`; a path without its final slash is redirected.
//!
//! | Endpoint | What is special |
//! |---|---|
//! | `RawCrash/` | `format=meta` is redacted without [`Permission::ViewPii`]; `format=raw` needs [`Permission::ViewRawDump`] |
//! | `ProcessedCrash/` | redacted likewise |
//! | `SuperSearch/`, `SuperSearchUnredacted/`, `SuperSearchFields/` | over the processed crashes of the site, by the language of [`crate::query`] |
//! | `Reprocessing/` | [`TestServer::reprocessed`] has what was asked for |
//! | `CrashVerify/`, `MissingProcessedCrash/`, `NoOp/` | |
//!
//! # Faults
//!
//! A [`Fault`] is what goes wrong with a request instead of, or with, its answer: a status, a page
//! of HTML, a connection that is cut or stalls after so many bytes, wrong bytes, a length that is
//! not true. [`Fault::on`] says for which endpoint, [`Fault::from`] from which of its requests on,
//! and [`Fault::times`] for how many. They can be added while the server runs
//! ([`TestServer::add_fault`]).
//!
//! # Where it is better than Crash Stats
//!
//! It says when to come back (`Retry-After`), refuses before it reads what is refused, and says
//! which field of a search is protected instead of leaving a filter out. [`Site::like_mozilla`] takes
//! all of that back, for tools have to cope with both.

mod answer;
mod crash;
mod endpoints;
mod fault;
mod journal;
mod limits;
mod listen;
mod request;
mod search;
mod site;
mod spoil;
mod token;

pub use crash::Crash;
pub use fault::Fault;
pub use journal::Request;
pub use listen::TestServer;
pub use site::Site;
pub use token::{Permission, Token};
