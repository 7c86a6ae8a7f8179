//! What a layer knows about a call and its answer.

use bytes::Bytes;
use socorro_core::{CrashId, ProcessedCrash, RawCrash};

use crate::{
    item::Subject,
    values::{Catalog, DeleteReport, DumpNames, SaveReceipt, Stored},
};

/// The methods of [`CrashStorage`](crate::CrashStorage).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the method of the same name")]
pub enum Operation {
    SaveRawCrash,
    RawCrash,
    DumpNames,
    Dump,
    DumpToFile,
    SaveProcessedCrash,
    ProcessedCrash,
    Exists,
    Catalog,
    Delete,
    ListRaw,
    ListProcessed,
    SaveDocument,
    Document,
    DeleteDocument,
    ListDocuments,
    Check,
}

impl Operation {
    /// The name of the method, for metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SaveRawCrash => "save_raw_crash",
            Self::RawCrash => "raw_crash",
            Self::DumpNames => "dump_names",
            Self::Dump => "dump",
            Self::DumpToFile => "dump_to_file",
            Self::SaveProcessedCrash => "save_processed_crash",
            Self::ProcessedCrash => "processed_crash",
            Self::Exists => "exists",
            Self::Catalog => "catalog",
            Self::Delete => "delete",
            Self::ListRaw => "list_raw",
            Self::ListProcessed => "list_processed",
            Self::SaveDocument => "save_document",
            Self::Document => "document",
            Self::DeleteDocument => "delete_document",
            Self::ListDocuments => "list_documents",
            Self::Check => "check",
        }
    }

    /// Whether it changes what is stored.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::SaveRawCrash
                | Self::SaveProcessedCrash
                | Self::Delete
                | Self::SaveDocument
                | Self::DeleteDocument
        )
    }
}

/// A call of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// Which method.
    pub operation: Operation,
    /// What it is about.
    pub subject: Subject,
    /// How many bytes are to be written, where that is known before: dumps and documents.
    pub bytes: Option<u64>,
}

impl Call {
    pub(super) fn new(operation: Operation, subject: Subject) -> Self {
        Self {
            operation,
            subject,
            bytes: None,
        }
    }

    /// For which crash, where it is about one.
    #[must_use]
    pub fn crash_id(&self) -> Option<&CrashId> {
        self.subject.crash_id()
    }
}

/// What a call gives back.
pub trait Answer: Send {
    /// How many bytes were read or written, where the answer tells.
    fn bytes(&self) -> Option<u64> {
        None
    }
}

impl Answer for () {}
impl Answer for bool {}
impl Answer for RawCrash {}
impl Answer for DumpNames {}
impl Answer for Stored<ProcessedCrash> {}
impl Answer for Catalog {}
impl Answer for DeleteReport {}

impl Answer for Bytes {
    fn bytes(&self) -> Option<u64> {
        Some(self.len() as u64)
    }
}

/// The size of a file.
impl Answer for u64 {
    fn bytes(&self) -> Option<u64> {
        Some(*self)
    }
}

impl Answer for SaveReceipt {
    fn bytes(&self) -> Option<u64> {
        Some(self.size)
    }
}
