//! `socorro symbols lookup`.

use clap::Args;
use serde_json::{Map, Value, json};
use socorro_core::json::Form;
use socorro_stackwalk::{AddressSymbols, SymbolLookup};

use super::{Format, wanted};
use crate::{
    arguments::SymbolArguments,
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro symbols lookup libc.so.6 1D5B6A8E4F0C3B2A9D8E7F6A5B4C3D2E0 0x2a1ca --symbols ./symbols
  socorro symbols lookup xul.pdb 44E4EC8C2F41492B9369D6B9A059577C2 1f3a 2b40 --format json \\
    --symbols https://symbols.mozilla.org/

Addresses count from the beginning of the module, as module_offset in a stackwalk does. Functions
that are inlined at an address come first, the innermost before the others.

Exit code 0: every address has a function. Exit code 1: anything else.";

/// Tell function and source line of addresses in a module.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LookupArguments {
    /// Name of the debug file: xul.pdb, libc.so.6
    #[arg(value_name = "NAME")]
    name: String,
    /// Its debug id
    #[arg(value_name = "ID")]
    id: String,
    /// Addresses in hexadecimal digits, with or without 0x
    #[arg(value_name = "ADDRESS", required = true, value_parser = address)]
    addresses: Vec<u64>,
    #[command(flatten)]
    symbols: SymbolArguments,
    /// How results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

fn address(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    u64::from_str_radix(digits.unwrap_or(text), 16)
        .map_err(|_| "an address is written 0x1f3a or 1f3a".to_owned())
}

pub(super) async fn run(arguments: &LookupArguments, output: &mut Output) -> Result<Exit, Failure> {
    let LookupArguments { name, id, .. } = arguments;
    let module = wanted::named(name, id)?;
    let store = arguments.symbols.store(&[])?;
    let found = store.lookup(&module).await;
    let none = |reason: String| Err(Failure::new(format!("no symbols of {name} {id}: {reason}")));
    let symbols = match &*found {
        SymbolLookup::Loaded(symbols) => symbols,
        SymbolLookup::Corrupt { place, reason, .. } => {
            return none(format!("{place} is corrupt: {reason}"));
        }
        SymbolLookup::Missing(why) => return none(why.to_string()),
    };
    let mut is_complete = true;
    for address in &arguments.addresses {
        let found = symbols.at(*address);
        is_complete &= found.function.is_some();
        match arguments.format {
            Format::Text => output.bytes(text(*address, &found).as_bytes())?,
            Format::Json => output.json(&members(*address, &found), Form::Processor)?,
        }
    }
    Ok(Exit::failure_if(!is_complete))
}

/// A line for each function.
fn text(address: u64, found: &AddressSymbols) -> String {
    let line = |function: &str, file: Option<&str>, line: Option<u32>, kind: &str| {
        let place = match (file, line) {
            (Some(file), Some(line)) => format!(" at {file}:{line}"),
            (Some(file), None) => format!(" at {file}"),
            (None, _) => String::new(),
        };
        format!("{address:#x}  {}{}{kind}\n", Clean(function), Clean(&place))
    };
    let inlines = found.inlines.iter();
    let mut text: String = inlines
        .map(|inline| {
            let file = inline.file.as_deref();
            line(&inline.function, file, inline.line, " (inlined)")
        })
        .collect();
    let function = found.function.as_deref().unwrap_or("?");
    text += &line(function, found.file.as_deref(), found.line, "");
    text
}

fn members(address: u64, found: &AddressSymbols) -> Map<String, Value> {
    let inlines = found.inlines.iter().map(
        |inline| json!({"function": inline.function, "file": inline.file, "line": inline.line}),
    );
    let hex = |address: u64| format!("{address:#x}");
    Map::from_iter([
        ("address".to_owned(), hex(address).into()),
        ("function".to_owned(), found.function.clone().into()),
        (
            "function_address".to_owned(),
            found.function_address.map(hex).into(),
        ),
        ("file".to_owned(), found.file.clone().into()),
        ("line".to_owned(), found.line.into()),
        ("inlines".to_owned(), inlines.collect()),
    ])
}
