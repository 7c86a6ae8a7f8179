//! `socorro symbols dump`.

use std::{fs, path::PathBuf};

use clap::Args;
use indicatif::BinaryBytes;
use serde_json::{Map, Value};
use socorro_core::json::Form;
use socorro_stackwalk::{SymbolFile, SymbolIndex};

use super::{Format, LARGEST_SYMBOL_FILE};
use crate::{
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro symbols dump libc.so.6.sym
  socorro symbols dump symbols/xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2/xul.sym --format json

Exit code 0: every file is a good symbol file. Exit code 1: anything else.";

/// Tell what symbol files hold, and whether they are good.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DumpArguments {
    /// Symbol files
    #[arg(value_name = "FILE.sym", required = true)]
    files: Vec<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &DumpArguments, output: &mut Output) -> Result<Exit, Failure> {
    let mut failed = false;
    for path in &arguments.files {
        match SymbolFile::open(path, LARGEST_SYMBOL_FILE) {
            Ok(file) => print(&members(&file), arguments.format, output)?,
            Err(error) => {
                failed = true;
                output.report(&error.into());
            }
        }
    }
    Ok(Exit::failure_if(failed))
}

fn members(file: &SymbolFile) -> Map<String, Value> {
    let [debug_file, debug_id, _] = file.name().path_parts();
    let records = file.records();
    let index = fs::metadata(SymbolIndex::path_for(file.path()));
    let members: [(&str, Value); 17] = [
        ("path", file.path().display().to_string().into()),
        ("debug_file", debug_file.into()),
        ("debug_id", debug_id.into()),
        ("os", file.os().into()),
        ("arch", file.arch().into()),
        ("url", file.symbols().url().into()),
        ("size", file.text().len().into()),
        ("index_size", index.ok().map(|index| index.len()).into()),
        ("files", records.files.into()),
        ("functions", records.functions.into()),
        ("lines", records.lines.into()),
        ("inline_origins", records.inline_origins.into()),
        ("inlines", records.inlines.into()),
        ("publics", records.publics.into()),
        ("cfi_ranges", records.cfi_ranges.into()),
        ("cfi_changes", records.cfi_changes.into()),
        ("windows_ranges", records.windows_ranges.into()),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// For people, names and numbers below each other.
fn print(members: &Map<String, Value>, format: Format, output: &mut Output) -> Result<(), Failure> {
    if format == Format::Json {
        return output.json(members, Form::Processor);
    }
    for (name, value) in members {
        let shown = match value {
            Value::Null => continue,
            Value::String(text) => Clean(text).to_string(),
            Value::Number(number) if name.ends_with("size") => {
                BinaryBytes(number.as_u64().unwrap_or_default()).to_string()
            }
            value => value.to_string(),
        };
        output.line(format_args!("{:<15} {shown}", name.replace('_', " ")))?;
    }
    Ok(())
}
