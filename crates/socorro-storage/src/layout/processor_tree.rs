//! The directory tree of Socorro's older file storage (`FSPermanentStorage`), to import from.
//!
//! `{YYYYMMDD}/name/{radix}/{id}.{ending}`, where the radix is one directory of two characters,
//! from the start of the id, for each level of [`CrashId::depth`]. Source: Socorro
//! `socorro/external/fs/crashstorage.py`.

use socorro_core::{CrashId, DumpName};

/// The raw crash.
#[must_use]
pub fn raw_crash(id: &CrashId) -> String {
    format!("{}/{id}.json", directory(id))
}

/// A dump, or another file that came with the report. There is no list of their names: the
/// directory tells.
#[must_use]
pub fn dump(id: &CrashId, name: &DumpName) -> String {
    if name.is_main() {
        format!("{}/{id}.dump", directory(id))
    } else {
        format!("{}/{id}.{name}.dump", directory(id))
    }
}

/// The processed crash: gzip JSON.
#[must_use]
pub fn processed_crash(id: &CrashId) -> String {
    format!("{}/{id}.jsonz", directory(id))
}

fn directory(id: &CrashId) -> String {
    let mut directory = format!("{}/name", id.date_key());
    // The depth is at most 4, so the characters are those before the first dash.
    for level in 0..usize::from(id.depth()) {
        directory.push('/');
        directory.push_str(&id.as_str()[2 * level..2 * level + 2]);
    }
    directory
}
