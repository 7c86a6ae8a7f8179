//! Why symbols could not be had.

use std::path::PathBuf;
use std::time::Duration;

/// Why a symbol source cannot be used, or did not answer.
///
/// That a source does not *have* a file is not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SymbolError {
    /// The directory given as a symbol source does not exist.
    #[error("symbol directory {} does not exist; name a directory that holds NAME/ID/NAME.sym", path.display())]
    NoDirectory {
        /// The path given.
        path: PathBuf,
    },
    /// A file was given as a symbol source.
    #[error(
        "symbol source {} is a file; name the directory that holds it as NAME/ID/NAME.sym, with NAME and ID of its MODULE line",
        path.display()
    )]
    NotADirectory {
        /// The path given.
        path: PathBuf,
    },
    /// The text given as the URL of a symbol server is not one.
    #[error("symbol server {url:?} is not a usable URL: {reason}")]
    BadUrl {
        /// The text given, without user name, password and query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The place is of a kind that this program was built without.
    #[error(
        "symbols in {place:?} need the feature `{feature}` of socorro-stackwalk, which this program was built without"
    )]
    NotBuiltIn {
        /// The text given, without user name, password and query.
        place: String,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// A file or directory could not be read or written.
    #[error("cannot access {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file is not a good symbol file.
    #[error("cannot use symbol file {}: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The symbol file is larger than accepted.
    #[error("symbol file {place} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Path or URL of the file.
        place: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A symbol server did not answer properly, however often it was asked.
    #[error("symbol server failed for {url}: {reason}")]
    Server {
        /// The URL asked for.
        url: String,
        /// The last failure.
        reason: String,
        /// How long the server asked to be left alone.
        retry_after: Option<Duration>,
    },
}

impl SymbolError {
    /// Whether the same question may be answered later, with nothing changed but the time.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Server { .. } | Self::Io { .. })
    }

    /// How long to wait before asking again; `None` if nothing is known or it is not worth asking.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
