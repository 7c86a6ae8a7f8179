//! The contract of a crash storage.

use std::{fmt, path::Path};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use socorro_core::{CrashId, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};

use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    item::Item,
    values::{Catalog, DeleteReport, DumpNames, Expected, SaveReceipt, Stored},
};

/// Keeps raw crashes, their dumps, processed crashes and a few documents.
///
/// # Contract
///
/// * **The raw crash is written last.** A raw crash that is there means that its dumps and their
///   list are there too.
/// * **Every item is written whole or not at all.** A reader sees the old or the new one, never a
///   part. Items of one crash are not written together in one transaction.
/// * **Writes can be repeated.** The same call with the same data leaves the same result.
/// * **Three answers are told apart**: *not there* ([`Error::NotFound`]), *there but unreadable*
///   ([`Error::Corrupt`]), and *cannot say* ([`Error::Unavailable`], [`Error::Denied`]). A bucket
///   or directory that does not exist at all is *cannot say*, never *not there*.
/// * **A call that is dropped half-way** leaves whatever was written before; repeat it.
/// * `Display` names the storage the way its address does, without secrets; it is fit for logs.
///
/// No method has a default body, so that a wrapper cannot forget one. What can be built from
/// these methods is in [`CrashStorageExt`](crate::CrashStorageExt). A storage of your own proves
/// itself with the suite in `socorro_storage::testkit::conformance` (feature `testkit`).
#[async_trait]
pub trait CrashStorage: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Stores a report: first all dumps, then the list of their names, the raw crash last.
    ///
    /// Nothing is written when any part is over its limit. What was stored under the same id
    /// before is overwritten.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::Unavailable`], [`Error::Denied`], and [`Error::LocalFile`]
    /// when a dump that is a file cannot be read.
    async fn save_raw_crash(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: &Dumps,
    ) -> Result<(), Error>;

    /// The raw crash.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Corrupt`] (not JSON, or not an object),
    /// [`Error::TooLarge`], [`Error::Unavailable`], [`Error::Denied`].
    async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error>;

    /// The list of names under which files came with the report.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Corrupt`] (not a JSON array of texts), [`Error::TooLarge`],
    /// [`Error::Unavailable`], [`Error::Denied`].
    async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Error>;

    /// One file of the report, in memory.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::TooLarge`], [`Error::Unavailable`], [`Error::Denied`].
    async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error>;

    /// Writes one file of the report to `path`, bit by bit, and gives back its size in bytes. An
    /// existing file is replaced; after an error nothing is left at `path`.
    ///
    /// # Errors
    ///
    /// As [`CrashStorage::dump`], and [`Error::LocalFile`] when `path` cannot be written.
    async fn dump_to_file(&self, id: &CrashId, name: &DumpName, path: &Path) -> Result<u64, Error>;

    /// Stores a processed crash if what is there is what the caller expects.
    ///
    /// Saving what is already there, byte for byte, always succeeds: an earlier attempt whose
    /// answer was lost is no conflict.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when something else is there: read it, merge, try again with its
    /// version. [`Error::TooLarge`], [`Error::Unavailable`], [`Error::Denied`].
    async fn save_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Error>;

    /// The processed crash and its version.
    ///
    /// # Errors
    ///
    /// As [`CrashStorage::raw_crash`].
    async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Error>;

    /// Whether an item is there. It is not read, so it may still be damaged.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`].
    async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Error>;

    /// Everything that is there for a crash; only the list of dump names is read. A crash of which
    /// nothing is there has an empty catalog.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] when the list of dump names is damaged, [`Error::Unavailable`],
    /// [`Error::Denied`].
    async fn catalog(&self, id: &CrashId) -> Result<Catalog, Error>;

    /// Deletes everything there is for a crash, at older keys too: dumps first, then processed and
    /// raw crash, and the list of dump names last, once no dump is left. So a deletion that was
    /// killed can be repeated, until the report is complete; a crash that is not there is deleted
    /// already. Documents about the crash stay.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] and [`Error::Denied`] when nothing was deleted; what fails later is
    /// in the report.
    async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Error>;

    /// The ids of the raw crashes of one day in ascending order, those after `after` only.
    ///
    /// An error ends the stream; start again after the last id. Crashes that arrive meanwhile may
    /// or may not be among them.
    fn list_raw(&self, date: Date, after: Option<CrashId>)
    -> BoxStream<'_, Result<CrashId, Error>>;

    /// The ids of the processed crashes of one day, with the promises of
    /// [`CrashStorage::list_raw`].
    ///
    /// Keys of processed crashes do not tell the day, so this looks at those of all days, and
    /// takes as long.
    fn list_processed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>>;

    /// Stores a document, replacing one of the same key.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] (the limit is that of processed crashes), [`Error::Unavailable`],
    /// [`Error::Denied`].
    async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Error>;

    /// A document.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::TooLarge`], [`Error::Unavailable`], [`Error::Denied`].
    async fn document(&self, key: &DocumentKey) -> Result<Bytes, Error>;

    /// Deletes a document; one that is not there is deleted already.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`].
    async fn delete_document(&self, key: &DocumentKey) -> Result<(), Error>;

    /// The keys of all documents in a folder, in no order. An error ends the stream.
    fn list_documents(&self, folder: &DocumentFolder) -> BoxStream<'_, Result<DocumentKey, Error>>;

    /// Asks the storage for a sign of life, for health checks. Writes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`].
    async fn check(&self) -> Result<(), Error>;
}
