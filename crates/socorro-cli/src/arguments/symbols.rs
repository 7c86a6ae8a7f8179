//! Where symbols come from, and where they are kept.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args};
use socorro_stackwalk::{
    CacheOptions, DirectorySource, ObjectSource, SymbolCache, SymbolFile, SymbolSource, SymbolStore,
};
use socorro_storage::{ObjectStorage, StorageOptions};

use super::values;
use crate::failure::Failure;

/// What stands for no directory.
const NONE: &str = "none";

/// Where symbols come from, and where they are kept.
#[derive(Debug, Args)]
pub(crate) struct SymbolArguments {
    /// Where symbols are: a directory that holds NAME/ID/NAME.sym, the URL of a symbol server, or a
    /// bucket (s3://bucket/prefix, gs://…, az://…). May be repeated, or name several with commas
    /// between; they are asked in this order
    #[arg(long, value_name = "DIR|URL", env = "STACKWALKER_SYMBOLS_URLS", hide_env_values = true, action = ArgAction::Append)]
    symbols: Vec<String>,
    #[command(flatten)]
    cache: CacheArguments,
}

/// Where symbols are kept.
#[derive(Debug, Args)]
pub(crate) struct CacheArguments {
    /// Keep downloaded symbol files, and indexes of all symbol files, in this directory; `none` keeps
    /// them in memory [default: socorro/symbols in the user's cache directory]
    #[arg(long, value_name = "DIR", env = "SYMBOLS_CACHE_PATH")]
    symbols_cache: Option<PathBuf>,
    /// Remove files from that directory, those not used for the longest first, when they are larger
    /// together
    #[arg(long, value_name = "SIZE", env = "SYMBOLS_CACHE_MAX_SIZE", default_value = "40gb", value_parser = values::size)]
    symbols_cache_size: u64,
    /// Remove files from it that were not used for so long
    #[arg(long, value_name = "TIME", env = "SOCORRO_SYMBOLS_CACHE_AGE", default_value = "30d", value_parser = values::duration)]
    symbols_cache_age: Duration,
    /// Remove files from it when its disk has less space left than this [default: 2gb, or 5 % of the
    /// disk if that is less]
    #[arg(long, value_name = "SIZE", env = "SOCORRO_SYMBOLS_CACHE_KEEP_FREE", value_parser = values::size)]
    symbols_cache_keep_free: Option<u64>,
}

impl SymbolArguments {
    /// The places for symbols, in the order in which they are asked.
    pub(crate) fn places(&self) -> Vec<&str> {
        self.symbols
            .iter()
            .flat_map(|places| places_in(places))
            .collect()
    }

    /// Where symbols are kept, if they are.
    pub(crate) fn cache(&self) -> &CacheArguments {
        &self.cache
    }

    /// The store, which asks the places of `first` before its own.
    ///
    /// # Errors
    ///
    /// When a place for symbols, or the directory named for the cache, cannot be used.
    pub(crate) fn store(&self, first: &[String]) -> Result<SymbolStore, Failure> {
        self.store_of(first, self.cache.open()?)
    }

    /// The store, keeping symbols in this cache.
    ///
    /// # Errors
    ///
    /// When a place for symbols cannot be used.
    pub(crate) fn store_with(&self, cache: Option<SymbolCache>) -> Result<SymbolStore, Failure> {
        self.store_of(&[], cache)
    }

    fn store_of(
        &self,
        first: &[String],
        cache: Option<SymbolCache>,
    ) -> Result<SymbolStore, Failure> {
        let places = first.iter().map(String::as_str).chain(self.places());
        let sources = places.map(source);
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let builder = SymbolStore::builder().sources(sources);
        Ok(match cache {
            Some(cache) => builder.cache(cache).build(),
            None => builder.build(),
        })
    }
}

impl CacheArguments {
    /// The directory, if there is to be one.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        match &self.symbols_cache {
            Some(directory) => (directory.as_os_str() != NONE).then(|| directory.clone()),
            None => default_directory(env::var_os),
        }
    }

    /// The cache, if there is to be one. The one of the user is a convenience: where it cannot be made, symbols are kept
    /// in memory.
    ///
    /// # Errors
    ///
    /// When the directory that was named cannot be used.
    pub(crate) fn open(&self) -> Result<Option<SymbolCache>, Failure> {
        let Some(directory) = self.directory() else {
            tracing::debug!("symbols are kept in memory");
            return Ok(None);
        };
        match SymbolCache::open(&directory, self.options()) {
            Ok(cache) => Ok(Some(cache)),
            Err(error) if self.symbols_cache.is_none() => {
                tracing::warn!(%error, "symbols are kept in memory; --symbols-cache names a directory for them");
                Ok(None)
            }
            Err(error) => Err(Failure::from(error)
                .hint("--symbols-cache names the directory; `none` keeps symbols in memory")),
        }
    }

    /// The cache, for commands that make no sense without one.
    ///
    /// # Errors
    ///
    /// When there is none, or its directory cannot be used.
    pub(crate) fn open_or_fail(&self) -> Result<SymbolCache, Failure> {
        let directory = self.directory().ok_or_else(|| {
            Failure::usage("no directory for symbols").hint("--symbols-cache names one")
        })?;
        Ok(SymbolCache::open(directory, self.options())?)
    }

    fn options(&self) -> CacheOptions {
        CacheOptions {
            largest: self.symbols_cache_size,
            oldest: self.symbols_cache_age,
            keep_free: self.symbols_cache_keep_free,
        }
    }
}

/// The user's own place for what can be had again. Sources: XDG Base Directory Specification; on Windows, the known
/// folder for local application data.
fn default_directory(variable: impl Fn(&'static str) -> Option<OsString>) -> Option<PathBuf> {
    let directory = |name| variable(name).filter(|value| Path::new(value).is_absolute());
    let below = |root: &OsStr, path: &str| Path::new(root).join(path);
    if cfg!(windows) {
        return Some(below(&directory("LOCALAPPDATA")?, "socorro/symbols"));
    }
    match directory("XDG_CACHE_HOME") {
        Some(cache) => Some(below(&cache, "socorro/symbols")),
        None => Some(below(&directory("HOME")?, ".cache/socorro/symbols")),
    }
}

/// Looks at places for symbols without asking any server.
///
/// # Errors
///
/// When one of them cannot be used.
pub(crate) fn check_symbols(places: &str) -> Result<(), Failure> {
    places_in(places)
        .into_iter()
        .try_for_each(|place| source(place).map(drop))
}

/// The source at a place.
///
/// # Errors
///
/// When it cannot be used.
pub(crate) fn source(place: &str) -> Result<SymbolSource, Failure> {
    if is_bucket(place) {
        return bucket(place).map(SymbolSource::custom);
    }
    Ok(SymbolSource::parse(place)?)
}

/// A place that symbols can be put into.
#[derive(Debug)]
pub(crate) enum SymbolTree {
    Directory(DirectorySource),
    Bucket(ObjectSource),
}

impl SymbolTree {
    /// Opens a directory, which is made if missing, or a bucket.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub(crate) fn open(place: &str) -> Result<Self, Failure> {
        if is_bucket(place) {
            return bucket(place).map(Self::Bucket);
        }
        if place.contains("://") {
            return Err(Failure::usage(format!(
                "symbols cannot be put into {}",
                crate::settings::shown("symbols", place)
            ))
            .hint("name a directory, or a bucket as s3://bucket/prefix"));
        }
        fs::create_dir_all(place)
            .map_err(|error| Failure::because(format_args!("cannot make {place}"), &error))?;
        Ok(Self::Directory(DirectorySource::new(place)?))
    }

    /// Puts a symbol file there, and gives back where it is.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) async fn put(&self, file: &SymbolFile) -> Result<String, Failure> {
        Ok(match self {
            Self::Directory(directory) => directory.put(file)?.display().to_string(),
            Self::Bucket(bucket) => bucket.put(file).await?,
        })
    }
}

/// A bucket, opened as those for crashes are.
fn bucket(place: &str) -> Result<ObjectSource, Failure> {
    let storage = ObjectStorage::open(place, StorageOptions::default())?;
    Ok(ObjectSource::new(
        storage.store().clone(),
        storage.to_string(),
    ))
}

fn is_bucket(place: &str) -> bool {
    let scheme = place.split_once("://").map(|(scheme, _)| scheme);
    matches!(scheme, Some("s3" | "gs" | "az"))
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

    #[cfg(unix)]
    #[test]
    fn the_users_cache_is_where_the_system_has_it() {
        let with = |known: &'static [(&str, &str)]| {
            default_directory(|name| {
                let found = known.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.into())
            })
        };
        assert_eq!(with(&[]), None);
        assert_eq!(
            with(&[("HOME", "/home/a")]),
            Some("/home/a/.cache/socorro/symbols".into())
        );
        assert_eq!(
            with(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "/cache")]),
            Some("/cache/socorro/symbols".into())
        );
        // As the specification wants it.
        assert_eq!(
            with(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "relative")]),
            Some("/home/a/.cache/socorro/symbols".into())
        );
    }
}
