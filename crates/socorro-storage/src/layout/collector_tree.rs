//! The directory tree that Mozilla's collector writes without a bucket (`FSCrashStorage`), to
//! import from. It holds raw data only.
//!
//! Source: Antenna `antenna/ext/fs/crashstorage.py`.

use socorro_core::{CrashId, DumpName};

/// The raw crash.
#[must_use]
pub fn raw_crash(id: &CrashId) -> String {
    format!("{}/raw_crash/{id}.json", id.date_key())
}

/// The list of dump names.
#[must_use]
pub fn dump_names(id: &CrashId) -> String {
    format!("{}/dump_names/{id}.json", id.date_key())
}

/// A dump, or another file that came with the report. The main minidump keeps its real name here.
#[must_use]
pub fn dump(id: &CrashId, name: &DumpName) -> String {
    format!("{}/{name}/{id}", id.date_key())
}
