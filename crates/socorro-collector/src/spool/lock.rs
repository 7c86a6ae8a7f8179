//! One process per spool.

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
    path::Path,
};

use crate::Error;

/// Locks the file, which tells the id of this process from then on. The lock is the operating system's:
/// it ends with the process, however that ends.
pub(super) fn lock(directory: &Path, path: &Path) -> Result<File, Error> {
    let failed = |action, source| Error::Spool {
        action,
        path: path.to_owned(),
        source,
    };
    let mut file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path)
        .map_err(|source| failed("open", source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(path).unwrap_or_default();
            return Err(Error::SpoolInUse {
                directory: directory.to_owned(),
                file: path.to_owned(),
                holder: holder.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(failed("lock", source)),
    }
    // For people only, so that a full disk is no reason not to start.
    let _ = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}
