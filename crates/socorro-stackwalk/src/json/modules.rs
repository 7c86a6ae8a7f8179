//! What was loaded into the process, and what became of its symbols.

use std::borrow::Cow;
use std::collections::HashMap;

use minidump::{MinidumpModule, Module};
use minidump_common::utils::basename;
use minidump_processor::ProcessState;
use serde_json::Value;

use super::value::{Addresses, array, object};
use crate::symbols::{CrashSymbols, ModuleSymbols, SymbolLookup, SymbolName};

pub(super) fn modules(state: &ProcessState, symbols: &CrashSymbols, addresses: Addresses) -> Value {
    let looked_up: Vec<_> = state
        .modules
        .iter()
        .map(|module| symbols.of(module))
        .collect();
    // A file that is mapped several times is several modules, of which the walk may have met one only. As in the
    // reference, the others are shown with what became of that one.
    let mut by_name = HashMap::new();
    for (module, symbols) in state.modules.iter().zip(&looked_up) {
        if let Some(symbols) = symbols {
            by_name.entry(file_name(module)).or_insert(&**symbols);
        }
    }
    array(state.modules.iter().zip(&looked_up).map(|(module, own)| {
        let lookup = own
            .as_deref()
            .or_else(|| by_name.get(&file_name(module)).copied());
        let identified = own.as_ref().and_then(|symbols| symbols.identified.as_ref());
        module_value(
            state,
            module,
            SymbolFields::of(lookup),
            identified,
            addresses,
        )
    }))
}

fn file_name(module: &MinidumpModule) -> String {
    basename(&module.code_file()).to_owned()
}

fn module_value(
    state: &ProcessState,
    module: &MinidumpModule,
    found: SymbolFields,
    identified: Option<&SymbolName>,
    addresses: Addresses,
) -> Value {
    let filename = file_name(module);
    // What a symbol server told about a module goes before what the minidump does not tell.
    let debug_file = match identified {
        Some(name) => name.debug_file().to_owned(),
        None => basename(&module.debug_file().unwrap_or_default()).to_owned(),
    };
    let debug_id = identified.map_or_else(
        || module.debug_identifier().unwrap_or_default(),
        SymbolName::debug_id,
    );
    object([
        ("base_addr", addresses.write(module.raw.base_of_image)),
        (
            "cert_subject",
            state.cert_info.get(&filename).cloned().into(),
        ),
        (
            "code_id",
            module.code_identifier().unwrap_or_default().as_str().into(),
        ),
        ("corrupt_symbols", found.corrupt.into()),
        ("debug_file", debug_file.into()),
        ("debug_id", debug_id.breakpad().to_string().into()),
        (
            "end_addr",
            addresses.write(end(module.raw.base_of_image, module.raw.size_of_image)),
        ),
        ("filename", filename.into()),
        ("loaded_symbols", found.loaded.into()),
        ("missing_symbols", found.missing.into()),
        ("symbol_url", found.url.into()),
        ("version", module.version().map(Cow::into_owned).into()),
    ])
}

/// The symbol fields of a module. A module that nobody looked up has none of them.
#[derive(Debug, Default)]
struct SymbolFields {
    loaded: bool,
    missing: bool,
    corrupt: bool,
    url: Option<String>,
}

impl SymbolFields {
    fn of(symbols: Option<&ModuleSymbols>) -> Self {
        match symbols.map(|symbols| &*symbols.lookup) {
            None => Self::default(),
            Some(SymbolLookup::Loaded(file)) => Self {
                loaded: true,
                url: file.url().map(str::to_owned),
                ..Self::default()
            },
            // A corrupt file was found and loaded; that it gave nothing is another matter.
            Some(SymbolLookup::Corrupt { .. }) => Self {
                loaded: true,
                corrupt: true,
                ..Self::default()
            },
            Some(SymbolLookup::Missing(_)) => Self {
                missing: true,
                ..Self::default()
            },
        }
    }
}

pub(super) fn unloaded_modules(state: &ProcessState, addresses: Addresses) -> Value {
    array(state.unloaded_modules.iter().map(|module| {
        object([
            ("base_addr", addresses.write(module.raw.base_of_image)),
            (
                "cert_subject",
                state.cert_info.get(&module.name).cloned().into(),
            ),
            (
                "code_id",
                module.code_identifier().unwrap_or_default().as_str().into(),
            ),
            (
                "end_addr",
                addresses.write(end(module.raw.base_of_image, module.raw.size_of_image)),
            ),
            ("filename", module.name.clone().into()),
        ])
    }))
}

/// A damaged minidump may place a module at the end of the address space and beyond; that end wraps around.
fn end(base: u64, size: u32) -> u64 {
    base.wrapping_add(u64::from(size))
}
