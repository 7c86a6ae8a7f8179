//! Reading files with settings.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use crate::failure::Failure;

/// The largest file with settings, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// Reads a file of at most 1 MiB.
///
/// # Errors
///
/// When it cannot be read, is larger, or is no UTF-8.
pub(super) fn read(path: &Path, what: &str) -> Result<String, Failure> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_SIZE + 1).read_to_string(&mut text))
        .and_then(|size| {
            if size as u64 > MAX_SIZE {
                Err(io::Error::other("it is larger than 1 MiB"))
            } else {
                Ok(())
            }
        })
        .map_err(|error| {
            let what = format!("cannot read the {what} {}", path.display());
            Failure::usage(Failure::because(what, &error).message())
        })?;
    Ok(text)
}
