//! Where everything lies: keys made from crash ids and dump names, never from free text.
//!
//! The layout is the one of Mozilla's buckets, the same in S3, GCS and (as relative paths) on
//! disk, so that a directory can be synchronised to a bucket and back. Source: Socorro
//! `socorro/external/boto/crashstorage.py` and `socorro/external/gcs/crashstorage.py`,
//! `build_keys`; Antenna `antenna/ext/crashstorage_base.py`.
//!
//! ```
//! use socorro_core::{CrashId, DumpName};
//! use socorro_storage::layout;
//!
//! let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?;
//! assert_eq!(layout::raw_crash(&id), format!("v1/raw_crash/20160918/{id}"));
//! assert_eq!(layout::dump(&id, &DumpName::main()), format!("v1/dump/{id}"));
//! # Ok::<(), socorro_core::Error>(())
//! ```

mod choice;
pub mod collector_tree;
pub mod processor_tree;

use socorro_core::{CrashId, DumpName, time::Date};

pub use self::choice::Layout;
use crate::item::Item;

/// The raw crash.
#[must_use]
pub fn raw_crash(id: &CrashId) -> String {
    format!("v1/raw_crash/{}/{id}", id.date_key())
}

/// The raw crash where Mozilla's collector put it from 2018 to September 2022.
#[must_use]
pub fn legacy_raw_crash(id: &CrashId) -> String {
    format!("v2/raw_crash/{}/{}/{id}", &id.as_str()[..3], id.date_key())
}

/// The prefix that all raw crashes at the older key share, without the slash at its end.
pub const LEGACY_RAW_CRASHES: &str = "v2/raw_crash";

/// Every key under which a raw crash may lie, in the order in which they are tried.
#[must_use]
pub fn raw_crash_candidates(id: &CrashId, legacy_keys: bool) -> Vec<String> {
    let mut keys = vec![raw_crash(id)];
    if legacy_keys {
        keys.push(legacy_raw_crash(id));
    }
    keys
}

/// The prefix that all raw crashes share, without the slash at its end.
pub const RAW_CRASHES: &str = "v1/raw_crash";

/// The prefix that the raw crashes of one day share, without the slash at its end.
#[must_use]
pub fn raw_crashes_of(date: Date) -> String {
    format!("{RAW_CRASHES}/{}", day(date))
}

/// The prefix that all processed crashes share, without the slash at its end.
pub const PROCESSED_CRASHES: &str = "v1/processed_crash";

/// The list of dump names.
#[must_use]
pub fn dump_names(id: &CrashId) -> String {
    format!("v1/dump_names/{id}")
}

/// A dump, or another file that came with the report.
#[must_use]
pub fn dump(id: &CrashId, name: &DumpName) -> String {
    format!("v1/{}/{id}", name.storage_segment())
}

/// The processed crash.
#[must_use]
pub fn processed_crash(id: &CrashId) -> String {
    format!("v1/processed_crash/{id}")
}

/// The copy for telemetry, in a bucket of its own.
#[must_use]
pub fn crash_report(id: &CrashId) -> String {
    format!("v1/crash_report/{}/{id}", id.date_key())
}

/// The key of an item.
#[must_use]
pub fn item(id: &CrashId, item: &Item) -> String {
    match item {
        Item::RawCrash => raw_crash(id),
        Item::DumpNames => dump_names(id),
        Item::Dump(name) => dump(id, name),
        Item::ProcessedCrash => processed_crash(id),
    }
}

/// The file name under which a fetched dump waits for the stack walk, in a directory that belongs
/// to that run.
#[must_use]
pub fn temporary_dump_file(id: &CrashId, name: &DumpName) -> String {
    format!("{id}.{name}.TEMPORARY.dump")
}

/// A day as keys spell it: `YYYYMMDD`.
#[must_use]
pub fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::path::Path;
    use proptest::prelude::*;

    const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

    proptest! {
        /// Keys are made of plain characters, so no store and no file system changes them.
        #[test]
        fn no_key_needs_escaping(name in "[A-Za-z0-9_-]{1,100}", days in 0_u32..36_524) {
            let date = Date::constant(2000, 1, 1).checked_add(DAY * days).unwrap();
            let id = CrashId::mint(date, 0);
            let name = DumpName::parse(&name).unwrap_or_else(|_| DumpName::main());
            for item in [Item::RawCrash, Item::DumpNames, Item::Dump(name), Item::ProcessedCrash] {
                let key = super::item(&id, &item);
                prop_assert_eq!(Path::from(key.as_str()).to_string(), key.clone());
                prop_assert_eq!(Path::parse(&key).unwrap().to_string(), key);
            }
        }
    }

    #[test]
    fn a_dump_never_lies_on_the_key_of_something_else() {
        let id = CrashId::mint(Date::constant(2024, 7, 16), 0);
        for name in ["raw_crash", "dump_names", "processed_crash", "crash_report"] {
            assert!(DumpName::parse(name).is_err());
        }
        let dump = item(&id, &Item::Dump(DumpName::main()));
        for other in [Item::RawCrash, Item::DumpNames, Item::ProcessedCrash] {
            assert_ne!(item(&id, &other), dump);
        }
    }
}
