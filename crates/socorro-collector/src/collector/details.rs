//! What a log line and metrics need to know of a report.

use std::{fmt, sync::Arc, time::Duration};

use socorro_core::CrashId;

use crate::{parse::Payload, throttle::ThrottleResult};

/// What was found out about a report on its way, as far as it came.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Details {
    /// The crash id.
    pub id: Option<CrashId>,
    /// The throttling rule that decided.
    pub rule: Option<Arc<str>>,
    /// What it decided.
    pub result: Option<ThrottleResult>,
    /// How the annotations came.
    pub payload: Option<Payload>,
    /// Whether the body was compressed.
    pub compressed: bool,
    /// Bytes of the body as sent.
    pub size: u64,
    /// Bytes of the body after decompression.
    pub unpacked_size: u64,
    /// How many files it has.
    pub files: usize,
    /// Bytes of the main minidump.
    pub main_dump_size: Option<u64>,
    /// How many notes the parser made.
    pub notes: usize,
    /// The product as the client names it: for metrics, once it is known to be one of a closed set. Not
    /// shown by `Debug`.
    pub product: Option<String>,
    /// Reading the body, however slow the client is.
    pub read_time: Duration,
    /// Storing, publishing, spooling.
    pub delivery_time: Duration,
    /// What became of it after it was accepted.
    pub fate: Fate,
}

/// What became of a report that was accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// Nothing: it was not accepted, or for appearance's sake only.
    #[default]
    None,
    /// It is stored, and was not to be published.
    Stored,
    /// It is stored and published.
    Published,
    /// It is in the spool.
    Spooled,
    /// It is stored, and its id is in the spool, to be published.
    PublishedLater,
    /// It is stored and not published, and nothing here remembers that.
    NotPublished,
    /// It is the same as an earlier one, whose id it got.
    Duplicate,
    /// It could be kept nowhere; the client was told so.
    Lost,
}

impl Fate {
    /// The name in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Stored => "stored",
            Self::Published => "published",
            Self::Spooled => "spooled",
            Self::PublishedLater => "published_later",
            Self::NotPublished => "not_published",
            Self::Duplicate => "duplicate",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Details")
            .field("id", &self.id)
            .field("rule", &self.rule)
            .field("result", &self.result)
            .field("size", &self.size)
            .field("unpacked_size", &self.unpacked_size)
            .field("files", &self.files)
            .field("fate", &self.fate)
            .finish_non_exhaustive()
    }
}
