//! A small report, different each time.

use serde_json::json;
use socorro_core::{CrashId, Dump, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};

/// The day on which sample crashes were collected.
pub const DATE: Date = Date::constant(2024, 7, 16);

/// A crash id that no other test has.
#[must_use]
pub fn crash_id() -> CrashId {
    CrashId::mint(DATE, 0)
}

/// Annotations as a collector stores them.
#[must_use]
pub fn raw_crash(id: &CrashId) -> RawCrash {
    let mut crash = RawCrash::new();
    crash.set("ProductName", "Firefox");
    crash.set("Comments", "café ☃ 😀");
    crash.set("uuid", id.as_str());
    crash.set("version", 2);
    crash
}

/// The main minidump, another one and a memory report, none of them of any real format.
#[must_use]
pub fn dumps() -> Dumps {
    [
        (DumpName::main(), b"main".to_vec()),
        (browser(), b"browser".to_vec()),
        (memory_report(), b"\x1f\x8bmemory".to_vec()),
    ]
    .into_iter()
    .map(|(name, content)| (name, Dump::from(content)))
    .collect()
}

/// The name of another process's minidump.
#[must_use]
pub fn browser() -> DumpName {
    named("upload_file_minidump_browser")
}

/// The name of the memory report.
#[must_use]
pub fn memory_report() -> DumpName {
    named("memory_report")
}

/// A processed crash whose fields are in no alphabetical order.
#[must_use]
pub fn processed_crash(id: &CrashId, signature: &str) -> ProcessedCrash {
    let mut crash = ProcessedCrash::new();
    crash.set("uuid", id.as_str());
    crash.set("signature", signature);
    crash.set("address", "0x0");
    crash.set("json_dump", json!({"status": "OK", "crash_info": {}}));
    crash
}

fn named(name: &str) -> DumpName {
    DumpName::parse(name).unwrap_or_else(|_| DumpName::main())
}
