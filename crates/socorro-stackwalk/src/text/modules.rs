//! The end of the report: modules by what became of their symbols.

use std::fmt;

use serde_json::Value;
use socorro_core::Clean;

use super::Style;
use crate::report::{ModuleReport, StackwalkView, SymbolStatus};

/// What became of the symbols, in the order of the report, with its heading.
const GROUPS: [(Option<SymbolStatus>, &str); 4] = [
    (Some(SymbolStatus::Loaded), "Modules with symbols"),
    (Some(SymbolStatus::Missing), "Modules without symbols"),
    (Some(SymbolStatus::Corrupt), "Modules with corrupt symbols"),
    (None, "Modules whose symbols were not needed"),
];

pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    document: StackwalkView<'_>,
    style: Style,
) -> fmt::Result {
    for (status, heading) in GROUPS {
        let modules: Vec<_> = document
            .modules()
            .filter(|module| module.symbols() == status)
            .collect();
        if modules.is_empty() {
            continue;
        }
        writeln!(f, "\n{} ({})", style.heading(heading), modules.len())?;
        for module in modules {
            write_module(f, module)?;
        }
    }
    write_unloaded(f, document, style)
}

/// Name, base, version, and the two parts of the name under which symbols are looked for.
fn write_module(f: &mut fmt::Formatter<'_>, module: ModuleReport<'_>) -> fmt::Result {
    let part = |text: Option<&str>| Clean(text.unwrap_or_default()).to_string();
    write!(
        f,
        "  {} {}",
        part(module.base_address()),
        part(module.filename())
    )?;
    if let Some(version) = module.version() {
        write!(f, " {}", Clean(version))?;
    }
    writeln!(
        f,
        " ({}/{})",
        part(module.debug_file()),
        part(module.debug_id())
    )
}

fn write_unloaded(
    f: &mut fmt::Formatter<'_>,
    document: StackwalkView<'_>,
    style: Style,
) -> fmt::Result {
    let modules: Vec<_> = document.objects("unloaded_modules").collect();
    if modules.is_empty() {
        return Ok(());
    }
    writeln!(
        f,
        "\n{} ({})",
        style.heading("Unloaded modules"),
        modules.len()
    )?;
    for module in modules {
        let text = |field: &str| {
            module
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        writeln!(
            f,
            "  {} {}",
            Clean(text("base_addr")),
            Clean(text("filename"))
        )?;
    }
    Ok(())
}
