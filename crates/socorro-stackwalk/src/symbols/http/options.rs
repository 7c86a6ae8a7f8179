//! How to treat a symbol server.

use std::time::Duration;

/// How to treat a symbol server. How large a file may be and where it is kept is up to the
/// [`SymbolStore`](crate::SymbolStore).
///
/// ```
/// use std::time::Duration;
///
/// use socorro_stackwalk::{HttpOptions, HttpSource, SymbolSource};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = HttpOptions { timeout: Duration::from_secs(60), ..HttpOptions::default() };
/// let source = SymbolSource::custom(HttpSource::new("https://symbols.mozilla.org/", options)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Time for a connection. Default: 10 seconds.
    pub connect_timeout: Duration,
    /// Longest silence within an answer. Default: 30 seconds.
    pub read_timeout: Duration,
    /// Least speed of an answer, in bytes a second on average after the time for a silence. Default: 4096.
    pub lowest_speed: u64,
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
    /// How long to ask for nothing at all once the server could not be reached, fell silent or was too slow, unless it
    /// says how long. Default: 10 seconds.
    pub pause: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            lowest_speed: 4096,
            timeout: Duration::from_secs(10 * 60),
            attempts: 4,
            backoff: Duration::from_millis(500),
            longest_wait: Duration::from_secs(10),
            pause: Duration::from_secs(10),
        }
    }
}
