//! Files without a place in the file system.

use std::fs::File;
use std::io::{self, Write as _};

/// A file in memory that nobody can change any more. The name is for people who look for what takes memory.
#[cfg(target_os = "linux")]
pub(super) fn in_memory(name: &str, bytes: &[u8]) -> io::Result<File> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create(name, flags)?);
    file.write_all(bytes)?;
    fcntl_add_seals(
        &file,
        SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL,
    )?;
    Ok(file)
}

/// A file without a name.
#[cfg(not(target_os = "linux"))]
pub(super) fn in_memory(_: &str, bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_a_file_that_stays_as_it_is() {
        let mut file = in_memory("test", b"MDMP").unwrap();
        assert_eq!(crate::map::map(&file).unwrap(), b"MDMP"[..]);
        if cfg!(target_os = "linux") {
            assert!(file.write_all(b"more").is_err());
            assert!(file.set_len(0).is_err());
        }
    }
}
