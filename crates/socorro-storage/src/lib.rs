//! Crash storage: raw crashes, their dumps and processed crashes, in any object store.
//!
//! [`CrashStorage`] is the contract, [`ObjectStorage`] the one implementation: in memory, in a
//! local directory, in buckets of S3, Google and Azure, and over any store of the `object_store`
//! crate. [`open`] makes one from an address, and [`create`] the bucket or directory that an
//! address names. [`layer`] has what can be put around any of them. [`bucket`] has objects by their
//! keys, crashes or not: to list, copy and delete them.
//!
//! Keys and stored bytes are those of Mozilla's buckets (see [`layout`]), so that both can work on
//! the same data. Older trees of directories can be read, and copied from.
//!
//! ```
//! use socorro_core::{CrashId, Dump, DumpName, Dumps, RawCrash, time::Date};
//! use socorro_storage::{CrashStorage, CrashStorageExt, ErrorKind, StorageOptions, open};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let storage = open("memory:", StorageOptions::default())?;
//! let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
//!
//! let raw_crash = RawCrash::from_json(br#"{"ProductName": "Firefox"}"#)?;
//! let mut dumps = Dumps::new();
//! dumps.insert(DumpName::main(), Dump::from(b"MDMP".to_vec()));
//! storage.save_raw_crash(&id, &raw_crash, &dumps).await?;
//!
//! let directory = tempfile::tempdir()?;
//! let fetched = storage.dumps_to_dir(&id, directory.path()).await?;
//! assert_eq!(fetched.dumps.len(), 1);
//!
//! let error = storage.processed_crash(&id).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::NotFound);
//! # Ok(())
//! # }
//! ```
//!
//! # Errors to decide on
//!
//! | [`ErrorKind`] | means | a worker |
//! |---|---|---|
//! | `NotFound` | the storage has no such item | waits for the upload a few times, then gives up |
//! | `Corrupt`, `TooLarge` | the item will not get better | gives up, and says why |
//! | `Unavailable`, `Denied`, `LocalFile` | nothing is known about the item | tries again later, for as long as it takes |
//! | `Conflict` | somebody else wrote first | reads again and merges |
//!
//! A server that answers 429 or 5xx with `Retry-After` is waited for, up to 10 s. When it asks for
//! longer, the call fails at once, and [`Error::retry_after`] says for how long: an hour at most.
//!
//! A bucket or directory that does not exist is `Unavailable`: no crash is lost to a mistyped
//! address.
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `s3` | no | `s3://` addresses; brings an HTTP client with TLS, as the next two do |
//! | `gcs` | no | `gs://` addresses: Google Cloud Storage |
//! | `azure` | no | `az://` addresses: Azure Blob Storage |
//! | `testkit` | no | the `testkit` module: a conformance suite for storages of your own, a storage that fails when told to |
//! | `testkit-s3` | no | a server of the S3 protocol in this process, for tests |
//!
//! # Runtime
//!
//! Everything runs on tokio; a directory's files are read and written on its blocking threads.

#![forbid(unsafe_code)]

mod address;
pub mod bucket;
mod document;
mod engine;
mod error;
mod extension;
mod fan_out;
mod forward;
mod item;
pub mod layer;
pub mod layout;
mod missing_symbols;
mod object;
mod options;
mod storage;
#[cfg(feature = "testkit")]
pub mod testkit;
mod values;

pub use address::{check_address, create, open};
pub use document::{DocumentFolder, DocumentKey};
pub use error::{Error, ErrorKind, Source};
pub use extension::CrashStorageExt;
pub use fan_out::FanOut;
pub use item::{Item, Subject};
pub use missing_symbols::{MissingModule, MissingSymbols};
pub use object::ObjectStorage;
pub use options::StorageOptions;
pub use storage::CrashStorage;
pub use values::{
    Catalog, CatalogEntry, Copied, DeleteReport, DumpNames, Expected, FetchedDumps, Remaining,
    SaveReceipt, Stored, Version,
};
