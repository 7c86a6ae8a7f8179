//! Minidumps and the other files of a crash report.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::error::Error;

/// The name of the form field that holds the minidump of the process that crashed.
const MAIN: &str = "upload_file_minidump";
/// What object keys call the main minidump.
const MAIN_SEGMENT: &str = "dump";
/// Names that storage needs for itself.
const RESERVED: [&str; 4] = ["raw_crash", "dump_names", "processed_crash", "crash_report"];
/// More than any client uses; keeps keys and file names within every backend's limits.
const MAX_LENGTH: usize = 100;
/// Where the collector cuts a name.
const COLLECTED_LENGTH: usize = 30;

/// The name of one file of a crash report, safe to use as part of a key or a path.
///
/// Well known: `upload_file_minidump` (the process that crashed), `upload_file_minidump_<x>`
/// (other processes of the same report), `memory_report` (gzip JSON).
///
/// ```
/// use socorro_core::DumpName;
///
/// assert_eq!(DumpName::main().as_str(), "upload_file_minidump");
/// assert_eq!(DumpName::main().storage_segment(), "dump");
/// assert!(DumpName::parse("../etc/passwd").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DumpName(String);

impl DumpName {
    /// The minidump of the process that crashed.
    #[must_use]
    pub fn main() -> Self {
        Self(MAIN.to_owned())
    }

    /// Checks a name. The empty name and `dump` (the storage name) mean the main minidump.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDumpName`] unless the name is 1 to 100 ASCII letters, digits, `_` or `-`,
    /// and none of the names under which storage keeps other things (`raw_crash`, `dump_names`,
    /// `processed_crash`, `crash_report`).
    pub fn parse(name: &str) -> Result<Self, Error> {
        if name.is_empty() || name == MAIN_SEGMENT {
            return Ok(Self::main());
        }
        if name.len() > MAX_LENGTH {
            return Err(Error::invalid_dump_name(name, "longer than 100 characters"));
        }
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        {
            return Err(Error::invalid_dump_name(
                name,
                "only ASCII letters, digits, '_' and '-' are allowed",
            ));
        }
        if RESERVED.contains(&name) {
            return Err(Error::invalid_dump_name(
                name,
                "the name is reserved by crash storage",
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// Turns any text a client sends into a name, as Mozilla's collector does: everything but
    /// ASCII letters, digits and `_` is dropped, and the result is cut to 30 characters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDumpName`] when the result is reserved by storage.
    pub fn sanitize(text: &str) -> Result<Self, Error> {
        let kept: String = text
            .chars()
            .filter(|character| character.is_ascii_alphanumeric() || *character == '_')
            .take(COLLECTED_LENGTH)
            .collect();
        Self::parse(&kept)
    }

    /// The name as clients send it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as object keys spell it: `dump` for the main minidump, else the name itself.
    #[must_use]
    pub fn storage_segment(&self) -> &str {
        if self.is_main() {
            MAIN_SEGMENT
        } else {
            &self.0
        }
    }

    /// Whether this is the minidump of the process that crashed.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.0 == MAIN
    }

    /// Whether the file is a minidump, of the crashed or of another process.
    #[must_use]
    pub fn is_minidump(&self) -> bool {
        self.0.starts_with(MAIN)
    }
}

impl fmt::Display for DumpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for DumpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DumpName({})", self.0)
    }
}

impl std::str::FromStr for DumpName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::parse(name)
    }
}

/// The content of one file of a crash report: in memory, or a file that somebody else owns.
///
/// Cloning never copies the content.
#[derive(Clone, PartialEq, Eq)]
pub enum Dump {
    /// The bytes themselves.
    Bytes(Bytes),
    /// A file on the local disk. It has to stay there as long as the value is used.
    File {
        /// Where.
        path: PathBuf,
        /// How many bytes it had when the value was made.
        size: u64,
    },
}

impl Dump {
    /// How many bytes the content has.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    /// The path, when the content is a file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Bytes(_) => None,
            Self::File { path, .. } => Some(path),
        }
    }
}

impl From<Bytes> for Dump {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Dump {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

/// Sizes and places only: a dump is private data.
impl fmt::Debug for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Dump({} bytes)", bytes.len()),
            Self::File { path, size } => write!(f, "Dump({size} bytes in {})", path.display()),
        }
    }
}

/// The files of one crash report by name, in the order in which they came.
///
/// ```
/// use socorro_core::{Dump, DumpName, Dumps};
///
/// let mut dumps = Dumps::new();
/// dumps.insert(DumpName::main(), Dump::from(b"MDMP".to_vec()));
/// assert_eq!(dumps.get(&DumpName::main()).map(Dump::size), Some(4));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dumps(Vec<(DumpName, Dump)>);

impl Dumps {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; one of the same name is replaced in its place and returned.
    pub fn insert(&mut self, name: DumpName, dump: Dump) -> Option<Dump> {
        match self.0.iter_mut().find(|(present, _)| *present == name) {
            Some((_, present)) => Some(std::mem::replace(present, dump)),
            None => {
                self.0.push((name, dump));
                None
            }
        }
    }

    /// The file of that name.
    #[must_use]
    pub fn get(&self, name: &DumpName) -> Option<&Dump> {
        self.0
            .iter()
            .find(|(present, _)| present == name)
            .map(|(_, dump)| dump)
    }

    /// All files in order.
    pub fn iter(&self) -> impl Iterator<Item = (&DumpName, &Dump)> {
        self.0.iter().map(|(name, dump)| (name, dump))
    }

    /// All names in order.
    pub fn names(&self) -> impl Iterator<Item = &DumpName> {
        self.0.iter().map(|(name, _)| name)
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(DumpName, Dump)> for Dumps {
    fn from_iter<I: IntoIterator<Item = (DumpName, Dump)>>(files: I) -> Self {
        let mut dumps = Self::new();
        for (name, dump) in files {
            dumps.insert(name, dump);
        }
        dumps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_storage_needs_are_refused() {
        for name in RESERVED {
            assert!(DumpName::parse(name).is_err(), "{name}");
            assert!(DumpName::sanitize(name).is_err(), "{name}");
        }
    }

    #[test]
    fn names_that_could_leave_their_directory_are_refused() {
        for name in ["..", "a/b", "a\\b", "a b", "a\0b", "é", "a.b"] {
            assert!(DumpName::parse(name).is_err(), "{name:?}");
        }
        assert!(DumpName::parse(&"x".repeat(101)).is_err());
    }

    #[test]
    fn the_storage_name_and_no_name_mean_the_main_minidump() {
        for name in ["", "dump", "upload_file_minidump"] {
            assert!(DumpName::parse(name).unwrap().is_main());
        }
    }

    #[test]
    fn a_replaced_dump_keeps_its_place() {
        let browser = DumpName::parse("upload_file_minidump_browser").unwrap();
        let mut dumps = Dumps::new();
        dumps.insert(DumpName::main(), vec![1].into());
        dumps.insert(browser.clone(), vec![2].into());
        assert_eq!(
            dumps.insert(DumpName::main(), vec![3, 3].into()),
            Some(vec![1].into())
        );
        assert_eq!(
            dumps.names().collect::<Vec<_>>(),
            [&DumpName::main(), &browser]
        );
    }

    #[test]
    fn debug_output_never_shows_the_content() {
        assert_eq!(
            format!("{:?}", Dump::from(b"secret".to_vec())),
            "Dump(6 bytes)"
        );
    }
}
