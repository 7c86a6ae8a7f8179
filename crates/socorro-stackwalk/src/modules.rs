//! The modules of a minidump, for those who look for their symbols and nothing else.

use minidump::{Minidump, MinidumpModuleList};

use crate::dump;
use crate::error::WalkError;
use crate::fence;
use crate::symbols::ModuleName;
use crate::walker::DumpSource;

/// The names of the modules of a minidump of at most `limit` bytes. Blocks for as long as it takes.
///
/// # Errors
///
/// When the minidump cannot be read. One without modules has none.
pub fn modules(dump: DumpSource<'_>, limit: u64) -> Result<Vec<ModuleName>, WalkError> {
    let bytes = dump::sanitize(dump::load(dump.into(), limit)?)?;
    let read = fence::catch(|| {
        let dump = Minidump::read(bytes)?;
        let modules = dump.get_stream::<MinidumpModuleList>().unwrap_or_default();
        Ok(modules
            .iter()
            .map(|module| ModuleName::of(module))
            .collect())
    });
    match read {
        Ok(modules) => modules.map_err(|error: minidump::Error| WalkError::Unreadable {
            name: error.name(),
            reason: error.to_string(),
        }),
        Err(panic) => Err(WalkError::Panicked {
            location: panic.location,
            message: panic.message,
        }),
    }
}
