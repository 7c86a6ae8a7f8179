//! Crash storage over any object store: S3, a directory or memory.
mod address;
mod document;
mod error;
mod extension;
mod forward;
mod item;
pub mod layout;
mod object;
mod options;
mod storage;
#[cfg(feature = "testkit")]
pub mod testkit;
mod values;

pub use address::open;
pub use document::DocumentKey;
pub use error::{Error, ErrorKind, Source};
pub use extension::CrashStorageExt;
pub use item::{Item, Subject};
pub use object::ObjectStorage;
pub use options::StorageOptions;
pub use storage::CrashStorage;
pub use values::{
    Catalog, CatalogEntry, DeleteReport, DumpNames, Expected, FetchedDumps, Remaining, SaveReceipt,
    Stored, Version,
};
