//! A processed crash for people: what crashed, where, and why.
//!
//! [`Report`] is made from a processed crash, whoever processed it. It holds everything that is shown as clean, bounded
//! text; [`Report::text`] and, with the feature `html`, [`Report::page`] lay it out for a terminal and for a browser.
//!
//! ```
//! use socorro_core::ProcessedCrash;
//! use socorro_report::Report;
//!
//! let crash = ProcessedCrash::from_json(
//!     br#"{"signature": "drop_all", "product": "Firefox", "version": "153.0", "reason": "SIGSEGV", "url": "http://secret/"}"#,
//! )?;
//!
//! let text = Report::of(&crash).text().to_string();
//! assert!(text.contains("Crash reason:      SIGSEGV"));
//! assert!(text.contains("http://secret/"));
//!
//! // For everybody: only fields that are public.
//! let public = Report::public(&crash).text().to_string();
//! assert!(!public.contains("secret"));
//! # Ok::<(), socorro_core::Error>(())
//! ```
//!
//! # Bounds
//!
//! A crash comes from strangers. Nothing in it can steer a terminal or become part of a page, values of wrong types are
//! shown as they are or count as absent, and what is too long is cut with a word on how much there is.

#![forbid(unsafe_code)]

#[cfg(feature = "html")]
mod html;
mod model;
mod text;
mod words;

#[cfg(feature = "html")]
pub use html::Page;
pub use model::{
    Audience, Fact, Field, Frame, Module, ModuleSymbols, Report, Row, Source, Stack, Thread,
    Unnamed, Walk,
};
pub use text::Text;
