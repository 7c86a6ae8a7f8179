//! What keeps frames from having names: a reason, and the module that it is about.

use minidump::{MinidumpModule, Module};
use minidump_common::utils::basename;
use serde::Serialize;

use super::reason::Reason;
use crate::symbols::{MissingSymbols, ModuleSymbols, SymbolLookup, SymbolName};

/// A reason with all that is known of it. What does not apply is absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct Cause {
    #[serde(skip_serializing_if = "Option::is_none")]
    debug_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debug_id: Option<String>,
    /// What failed, or what is wrong with the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// How many frames have this cause; 0 until they are counted.
    pub(super) frames: usize,
    /// The first bad line of a corrupt file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// File name of the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) module: Option<String>,
    /// Debug id of the other build whose symbols there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_id: Option<String>,
    /// The sources asked, or the corrupt file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<String>,
    pub(super) reason: Reason,
}

impl Cause {
    /// The cause of frames in no module, or in one that was unloaded.
    pub(super) fn without_module(unloaded: Option<&str>) -> Self {
        Self {
            module: unloaded.map(|name| basename(name).to_owned()),
            ..Self::new(match unloaded {
                Some(_) => Reason::UnloadedModule,
                None => Reason::NoModule,
            })
        }
    }

    /// The cause of unnamed frames in a module of which the walk got `symbols`.
    pub(super) fn of(module: &MinidumpModule, symbols: Option<&ModuleSymbols>) -> Self {
        let identified = symbols.and_then(|symbols| symbols.identified.as_ref());
        let named = Self {
            module: Some(basename(&module.name).to_owned()),
            debug_file: match identified {
                Some(name) => Some(name.debug_file().to_owned()),
                None => module.debug_file().map(|path| basename(&path).to_owned()),
            },
            debug_id: identified
                .map(SymbolName::debug_id)
                .or_else(|| module.debug_identifier())
                .map(|id| id.breakpad().to_string()),
            ..Self::new(Reason::of(symbols))
        };
        match symbols.map(|symbols| &*symbols.lookup) {
            Some(SymbolLookup::Corrupt {
                place,
                line,
                reason,
            }) => Self {
                detail: Some(reason.clone()),
                line: *line,
                places: vec![place.clone()],
                ..named
            },
            Some(SymbolLookup::Missing(MissingSymbols::NotFound { places, near_miss })) => Self {
                other_id: near_miss.clone(),
                places: places.clone(),
                ..named
            },
            Some(SymbolLookup::Missing(MissingSymbols::Unavailable { reason })) => Self {
                detail: Some(reason.clone()),
                ..named
            },
            _ => named,
        }
    }

    fn new(reason: Reason) -> Self {
        Self {
            debug_file: None,
            debug_id: None,
            detail: None,
            frames: 0,
            line: None,
            module: None,
            other_id: None,
            places: Vec::new(),
            reason,
        }
    }
}
