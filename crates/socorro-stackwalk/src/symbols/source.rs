//! Where the bytes of symbol files lie.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use debugid::DebugId;

use super::directory::DirectorySource;
use super::download::{Download, Downloaded, Inbox};
use super::error::SymbolError;
use super::name::{CodeName, ModuleName, SymbolName};

/// Finds the bytes of symbol files. Implement it to bring your own place for symbols.
///
/// Caching, coalescing and parsing are the business of the [`SymbolStore`](crate::SymbolStore): a source is asked
/// once per file, however many walks wait for it.
#[async_trait]
pub trait FetchSymbols: fmt::Debug + Send + Sync {
    /// Finds the symbol file that is asked for. `None` means that this source does not have it; the next source is
    /// asked then.
    ///
    /// # Errors
    ///
    /// When the source cannot tell whether it has the file. The next source is asked then, too.
    async fn fetch(&self, request: &SymbolRequest<'_>)
    -> Result<Option<FoundSymbols>, SymbolError>;

    /// Finds debug file and id of a module of which a minidump tells only file and code id.
    ///
    /// # Errors
    ///
    /// When the source cannot tell.
    async fn identify(&self, code: &CodeName) -> Result<Option<SymbolName>, SymbolError> {
        let _ = code;
        Ok(None)
    }

    /// Finds the debug id of another build of a debug file whose symbols this source has, to tell people who wonder
    /// where their symbols are. A source that would have to search for long says `None`.
    async fn near_miss(&self, name: &SymbolName) -> Option<DebugId> {
        let _ = name;
        None
    }

    /// Names the place for people: the path of a directory, a URL without user name, password and query.
    fn place(&self) -> String;

    /// Whether it costs next to nothing to ask again. Such a source is asked before the disk cache is looked at, and its
    /// misses are not remembered beyond one walk, so that symbols made in the meantime are found.
    fn is_local(&self) -> bool {
        false
    }
}

/// What a source is asked for.
#[derive(Debug)]
pub struct SymbolRequest<'a> {
    name: &'a SymbolName,
    module: &'a ModuleName,
    inbox: Inbox,
}

impl<'a> SymbolRequest<'a> {
    /// Asks for the symbol file `name` of `module`. What is downloaded is held in memory, up to 1 GiB.
    pub fn new(name: &'a SymbolName, module: &'a ModuleName) -> Self {
        let inbox = Inbox {
            cache: None,
            largest_file: 1 << 30,
            largest_in_memory: 1 << 30,
        };
        Self::with_inbox(name, module, inbox)
    }

    pub(super) fn with_inbox(name: &'a SymbolName, module: &'a ModuleName, inbox: Inbox) -> Self {
        Self {
            name,
            module,
            inbox,
        }
    }

    /// The name of the symbol file.
    pub fn name(&self) -> &SymbolName {
        self.name
    }

    /// The first module for which it was asked, in case the source keeps records of that.
    pub fn module(&self) -> &ModuleName {
        self.module
    }

    /// Begins to receive the file from `place`, a URL without secrets. The bytes go into the disk cache of the store and
    /// are indexed while they arrive.
    ///
    /// # Errors
    ///
    /// When no thread can be had for it.
    pub async fn download(&self, place: String) -> Result<Download, SymbolError> {
        Download::begin(&self.inbox, self.name, place).await
    }

    /// Receives a file that is there already.
    pub(super) async fn keep(
        &self,
        bytes: &[u8],
        place: String,
    ) -> Result<Downloaded, SymbolError> {
        let mut download = self.download(place).await?;
        download.write(bytes).await?;
        download.finish().await
    }
}

/// A symbol file as found by a source.
#[derive(Debug)]
pub struct FoundSymbols {
    /// Where its bytes are now.
    pub content: SymbolContent,
    /// The URL from which it came, if it came from one. A line `INFO URL` in the file says the same.
    pub url: Option<String>,
}

/// Where the bytes of a found symbol file are.
#[derive(Debug)]
pub enum SymbolContent {
    /// In a file.
    File(PathBuf),
    /// In memory.
    Bytes(Bytes),
    /// In the disk cache, or in memory where there is none.
    Downloaded(Downloaded),
}

/// One place for symbols: a directory, a symbol server, or one's own.
#[derive(Clone, Debug)]
pub struct SymbolSource(Arc<dyn FetchSymbols>);

impl SymbolSource {
    /// Symbols in a directory tree laid out as on a symbol server: `NAME/ID/NAME.sym`.
    ///
    /// # Errors
    ///
    /// When there is no such directory.
    pub fn directory(path: impl AsRef<Path>) -> Result<Self, SymbolError> {
        DirectorySource::new(path).map(Self::custom)
    }

    /// Symbols on a symbol server, with default [`HttpOptions`](crate::HttpOptions).
    ///
    /// # Errors
    ///
    /// When `url` is not a URL with the scheme `http` or `https`.
    #[cfg(feature = "http")]
    pub fn http(url: &str) -> Result<Self, SymbolError> {
        super::http::HttpSource::new(url, super::http::HttpOptions::default()).map(Self::custom)
    }

    /// Symbols in a place that this crate does not know.
    pub fn custom(source: impl FetchSymbols + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Understands what a person writes: the path of a directory or the URL of a symbol server; with the feature
    /// `debug-info`, `debug-info:` and the path of a directory with debug information (`LocalDebugInfo`); with
    /// `debuginfod`, `debuginfod+` and the URL of a server that has it (`DebuginfodSource`).
    ///
    /// # Errors
    ///
    /// When the directory does not exist, a file is given, the URL is malformed, or it needs a feature that is off.
    ///
    /// ```
    /// use socorro_stackwalk::SymbolSource;
    ///
    /// let error = SymbolSource::parse("/no/such/symbols").unwrap_err();
    /// assert!(error.to_string().contains("/no/such/symbols does not exist"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, SymbolError> {
        if let Some(directory) = text.strip_prefix("debug-info:") {
            return Self::debug_info(directory);
        }
        let scheme = text
            .split_once("://")
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("http" | "https") => Self::parse_url(text),
            Some("debuginfod+http" | "debuginfod+https") => {
                Self::debuginfod(&text["debuginfod+".len()..])
            }
            Some("file") => Self::directory(&text["file://".len()..]),
            Some(_) if !Path::new(text).exists() => Err(SymbolError::BadUrl {
                url: without_secrets(text),
                reason: "only http, https and file are supported, or the path of a directory"
                    .to_owned(),
            }),
            _ => Self::directory(text),
        }
    }

    #[cfg(feature = "http")]
    fn parse_url(text: &str) -> Result<Self, SymbolError> {
        Self::http(text)
    }

    #[cfg(not(feature = "http"))]
    fn parse_url(text: &str) -> Result<Self, SymbolError> {
        Err(not_built_in(text, "http"))
    }

    #[cfg(feature = "debug-info")]
    fn debug_info(directory: &str) -> Result<Self, SymbolError> {
        super::debug_info::LocalDebugInfo::new(directory).map(Self::custom)
    }

    #[cfg(not(feature = "debug-info"))]
    fn debug_info(directory: &str) -> Result<Self, SymbolError> {
        Err(not_built_in(directory, "debug-info"))
    }

    #[cfg(feature = "debuginfod")]
    fn debuginfod(url: &str) -> Result<Self, SymbolError> {
        let options = super::http::HttpOptions::default();
        super::debug_info::DebuginfodSource::new(url, options).map(Self::custom)
    }

    #[cfg(not(feature = "debuginfod"))]
    fn debuginfod(url: &str) -> Result<Self, SymbolError> {
        Err(not_built_in(url, "debuginfod"))
    }

    pub(super) fn get(&self) -> &dyn FetchSymbols {
        &*self.0
    }
}

#[cfg(not(all(feature = "http", feature = "debuginfod")))]
fn not_built_in(place: &str, feature: &'static str) -> SymbolError {
    SymbolError::NotBuiltIn {
        place: without_secrets(place),
        feature,
    }
}

/// Scheme, host and path of what was meant to be a URL: user name, password and query are nobody's business.
pub(super) fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest
        .find('/')
        .map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_left_out() {
        assert_eq!(
            without_secrets("https://u:p@host:1/a/b?token=x#y"),
            "https://host:1/a/b"
        );
        assert_eq!(without_secrets("https://u:p@host"), "https://host");
    }

    #[test]
    fn what_cannot_be_a_source_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("libc.sym");
        std::fs::write(&file, "MODULE").unwrap();
        let refused = |text: &str| SymbolSource::parse(text).unwrap_err().to_string();

        assert!(
            refused(file.to_str().unwrap()).contains("is a file; name the directory that holds it")
        );
        assert!(refused("ftp://host/symbols").contains("only http, https and file"));
        assert!(SymbolSource::parse(directory.path().to_str().unwrap()).is_ok());
        assert!(SymbolSource::parse(&format!("file://{}", directory.path().display())).is_ok());
    }

    #[cfg(not(feature = "http"))]
    #[test]
    fn a_server_without_the_feature_names_the_feature() {
        let error = SymbolSource::parse("https://u:p@symbols.example/")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("feature `http`") && !error.contains("u:p"),
            "{error}"
        );
    }
}
