//! From a parsed report to the raw crash that is stored: aliases, metadata, crash id, forbidden
//! fields.

mod assemble;
mod id;
mod options;
#[cfg(test)]
mod tests;

use socorro_core::{CrashId, Dumps, RawCrash};

use crate::{Malformed, Reservation, parse::Report};

pub use assemble::assemble;
pub use id::crash_id;
pub use options::Options;

/// A report with its id, ready to be stored.
#[derive(Debug)]
pub struct Crash {
    /// The crash id.
    pub id: CrashId,
    /// What is stored as the raw crash.
    pub raw_crash: RawCrash,
    /// The files.
    pub dumps: Dumps,
    /// Whether its id is published once it is stored.
    pub publish: bool,
    /// The directory that holds the large files; deleted with the crash.
    pub scratch: Option<tempfile::TempDir>,
    /// The memory that it holds.
    pub memory: Reservation,
}

/// Why a report gets no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It brought a crash id without being allowed to.
    #[error("it brought a crash id without being allowed to")]
    UnauthorizedUuid,
    /// Malformed: it brought one that is none.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Fills in absent annotations from their aliases: of the names under which one may have come, the
/// first that is there. Annotations keep their own names, too, and one that is there, even empty, is
/// left alone.
pub fn apply_aliases(report: &mut Report, options: &Options) {
    let annotations = &mut report.annotations;
    for (name, aliases) in &options.aliases {
        if annotations.contains_key(name) {
            continue;
        }
        let value = aliases.iter().find_map(|alias| annotations.get(alias));
        if let Some(value) = value.cloned() {
            annotations.insert(name.clone(), value);
        }
    }
}
