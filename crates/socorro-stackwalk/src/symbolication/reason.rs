//! Why a frame has no name.

use serde::{Serialize, Serializer};

use crate::symbols::{MissingSymbols, ModuleSymbols, SymbolLookup};

/// Why a frame has no function name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Its address lies in no module.
    NoModule,
    /// The module that was there had been unloaded.
    UnloadedModule,
    /// The minidump does not tell the debug id of the module.
    NoDebugId,
    /// The name of the debug file cannot be part of a path.
    UnfitName,
    /// No source has the symbols.
    NotFound,
    /// There are symbols of another build of the module.
    WrongId,
    /// A source did not answer properly.
    Unavailable,
    /// The symbol file is damaged.
    Corrupt,
    /// The symbols have nothing at this address.
    StrippedRange,
    /// The walk came to its bounds before.
    NotLookedUp,
}

/// Each reason with its name in documents and its name for people.
const REASONS: [(Reason, &str, &str); 10] = [
    (Reason::NoModule, "no_module", "in no module"),
    (
        Reason::UnloadedModule,
        "unloaded_module",
        "the module was unloaded",
    ),
    (Reason::NoDebugId, "no_debug_id", "no debug id"),
    (Reason::UnfitName, "unfit_name", "unfit name of debug file"),
    (Reason::NotFound, "not_found", "symbols not found"),
    (Reason::WrongId, "wrong_id", "symbols of another build only"),
    (Reason::Unavailable, "unavailable", "symbols unavailable"),
    (Reason::Corrupt, "corrupt", "symbols corrupt"),
    (
        Reason::StrippedRange,
        "stripped_range",
        "no symbol at this address",
    ),
    (
        Reason::NotLookedUp,
        "not_looked_up",
        "symbols not looked up",
    ),
];

impl Reason {
    /// The reason for a frame in a module of which the walk got this.
    pub(super) fn of(symbols: Option<&ModuleSymbols>) -> Self {
        match symbols.map(|symbols| &*symbols.lookup) {
            None => Self::NotLookedUp,
            Some(SymbolLookup::Loaded(_)) => Self::StrippedRange,
            Some(SymbolLookup::Corrupt { .. }) => Self::Corrupt,
            Some(SymbolLookup::Missing(missing)) => match missing {
                MissingSymbols::NoDebugId => Self::NoDebugId,
                MissingSymbols::UnfitName => Self::UnfitName,
                MissingSymbols::NotFound {
                    near_miss: Some(_), ..
                } => Self::WrongId,
                MissingSymbols::NotFound { .. } => Self::NotFound,
                MissingSymbols::Unavailable { .. } => Self::Unavailable,
            },
        }
    }

    /// The reason with this name in a document.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let found = REASONS.iter().find(|(_, known, _)| *known == name);
        found.map(|(reason, ..)| *reason)
    }

    fn row(self) -> &'static (Reason, &'static str, &'static str) {
        let found = REASONS.iter().find(|(reason, ..)| *reason == self);
        found.unwrap_or(&REASONS[0])
    }

    fn name(self) -> &'static str {
        self.row().1
    }

    /// The reason in words.
    pub fn words(self) -> &'static str {
        self.row().2
    }

    /// Whether symbols would help that were not to be had.
    pub fn is_lack_of_symbols(self) -> bool {
        !matches!(
            self,
            Self::NoModule | Self::UnloadedModule | Self::StrippedRange | Self::NotLookedUp
        )
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_row() {
        for (reason, name, _) in REASONS {
            assert_eq!((reason.name(), Reason::parse(name)), (name, Some(reason)));
        }
    }
}
