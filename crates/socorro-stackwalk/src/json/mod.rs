//! The stackwalk document, written directly from what the walk found.
//!
//! Fields, their types and when they are null: `json-schema.md` of the crate minidump-processor 0.27. Two differences
//! are on purpose:
//!
//! * `proc_limits.limits` is sorted by name; the reference writes it in random order.
//! * Of several modules with the same file name, each is shown with what became of its own symbols, if the walk asked for
//!   them; the reference shows all of them with what became of the one asked for last.
//!
//! Members are written sorted by key, so that the same state always gives the same text.

mod crash_info;
mod modules;
mod system;
mod threads;
mod value;

use std::fmt;

use minidump_processor::ProcessState;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::symbols::LookedUpSymbols;
pub(crate) use crash_info::InstructionPointerUpdate;
use value::Addresses;

/// The stackwalk document, for any format that can hold JSON.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) state: &'a ProcessState,
    pub(crate) symbols: &'a LookedUpSymbols,
    pub(crate) instruction_pointer_update: Option<InstructionPointerUpdate>,
    /// How many frames of a thread are written: of a longer one, the first and the last half.
    pub(crate) frames_per_thread: usize,
}

impl Document<'_> {
    fn addresses(&self) -> Addresses {
        Addresses::of(self.state)
    }

    /// Seconds from the start of the process to the dump.
    fn uptime(&self) -> Option<u64> {
        let created = self.state.process_create_time?;
        let uptime = self.state.time.duration_since(created);
        Some(uptime.unwrap_or_default().as_secs())
    }
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = self.state;
        let crashing_thread = threads::crashing_thread(*self);
        let members = 18 + usize::from(crashing_thread.is_some());
        let mut map = serializer.serialize_map(Some(members))?;
        map.serialize_entry("crash_info", &crash_info::crash_info(*self))?;
        if let Some(thread) = crashing_thread {
            // Absent rather than null without a crashing thread.
            map.serialize_entry("crashing_thread", &thread)?;
        }
        map.serialize_entry("handles", &system::handles(state))?;
        map.serialize_entry("linux_memory_map_count", &state.linux_memory_map_count)?;
        map.serialize_entry("lsb_release", &system::lsb_release(state))?;
        map.serialize_entry("mac_boot_args", &system::mac_boot_args(state))?;
        map.serialize_entry(
            "mac_crash_info",
            &system::mac_crash_info(state, self.addresses()),
        )?;
        map.serialize_entry("main_module", &0)?;
        map.serialize_entry("modules", &modules::modules(*self))?;
        map.serialize_entry("modules_contains_cert_info", &!state.cert_info.is_empty())?;
        map.serialize_entry("pid", &state.process_id)?;
        map.serialize_entry("proc_limits", &system::proc_limits(state))?;
        map.serialize_entry("process_uptime", &self.uptime())?;
        map.serialize_entry("soft_errors", &state.soft_errors)?;
        map.serialize_entry("status", "OK")?;
        map.serialize_entry("system_info", &system::system_info(state))?;
        map.serialize_entry("thread_count", &state.threads.len())?;
        map.serialize_entry("threads", &threads::threads(*self))?;
        map.serialize_entry("unloaded_modules", &modules::unloaded_modules(*self))?;
        map.end()
    }
}

/// A document is a picture of somebody's memory.
impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}
