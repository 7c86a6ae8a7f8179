//! What becomes of the search for the symbols of a module.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::index::SymbolIndex;
use super::name::{ModuleName, SymbolName};

/// Finds the symbols of modules: a [`SymbolStore`](crate::SymbolStore), or somebody who asks one elsewhere.
#[async_trait]
pub(crate) trait LookUpSymbols: fmt::Debug + Send + Sync {
    /// Finds the symbols of a module.
    async fn look_up(&self, module: &ModuleName) -> ModuleSymbols;
}

/// The symbols of one module.
#[derive(Clone, Debug)]
pub(crate) struct ModuleSymbols {
    /// What became of the search.
    pub(crate) lookup: Arc<SymbolLookup>,
    /// The name of the symbols, if the minidump did not tell it but it had to be asked for by code id.
    pub(crate) identified: Option<SymbolName>,
}

/// What became of the search for a module's symbols.
#[derive(Debug)]
pub enum SymbolLookup {
    /// They were found.
    Loaded(SymbolIndex),
    /// A file was found that is not a symbol file, or a damaged one.
    Corrupt {
        /// Path or URL of the file, without secrets.
        place: String,
        /// The first bad line, counted from 1.
        line: Option<u64>,
        /// What is wrong with it.
        reason: String,
    },
    /// There are none, or they could not be had.
    Missing(MissingSymbols),
}

/// Why a module has no symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "pool", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MissingSymbols {
    /// The minidump does not tell debug file and debug id of the module, and nobody knew them by its code id.
    NoDebugId,
    /// The name of the debug file is unfit for a path, so that it cannot be looked for.
    UnfitName,
    /// No source has them.
    NotFound {
        /// The sources asked: directories and URLs, without secrets.
        places: Vec<String>,
        /// Debug id of another build's symbols of the same debug file that a source does have.
        near_miss: Option<String>,
    },
    /// A source that may have them did not answer properly, or its file could not be read.
    Unavailable {
        /// What failed last.
        reason: String,
    },
}

impl fmt::Display for MissingSymbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDebugId => {
                f.write_str("the minidump does not tell debug file and debug id of the module")
            }
            Self::UnfitName => f.write_str("the name of the debug file is unfit for a path"),
            Self::NotFound { places, near_miss } => {
                f.write_str("no source has them")?;
                if !places.is_empty() {
                    write!(f, " (asked: {})", places.join(", "))?;
                }
                match near_miss {
                    Some(id) => write!(f, "; there are those of another build, {id}"),
                    None => Ok(()),
                }
            }
            Self::Unavailable { reason } => f.write_str(reason),
        }
    }
}
