//! How minidumps are walked.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args, builder::RangedU64ValueParser};
use socorro_stackwalk::{InProcessStackwalker, SymbolSource, SymbolStore};
#[cfg(unix)]
use socorro_stackwalk::{WalkerPool, pool};

use super::values;
use crate::{failure::Failure, input::Limit};

/// The argument with which this program starts itself to walk in a child process.
#[cfg(unix)]
pub(crate) const WALKER_CHILD: &str = "walker-child";

/// How minidumps are walked.
#[derive(Debug, Args)]
pub(crate) struct WalkArguments {
    /// Where symbols are: a directory that holds NAME/ID/NAME.sym, or the URL of a symbol server.
    /// May be repeated, or name several with commas between; they are asked in this order
    #[arg(long, value_name = "DIR|URL", env = "STACKWALKER_SYMBOLS_URLS", hide_env_values = true, action = ArgAction::Append)]
    symbols: Vec<String>,
    /// Keep symbol files from servers in this directory
    #[arg(long, value_name = "DIR", env = "SYMBOLS_CACHE_PATH")]
    symbols_cache: Option<PathBuf>,
    /// Give up walking a minidump after this time, loading of symbols included
    #[arg(long, value_name = "TIME", env = "STACKWALKER_KILL_TIMEOUT", default_value = "2m", value_parser = values::duration)]
    deadline: Duration,
    /// Refuse larger minidumps. A file is mapped into memory, of which only what the walk looks at is
    /// read; standard input and pipes are held in memory
    #[arg(long, value_name = "SIZE", env = "SOCORRO_MAX_DUMP_SIZE", default_value = "4gib", value_parser = values::size)]
    max_dump_size: u64,
    /// Keep the first and last half of so many frames of each thread, in place of all. The frames keep
    /// their numbers, and the thread its true count
    #[arg(long, value_name = "COUNT", env = "SOCORRO_STACKWALK_FRAMES", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    frames: Option<usize>,
}

impl WalkArguments {
    /// Where symbol files from servers are kept.
    pub(crate) fn symbols_cache(&self) -> Option<&Path> {
        self.symbols_cache.as_deref()
    }

    /// How large a minidump may be.
    pub(crate) fn limit(&self) -> Limit {
        Limit {
            bytes: self.max_dump_size,
            of: "--max-dump-size",
        }
    }

    /// The places for symbols, in the order in which they are asked.
    pub(crate) fn places(&self) -> Vec<&str> {
        self.symbols
            .iter()
            .flat_map(|places| places_in(places))
            .collect()
    }

    /// Where symbol files from servers are kept, if they are.
    pub(crate) fn cache(&self) -> Option<&Path> {
        self.symbols_cache.as_deref()
    }

    /// The walker in this process, with its symbols.
    ///
    /// # Errors
    ///
    /// When a place for symbols cannot be used.
    pub(crate) fn walker(&self) -> Result<InProcessStackwalker, Failure> {
        Ok(InProcessStackwalker::new()
            .symbols(self.store()?)
            .deadline(self.deadline)
            .max_dump_size(self.max_dump_size)
            .frames_per_thread(self.frames_per_thread()))
    }

    fn frames_per_thread(&self) -> usize {
        self.frames.unwrap_or(usize::MAX)
    }

    /// The walker in child processes.
    ///
    /// # Errors
    ///
    /// When it cannot be told which program this is.
    #[cfg(unix)]
    pub(crate) fn pool(
        &self,
        children: usize,
        symbols: SymbolStore,
    ) -> Result<WalkerPool, Failure> {
        let program = pool::this_program()
            .map_err(|error| Failure::because("cannot tell which program this is", &error))?;
        Ok(WalkerPool::builder(program)
            .argument(WALKER_CHILD)
            .children(children)
            .symbols(symbols)
            .deadline(self.deadline)
            .max_dump_size(self.max_dump_size)
            .frames_per_thread(self.frames_per_thread())
            .build())
    }

    /// The symbols.
    ///
    /// # Errors
    ///
    /// When a place for symbols cannot be used.
    pub(crate) fn store(&self) -> Result<SymbolStore, Failure> {
        let sources = self
            .places()
            .into_iter()
            .map(|place| self.source(place))
            .collect::<Result<Vec<_>, _>>()?;
        if sources.is_empty() {
            tracing::info!("no symbols: functions stay unnamed; --symbols says where they are");
        }
        Ok(SymbolStore::new(sources))
    }

    #[cfg(feature = "http-symbols")]
    fn source(&self, place: &str) -> Result<SymbolSource, Failure> {
        use socorro_stackwalk::{HttpOptions, HttpSource};

        if !is_url(place) {
            return Ok(SymbolSource::parse(place)?);
        }
        let options = HttpOptions {
            cache_directory: self.symbols_cache.clone(),
            ..HttpOptions::default()
        };
        Ok(SymbolSource::custom(HttpSource::new(place, options)?))
    }

    #[cfg(not(feature = "http-symbols"))]
    fn source(&self, place: &str) -> Result<SymbolSource, Failure> {
        if self.symbols_cache.is_some() {
            tracing::debug!("--symbols-cache is for symbol servers, which this program lacks");
        }
        Ok(SymbolSource::parse(place)?)
    }
}

/// Looks at places for symbols without asking any server.
///
/// # Errors
///
/// When one of them cannot be used.
pub(crate) fn check_symbols(places: &str) -> Result<(), Failure> {
    for place in places_in(places) {
        #[cfg(feature = "http-symbols")]
        if is_url(place) {
            let options = socorro_stackwalk::HttpOptions::default();
            socorro_stackwalk::HttpSource::new(place, options)?;
            continue;
        }
        SymbolSource::parse(place)?;
    }
    Ok(())
}

#[cfg(any(test, feature = "http-symbols"))]
fn is_url(place: &str) -> bool {
    place.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

/// The places in a comma-separated list; a directory may have commas in its name.
fn places_in(text: &str) -> Vec<&str> {
    if Path::new(text).exists() {
        return vec![text];
    }
    let places = text.split(',').map(str::trim);
    places.filter(|place| !place.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_separated_by_commas_unless_a_directory_has_one() {
        let directory = tempfile::tempdir().unwrap();
        let with_comma = directory.path().join("a,b");
        std::fs::create_dir(&with_comma).unwrap();
        let with_comma = with_comma.to_str().unwrap();
        assert_eq!(places_in(with_comma), [with_comma]);
        assert_eq!(places_in("https://a, /no/b,,"), ["https://a", "/no/b"]);
    }

    #[test]
    fn only_http_makes_a_symbol_server() {
        assert!(is_url("HTTPS://symbols.example.org/"));
        assert!(!is_url("file:///symbols"));
        assert!(!is_url("./symbols"));
    }
}
