//! Rules around minidumps and their stackwalk.

mod crash_inconsistencies;
mod crashing_thread_info;
mod has_guard_page_access;
mod minidump_sha256_hash;
mod minidump_stackwalk;
mod possible_bit_flips;
mod thread_count;
mod truncate_stacks;

pub use crash_inconsistencies::CrashInconsistencies;
pub use crashing_thread_info::CrashingThreadInfo;
pub use has_guard_page_access::HasGuardPageAccess;
pub use minidump_sha256_hash::MinidumpSha256Hash;
pub use minidump_stackwalk::MinidumpStackwalk;
pub use possible_bit_flips::PossibleBitFlips;
pub use thread_count::ThreadCount;
pub use truncate_stacks::TruncateStacks;

use serde_json::Value;

use crate::crash::Crash;

/// Whether there is a stackwalk of the process that crashed.
fn has_stackwalk(crash: &Crash) -> bool {
    crash
        .processed
        .get("json_dump")
        .is_some_and(|dump| !dump.is_null())
}

/// A member of the crash information of the stackwalk.
fn crash_info<'a>(crash: &'a Crash, name: &str) -> Option<&'a Value> {
    let dump = crash.processed.json_dump()?;
    dump.get("crash_info")?.get(name)
}

/// Notes crash information that is there but no object.
fn note_wrong_crash_info(crash: &mut Crash) {
    let info = crash.processed.lookup("json_dump.crash_info");
    if info.is_some_and(|info| !info.is_object()) {
        crash.wrong_type("json_dump.crash_info", "an object");
    }
}

/// A list inside the crash information, empty when it is not there; notes one that is no array.
fn crash_info_list<'a>(crash: &'a mut Crash, name: &str) -> &'a [Value] {
    let place = format!("json_dump.crash_info.{name}");
    let wrong = !matches!(
        crash.processed.lookup(&place),
        None | Some(Value::Null | Value::Array(_))
    );
    if wrong {
        crash.wrong_type(&place, "an array");
    }
    crash
        .processed
        .lookup(&place)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
