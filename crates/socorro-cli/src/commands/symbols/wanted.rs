//! Which symbols are wanted.

use std::path::{Path, PathBuf};

use socorro_core::Dump;
use socorro_stackwalk::{DumpSource, ModuleName, modules};

use crate::{
    failure::Failure,
    input::{self, Limit},
};

const DUMP_LIMIT: Limit = Limit {
    bytes: 2 << 30,
    of: "minidumps",
};

/// The module with this debug file and debug id, as `MODULE` lines and paths have them.
pub(super) fn named(debug_file: &str, debug_id: &str) -> Result<ModuleName, Failure> {
    let debug_id = debug_id.parse().map_err(|_| {
        Failure::usage(format!("{debug_id:?} is no debug id")).hint(
            "a debug id has 33 or more hexadecimal digits; it is the fourth word of a symbol file, and the field debug_id of a module",
        )
    })?;
    let module = ModuleName {
        debug_file: Some(debug_file.to_owned()),
        debug_id: Some(debug_id),
        ..ModuleName::default()
    };
    if module.symbols().is_none() {
        return Err(Failure::usage(format!(
            "{debug_file:?} cannot be the name of a debug file"
        )));
    }
    Ok(module)
}

/// The modules in a list with NAME/ID, or NAME/ID/FILE, on each line.
pub(super) fn in_list(path: &Path) -> Result<Vec<ModuleName>, Failure> {
    let text = input::list(path)?;
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = |(index, line): (usize, &str)| {
        let mut parts = line.split('/');
        let module = match (parts.next(), parts.next()) {
            (Some(name), Some(id)) => named(name, id),
            _ => Err(Failure::usage("a line is written NAME/ID")),
        };
        module.map_err(|failure| {
            failure.within(format_args!("line {} of {}", index + 1, input::name(path)))
        })
    };
    lines.map(read).collect()
}

/// The modules of minidumps, each once.
pub(super) fn of_dumps(paths: &[PathBuf]) -> Result<Vec<ModuleName>, Failure> {
    let mut all: Vec<ModuleName> = Vec::new();
    for path in paths {
        let dump = input::dump(path, DUMP_LIMIT)?;
        let source = match &dump {
            Dump::Bytes(bytes) => DumpSource::Bytes(bytes.clone()),
            Dump::File { path, .. } => DumpSource::Path(path),
        };
        let found = modules(source, DUMP_LIMIT.bytes).map_err(|error| {
            let what = format_args!("cannot read the modules of {}", input::name(path)).to_string();
            Failure::because(what, &error).hint(input::minidump_hint(path, error.name()))
        })?;
        all.extend(found);
    }
    Ok(once(all))
}

/// Those that have the same symbols are wanted once. Names that symbols cannot have at all are left out: mapped files
/// that are no modules are in many minidumps.
fn once(modules: Vec<ModuleName>) -> Vec<ModuleName> {
    let mut seen = std::collections::HashSet::new();
    let key = |module: &ModuleName| match (module.symbols(), module.code()) {
        (Some(symbols), _) => Some(symbols.path_parts().join("/")),
        (None, Some(code)) => Some(code.path_parts().join("/")),
        (None, None) => None,
    };
    let mut modules = modules;
    modules.retain(|module| key(module).is_some_and(|key| seen.insert(key)));
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_or_id_is_told() {
        let id = "111111111111111111111111111111111";
        assert!(named("app", id).is_ok());
        let refused = |name: &str, id: &str| named(name, id).unwrap_err().message().to_owned();
        assert!(refused("app", "1234").contains("is no debug id"));
        assert!(refused("..", id).contains("cannot be the name"));
    }
}
