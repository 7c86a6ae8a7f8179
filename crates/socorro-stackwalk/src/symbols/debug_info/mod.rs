//! Symbols made from debug information, by the library `dump_syms`.
//!
//! Where the debug information lies is never taken from a minidump: it comes from directories and servers that the user
//! names, and is looked for by build id, or by the base name of the debug file. What is made is used only if it has the
//! debug id that was asked for.

mod convert;
#[cfg(feature = "debuginfod")]
mod debuginfod;
mod local;

#[cfg(feature = "debuginfod")]
pub use debuginfod::DebuginfodSource;
pub use local::LocalDebugInfo;

use debugid::CodeId;

/// The two parts of a build id's path in a tree of debug information: its first byte, and the others.
///
/// `None` if it is no build id: these have as many bytes as a hash, the code ids of Windows only few.
fn build_id_path(id: &CodeId) -> Option<(&str, &str)> {
    const SHORTEST: usize = 16;
    let id = id.as_str();
    (id.len() >= SHORTEST && id.is_ascii()).then(|| id.split_at(2))
}
