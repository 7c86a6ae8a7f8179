//! The search for one symbol file.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tracing::{debug, warn};

use super::Shared;
use super::stored::{self, ENTRY_WEIGHT, Stored};
use crate::metrics;
use crate::symbols::cache::{Claim, SymbolCache};
use crate::symbols::download::{Downloaded, Inbox};
use crate::symbols::error::SymbolError;
use crate::symbols::index::{CorruptSymbols, SymbolFileError, SymbolIndex};
use crate::symbols::lookup::{MissingSymbols, SymbolLookup};
use crate::symbols::memory::Made;
use crate::symbols::name::{CodeName, ModuleName, SymbolName};
use crate::symbols::source::{FoundSymbols, SymbolContent, SymbolRequest, SymbolSource};

impl Shared {
    /// Asks each source in turn, the disk cache before the first that is far away. A file that was found ends the
    /// search, even if it is corrupt.
    pub(super) async fn load(&self, name: &SymbolName, module: &ModuleName) -> Made<Stored> {
        let request = SymbolRequest::with_inbox(name, module, self.inbox());
        let mut failure = None;
        let mut claim = None;
        for source in &self.sources {
            let source = source.get();
            if let (false, Some(cache), None) = (source.is_local(), &self.cache, &claim) {
                match self.on_disk(cache, name).await {
                    Ok(symbols) => return self.loaded(symbols),
                    Err(granted) => claim = Some(granted),
                }
            }
            let permit = if source.is_local() {
                None
            } else {
                self.downloads.acquire().await.ok()
            };
            let fetched = source.fetch(&request).await;
            drop(permit);
            match fetched {
                Ok(Some(found)) => {
                    let found = self.kept(&request, found, source.is_local()).await;
                    return self.open(&request, found).await;
                }
                Ok(None) => {}
                Err(error) => {
                    warn!(debug_file = name.debug_file(), %error, "symbol source failed");
                    failure = Some(error);
                }
            }
        }
        self.missing(name, failure.as_ref()).await
    }

    /// Whether a source on this machine has a symbol file.
    pub(super) async fn is_here(&self, name: &SymbolName, module: &ModuleName) -> bool {
        let request = SymbolRequest::new(name, module);
        let here = self.sources.iter().map(SymbolSource::get);
        for source in here.filter(|source| source.is_local()) {
            if matches!(source.fetch(&request).await, Ok(Some(_))) {
                return true;
            }
        }
        false
    }

    fn inbox(&self) -> Inbox {
        let largest_file = match self.cache {
            Some(_) => self.settings.largest_file,
            None => self.settings.largest_file.min(self.settings.capacity),
        };
        Inbox {
            cache: self.cache.clone(),
            largest_file,
            largest_in_memory: self.settings.capacity,
        }
    }

    /// What the disk cache has, or the right to put something there.
    async fn on_disk(&self, cache: &SymbolCache, name: &SymbolName) -> Result<SymbolIndex, Claim> {
        if let Some(symbols) = self.cached(cache, name).await {
            return Ok(symbols);
        }
        let claim = cache.claim(name).await;
        // Another process may just have put it there.
        self.cached(cache, name).await.ok_or(claim)
    }

    /// What the disk cache has. A file in it that cannot be used is as good as none.
    async fn cached(&self, cache: &SymbolCache, name: &SymbolName) -> Option<SymbolIndex> {
        let text = match cache.find(name) {
            Ok(text) => text?,
            Err(error) => {
                warn!(debug_file = name.debug_file(), %error, "cannot look into the symbol cache");
                return None;
            }
        };
        let index = Some(SymbolIndex::path_for(&text));
        match self.open_file(text, index).await {
            Ok(symbols) => Some(symbols),
            Err(failure) => {
                warn!(debug_file = name.debug_file(), %failure, "removing a damaged file from the symbol cache");
                if let Err(error) = cache.remove(name) {
                    warn!(debug_file = name.debug_file(), %error, "cannot remove from the symbol cache");
                }
                None
            }
        }
    }

    /// Puts into the disk cache, if there is one, what came from far away and is in memory.
    async fn kept(
        &self,
        request: &SymbolRequest<'_>,
        found: FoundSymbols,
        is_local: bool,
    ) -> FoundSymbols {
        let (SymbolContent::Bytes(bytes), false) = (&found.content, is_local) else {
            return found;
        };
        let (Some(_), Some(url)) = (&self.cache, &found.url) else {
            return found;
        };
        match request.keep(bytes, url.clone()).await {
            Ok(downloaded) => FoundSymbols {
                content: SymbolContent::Downloaded(downloaded),
                ..found
            },
            Err(error) => {
                warn!(debug_file = request.name().debug_file(), %error, "cannot keep a symbol file");
                found
            }
        }
    }

    /// Makes symbols of what a source found.
    async fn open(&self, request: &SymbolRequest<'_>, found: FoundSymbols) -> Made<Stored> {
        let FoundSymbols { content, url } = found;
        let place = match &content {
            SymbolContent::File(path) => path.display().to_string(),
            _ => url.clone().unwrap_or_default(),
        };
        let opened = match content {
            SymbolContent::Downloaded(Downloaded(symbols)) => {
                symbols.map(|symbols| *symbols).map_err(Into::into)
            }
            SymbolContent::Bytes(bytes) => {
                let limit = self.settings.largest_file;
                let path = PathBuf::from(&place);
                let read = {
                    let path = path.clone();
                    move || of_bytes(bytes, path, limit)
                };
                self.read(path, read).await
            }
            SymbolContent::File(path) => {
                let index = self.foreign_index(request.name(), &path);
                self.open_file(path, index).await
            }
        };
        match opened {
            Ok(symbols) => self.loaded(symbols.or_url(url.as_deref())),
            Err(failure) => self.unusable(request.name(), place, failure),
        }
    }

    fn foreign_index(&self, name: &SymbolName, text: &std::path::Path) -> Option<PathBuf> {
        let index = self.cache.as_ref()?.foreign_index(name, text);
        index
            .inspect_err(|error| {
                debug!(debug_file = name.debug_file(), %error, "cannot keep an index in the symbol cache");
            })
            .ok()
    }

    async fn open_file(
        &self,
        text: PathBuf,
        index: Option<PathBuf>,
    ) -> Result<SymbolIndex, SymbolFileError> {
        let limit = self.settings.largest_file;
        let cache = self.cache.clone();
        self.read(text.clone(), move || {
            let was_indexed = index.as_ref().is_some_and(|index| index.exists());
            let symbols = match &index {
                Some(index) => SymbolIndex::open_or_build(&text, index, limit)?,
                None => SymbolIndex::build(&text, limit)?,
            };
            if let (Some(cache), Some(index), false) = (cache, symbols.index_path(), was_indexed) {
                cache.indexed(index);
            }
            Ok(symbols)
        })
        .await
    }

    /// Reads a symbol file on a thread that may take its time, not more of them at once than there are processors.
    async fn read(
        &self,
        path: PathBuf,
        read: impl FnOnce() -> Result<SymbolIndex, SymbolFileError> + Send + 'static,
    ) -> Result<SymbolIndex, SymbolFileError> {
        let permit = Arc::clone(&self.readers).acquire_owned().await;
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read()
        });
        read.await.unwrap_or_else(|error| {
            Err(SymbolFileError::Unreadable {
                path,
                source: io::Error::other(error),
            })
        })
    }

    fn loaded(&self, symbols: SymbolIndex) -> Made<Stored> {
        metrics::count(&metrics::FETCH);
        stored::loaded(symbols)
    }

    fn unusable(&self, name: &SymbolName, place: String, failure: SymbolFileError) -> Made<Stored> {
        metrics::count(&metrics::ERROR);
        let lookup = match failure {
            SymbolFileError::Corrupt(corrupt) => {
                warn!(debug_file = name.debug_file(), place, %corrupt, "corrupt symbol file");
                let CorruptSymbols { line, reason } = corrupt;
                SymbolLookup::Corrupt {
                    place,
                    line,
                    reason,
                }
            }
            error => {
                warn!(debug_file = name.debug_file(), %error, "unreadable symbol file");
                let reason = error.to_string();
                SymbolLookup::Missing(MissingSymbols::Unavailable { reason })
            }
        };
        stored::without_symbols(lookup, self.settings.failed_for)
    }

    async fn missing(&self, name: &SymbolName, failure: Option<&SymbolError>) -> Made<Stored> {
        metrics::count(match failure {
            Some(_) => &metrics::ERROR,
            None => &metrics::MISS,
        });
        let why = match failure {
            Some(error) => MissingSymbols::Unavailable {
                reason: error.to_string(),
            },
            None => MissingSymbols::NotFound {
                places: self.sources.iter().map(|s| s.get().place()).collect(),
                near_miss: self.near_miss(name).await,
            },
        };
        stored::without_symbols(SymbolLookup::Missing(why), self.keep_miss_for(failure))
    }

    async fn near_miss(&self, name: &SymbolName) -> Option<String> {
        for source in &self.sources {
            if let Some(id) = source.get().near_miss(name).await {
                return Some(id.breakpad().to_string());
            }
        }
        None
    }

    /// Asks each source in turn for the name of the symbols of a module's file.
    pub(super) async fn ask(&self, code: &CodeName) -> Made<Option<SymbolName>> {
        let mut failure = None;
        for source in &self.sources {
            match source.get().identify(code).await {
                Ok(Some(name)) => {
                    return Made {
                        value: Some(name),
                        weight: ENTRY_WEIGHT,
                        keep_for: None,
                    };
                }
                Ok(None) => {}
                Err(error) => {
                    debug!(code_file = code.file(), %error, "symbol source failed");
                    failure = Some(error);
                }
            }
        }
        Made {
            value: None,
            weight: ENTRY_WEIGHT,
            keep_for: Some(self.keep_miss_for(failure.as_ref())),
        }
    }

    /// A source that does not have a file is asked again after minutes, one that failed after seconds, one that lies
    /// on this machine at once.
    fn keep_miss_for(&self, failure: Option<&SymbolError>) -> Duration {
        match failure {
            Some(error) => error.retry_after().unwrap_or_default().clamp(
                self.settings.failed_for,
                self.settings.not_found_for.max(self.settings.failed_for),
            ),
            None if self.sources.iter().all(|source| source.get().is_local()) => Duration::ZERO,
            None => self.settings.not_found_for,
        }
    }
}

fn of_bytes(text: Bytes, path: PathBuf, limit: u64) -> Result<SymbolIndex, SymbolFileError> {
    let size = text.len() as u64;
    if size > limit {
        return Err(SymbolFileError::TooLarge { path, size, limit });
    }
    Ok(SymbolIndex::from_text(text)?)
}
