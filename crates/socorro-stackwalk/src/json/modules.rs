//! Loaded and unloaded modules.

use std::borrow::Cow;
use std::collections::HashMap;

use debugid::CodeId;
use minidump::{MinidumpModule, Module};
use minidump_common::utils::basename;
use serde::Serialize;

use super::Document;
use super::value::{Address, List, Text};
use crate::symbols::{ModuleSymbols, SymbolLookup, SymbolName};

pub(super) fn modules(document: Document<'_>) -> impl Serialize {
    let Document { state, symbols, .. } = document;
    // A file that is mapped several times is several modules, of which the walk may have met one only. As in the
    // reference, the others are shown with what became of that one.
    let mut by_name = HashMap::new();
    for module in state.modules.iter() {
        if let Some(symbols) = symbols.of(module) {
            by_name.entry(basename(&module.name)).or_insert(symbols);
        }
    }
    let fields = state.modules.iter().map(|module| {
        let own = symbols.of(module);
        let shown = own.or_else(|| by_name.get(basename(&module.name)).copied());
        let identified = own.and_then(|symbols| symbols.identified.as_ref());
        module_fields(document, module, SymbolFields::of(shown), identified)
    });
    fields.collect::<Vec<_>>()
}

fn module_fields<'a>(
    document: Document<'a>,
    module: &'a MinidumpModule,
    found: SymbolFields<'a>,
    identified: Option<&'a SymbolName>,
) -> impl Serialize + 'a {
    #[derive(Serialize)]
    struct Fields<'a, C> {
        base_addr: Address,
        cert_subject: Option<&'a str>,
        code_id: C,
        corrupt_symbols: bool,
        debug_file: Cow<'a, str>,
        debug_id: String,
        end_addr: Address,
        filename: &'a str,
        loaded_symbols: bool,
        missing_symbols: bool,
        symbol_url: Option<&'a str>,
        version: Option<Cow<'a, str>>,
    }
    let addresses = document.addresses();
    let filename = basename(&module.name);
    // What a symbol server told about a module goes before what the minidump does not tell.
    let debug_file = match identified {
        Some(name) => Cow::Borrowed(name.debug_file()),
        None => match module.debug_file().unwrap_or_default() {
            Cow::Borrowed(path) => Cow::Borrowed(basename(path)),
            Cow::Owned(path) => Cow::Owned(basename(&path).to_owned()),
        },
    };
    let debug_id = identified.map_or_else(
        || module.debug_identifier().unwrap_or_default(),
        SymbolName::debug_id,
    );
    Fields {
        base_addr: addresses.write(module.raw.base_of_image),
        cert_subject: document.state.cert_info.get(filename).map(String::as_str),
        code_id: code_id(module),
        corrupt_symbols: found.corrupt,
        debug_file,
        debug_id: debug_id.breakpad().to_string(),
        end_addr: addresses.write(end(module.raw.base_of_image, module.raw.size_of_image)),
        filename,
        loaded_symbols: found.loaded,
        missing_symbols: found.missing,
        symbol_url: found.url,
        version: module.version(),
    }
}

/// The symbol fields of a module. A module that nobody looked up has none of them.
#[derive(Clone, Copy, Debug, Default)]
struct SymbolFields<'a> {
    loaded: bool,
    missing: bool,
    corrupt: bool,
    url: Option<&'a str>,
}

impl<'a> SymbolFields<'a> {
    fn of(symbols: Option<&'a ModuleSymbols>) -> Self {
        match symbols.map(|symbols| &*symbols.lookup) {
            None => Self::default(),
            Some(SymbolLookup::Loaded(file)) => Self {
                loaded: true,
                url: file.url(),
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

pub(super) fn unloaded_modules(document: Document<'_>) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<'a, C> {
        base_addr: Address,
        cert_subject: Option<&'a str>,
        code_id: C,
        end_addr: Address,
        filename: &'a str,
    }
    let addresses = document.addresses();
    List(move || {
        let modules = document.state.unloaded_modules.iter();
        modules.map(move |module| Fields {
            base_addr: addresses.write(module.raw.base_of_image),
            cert_subject: document
                .state
                .cert_info
                .get(&module.name)
                .map(String::as_str),
            code_id: code_id(module),
            end_addr: addresses.write(end(module.raw.base_of_image, module.raw.size_of_image)),
            filename: &module.name,
        })
    })
}

/// The code id; empty if the minidump does not tell it.
fn code_id(module: &dyn Module) -> impl Serialize + use<> {
    Text(module.code_identifier().unwrap_or_else(CodeId::nil))
}

/// A damaged minidump may place a module at the end of the address space and beyond; that end wraps around.
fn end(base: u64, size: u32) -> u64 {
    base.wrapping_add(u64::from(size))
}
