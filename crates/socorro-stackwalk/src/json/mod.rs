//! The stackwalk document, made directly from what the walk found.
//!
//! Fields, their types and when they are null: `json-schema.md` of the crate minidump-processor 0.27. Two differences
//! are on purpose:
//!
//! * `proc_limits.limits` is sorted by name; the reference writes it in random order.
//! * Of several modules with the same file name, each is shown with what became of its own symbols, if the walk asked for
//!   them; the reference shows all of them with what became of the one asked for last.

mod crash_info;
mod modules;
mod system;
mod threads;
mod value;

use minidump_processor::ProcessState;
use serde_json::{Map, Value};

use crate::symbols::CrashSymbols;
use value::{Addresses, fields};

/// Makes the document. Keys are sorted, so that the same state always gives the same text.
///
/// `state` is left as it was; it is borrowed mutably for the one part that only upstream's own printing reveals.
pub(crate) fn document(state: &mut ProcessState, symbols: &CrashSymbols) -> Map<String, Value> {
    let addresses = Addresses::of(state);
    let crash_info = crash_info::crash_info(state, addresses);
    let threads = threads::threads(state, addresses);
    let crashing_thread = threads::crashing_thread(state, &threads);
    let uptime = state.process_create_time.map(|created| {
        state
            .time
            .duration_since(created)
            .unwrap_or_default()
            .as_secs()
    });

    let mut document = fields([
        ("crash_info", crash_info),
        ("handles", system::handles(state)),
        (
            "linux_memory_map_count",
            state.linux_memory_map_count.into(),
        ),
        ("lsb_release", system::lsb_release(state)),
        ("mac_boot_args", system::mac_boot_args(state)),
        ("mac_crash_info", system::mac_crash_info(state, addresses)),
        ("main_module", 0.into()),
        ("modules", modules::modules(state, symbols, addresses)),
        (
            "modules_contains_cert_info",
            (!state.cert_info.is_empty()).into(),
        ),
        ("pid", state.process_id.into()),
        ("proc_limits", system::proc_limits(state)),
        ("process_uptime", uptime.into()),
        (
            "soft_errors",
            state.soft_errors.clone().map(value::sorted).into(),
        ),
        ("status", "OK".into()),
        ("system_info", system::system_info(state)),
        ("thread_count", state.threads.len().into()),
        ("threads", threads.into()),
        (
            "unloaded_modules",
            modules::unloaded_modules(state, addresses),
        ),
    ]);
    if let Some(thread) = crashing_thread {
        // Absent rather than null without a crashing thread. Second in the order of keys.
        document.shift_insert(1, "crashing_thread".to_owned(), thread);
    }
    document
}
