//! Debug information on servers that speak debuginfod's protocol.
//!
//! Source: elfutils, debuginfod(8), "WEBAPI".

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use debugid::CodeId;

use super::build_id_path;
use super::convert::Converter;
use crate::symbols::error::SymbolError;
use crate::symbols::http::{HttpOptions, HttpSource};
use crate::symbols::source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolRequest};

/// Largest file that is downloaded and converted, in bytes.
const LARGEST: u64 = 1 << 30;

/// A server with debug information by build id, of which symbols are made as they are wanted: ELF modules only.
///
/// Asked for are `/buildid/ID/debuginfo`, for functions and lines, and `/buildid/ID/executable`, for unwind rules.
///
/// ```
/// use socorro_stackwalk::{DebuginfodSource, HttpOptions, SymbolSource, SymbolStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let source = DebuginfodSource::new("https://debuginfod.elfutils.org/", HttpOptions::default())?;
/// let store = SymbolStore::new([SymbolSource::custom(source)]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DebuginfodSource {
    server: HttpSource,
    converter: Converter,
}

impl DebuginfodSource {
    /// The server at `url`. It is not asked anything yet.
    ///
    /// # Errors
    ///
    /// When `url` is not an `http` or `https` URL, or has a query.
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, SymbolError> {
        Ok(Self {
            server: HttpSource::new(url, options)?,
            converter: Converter::new(LARGEST),
        })
    }

    /// Downloads what the server has of a module.
    async fn download(&self, id: &CodeId, directory: &Path) -> Result<Vec<PathBuf>, SymbolError> {
        let mut files = Vec::new();
        for kind in ["debuginfo", "executable"] {
            let path = directory.join(kind);
            let failed = |source| SymbolError::Io {
                path: path.clone(),
                source,
            };
            let mut file = File::create(&path).map_err(failed)?;
            let parts = ["buildid", id.as_str(), kind].map(str::to_owned);
            let found = self
                .server
                .get(parts, LARGEST, |bytes| match bytes {
                    Some(bytes) => file.write_all(bytes).map_err(failed),
                    None => {
                        file = File::create(&path).map_err(failed)?;
                        Ok(())
                    }
                })
                .await?;
            if found {
                files.push(path);
            }
        }
        Ok(files)
    }
}

#[async_trait]
impl FetchSymbols for DebuginfodSource {
    async fn fetch(
        &self,
        request: &SymbolRequest<'_>,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        let id = request.module().code_id.as_ref();
        let Some(id) = id.filter(|id| build_id_path(id).is_some()) else {
            return Ok(None);
        };
        let directory = tempfile::tempdir().map_err(|source| SymbolError::Io {
            path: std::env::temp_dir(),
            source,
        })?;
        let files = self.download(id, directory.path()).await?;
        if files.is_empty() {
            return Ok(None);
        }
        let Some(text) = self.converter.convert(files, request.name()).await? else {
            return Ok(None);
        };
        let url = format!("{}buildid/{id}/debuginfo", self.place());
        let downloaded = request.keep(&text, url.clone()).await?;
        Ok(Some(FoundSymbols {
            content: SymbolContent::Downloaded(downloaded),
            url: Some(url),
        }))
    }

    fn place(&self) -> String {
        self.server.place()
    }
}
