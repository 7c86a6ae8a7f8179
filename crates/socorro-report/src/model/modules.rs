//! The modules of a process.

use std::collections::HashMap;

use serde_json::{Map, Value};
use socorro_stackwalk::{ModuleReport, StackwalkView, SymbolStatus};

use super::NAME;
use crate::words;

/// Modules that are shown.
const MOST_MODULES: usize = 3_000;

/// A module of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Module {
    /// File name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Where it begins.
    pub base_address: String,
    /// File name of the debug information.
    pub debug_file: String,
    /// Identifier of the debug information.
    pub debug_id: String,
    /// What became of its symbols.
    pub symbols: ModuleSymbols,
    /// How many frames of all threads lie in it.
    pub frames: u64,
}

/// What became of the symbols of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleSymbols {
    /// They were found.
    Loaded,
    /// No source has them.
    Missing,
    /// What was found is damaged.
    Corrupt,
    /// No stack has the module, so that nobody looked.
    NotNeeded,
    /// The module had been unloaded before the crash.
    Unloaded,
}

impl ModuleSymbols {
    /// A word for programs, as in the page's style.
    #[cfg(feature = "html")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
            Self::NotNeeded => "unneeded",
            Self::Unloaded => "unloaded",
        }
    }

    /// It in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Loaded => "found",
            Self::Missing => "not found",
            Self::Corrupt => "corrupt",
            Self::NotNeeded => "not needed",
            Self::Unloaded => "module unloaded",
        }
    }
}

/// All modules: those with most frames first, then by name, then those that had been unloaded.
pub(super) fn all(document: StackwalkView<'_>) -> Vec<Module> {
    let mut frames: HashMap<&str, u64> = HashMap::new();
    for frame in document.threads().flat_map(|thread| thread.frames()) {
        if let Some(module) = frame.module() {
            *frames.entry(module).or_default() += 1;
        }
    }
    let count = |name: Option<&str>| name.and_then(|name| frames.get(name)).copied().unwrap_or(0);
    let mut modules: Vec<Module> = document
        .modules()
        .map(|module| loaded(module, count(module.filename())))
        .collect();
    modules.sort_by(|one, other| {
        (other.frames, one.name.to_lowercase()).cmp(&(one.frames, other.name.to_lowercase()))
    });
    modules.extend(document.objects("unloaded_modules").map(unloaded));
    modules.truncate(MOST_MODULES);
    modules
}

fn loaded(module: ModuleReport<'_>, frames: u64) -> Module {
    let text = |text: Option<&str>| words::line(text.unwrap_or_default(), NAME);
    Module {
        name: text(module.filename()),
        version: text(module.version()),
        base_address: text(module.base_address()),
        debug_file: text(module.debug_file()),
        debug_id: text(module.debug_id()),
        symbols: match module.symbols() {
            Some(SymbolStatus::Loaded) => ModuleSymbols::Loaded,
            // Mozilla's stackwalker marks modules that nobody asked for as well.
            Some(SymbolStatus::Missing) if frames > 0 => ModuleSymbols::Missing,
            Some(SymbolStatus::Corrupt) => ModuleSymbols::Corrupt,
            _ => ModuleSymbols::NotNeeded,
        },
        frames,
    }
}

fn unloaded(module: &Map<String, Value>) -> Module {
    let text = |field: &str| {
        let text = module.get(field).and_then(Value::as_str);
        words::line(text.unwrap_or_default(), NAME)
    };
    Module {
        name: text("filename"),
        version: String::new(),
        base_address: text("base_addr"),
        debug_file: String::new(),
        debug_id: text("code_id"),
        symbols: ModuleSymbols::Unloaded,
        frames: 0,
    }
}
