//! `socorro symbols add`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};
use socorro_core::json::Form;
use socorro_stackwalk::SymbolFile;

use super::{Format, LARGEST_SYMBOL_FILE};
use crate::{
    arguments::SymbolTree,
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro symbols add ./symbols libc.so.6.sym
  socorro symbols add ./symbols build/*.sym --format json
  socorro symbols add s3://symbols/v1 app.sym

A file lies as NAME/ID/NAME.sym afterwards, with NAME and ID of its first line, where --symbols
finds it. Only good symbol files are taken. One that is there already is replaced.

Exit code 0: every file is there. Exit code 1: anything else.";

/// Put symbol files into a directory, or bucket, where they are found.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AddArguments {
    /// The directory, made if missing, or the bucket (s3://bucket/prefix, gs://…, az://…)
    #[arg(value_name = "DIR|URL")]
    tree: String,
    /// Symbol files
    #[arg(value_name = "FILE.sym", required = true)]
    files: Vec<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: &AddArguments, output: &mut Output) -> Result<Exit, Failure> {
    let tree = SymbolTree::open(&arguments.tree)?;
    let mut failed = false;
    for path in &arguments.files {
        match add(&tree, path).await {
            Ok(place) => print(path, &place, arguments.format, output)?,
            Err(failure) => {
                failed = true;
                output.report(&failure);
            }
        }
    }
    Ok(Exit::failure_if(failed))
}

async fn add(tree: &SymbolTree, path: &Path) -> Result<String, Failure> {
    let file = SymbolFile::open(path, LARGEST_SYMBOL_FILE)?;
    tree.put(&file).await
}

fn print(path: &Path, place: &str, format: Format, output: &mut Output) -> Result<(), Failure> {
    match format {
        Format::Text => output.line(Clean(place)),
        Format::Json => output.json(
            &Map::from_iter([
                ("file".to_owned(), Value::from(path.display().to_string())),
                ("place".to_owned(), place.into()),
            ]),
            Form::Processor,
        ),
    }
}
