//! How to treat a symbol server.

use std::path::PathBuf;
use std::time::Duration;

/// How to treat a symbol server.
///
/// ```
/// use socorro_stackwalk::{HttpOptions, HttpSource, SymbolSource};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// let options = HttpOptions { cache_directory: Some(directory.path().join("symbols")), ..HttpOptions::default() };
/// let source = SymbolSource::custom(HttpSource::new("https://symbols.mozilla.org/", options)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Where downloaded files are kept, laid out as on the server; made if missing. Several servers and processes may
    /// share it. Default: `None`, nothing is kept on disk.
    pub cache_directory: Option<PathBuf>,
    /// Largest file accepted, in bytes after decompression. Default: 4 GiB; with no cache directory, downloads are held
    /// in memory, so it may have to be less.
    pub largest_file: u64,
    /// Time for a connection. Default: 10 seconds.
    pub connect_timeout: Duration,
    /// Longest silence within an answer. Default: 30 seconds.
    pub read_timeout: Duration,
    /// Time for a whole download. Default: 10 minutes.
    pub timeout: Duration,
    /// How often to ask, the first time included, when the server is busy (429), fails (5xx) or the transfer breaks off.
    /// Default: 4.
    pub attempts: u32,
    /// Wait before asking again, doubled each time, unless the server says how long to wait. Default: 500 milliseconds.
    pub backoff: Duration,
    /// Longest wait before asking again; a server that wants to be left alone for longer is left alone. Default: 10
    /// seconds.
    pub longest_wait: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            cache_directory: None,
            largest_file: 4 << 30,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            timeout: Duration::from_secs(10 * 60),
            attempts: 4,
            backoff: Duration::from_millis(500),
            longest_wait: Duration::from_secs(10),
        }
    }
}
