//! `socorro symbols cache prune`.

use clap::Args;
use indicatif::BinaryBytes;
use serde_json::{Map, Value};
use socorro_core::json::Form;
use socorro_stackwalk::Pruned;

use crate::{
    arguments::CacheArguments, commands::symbols::Format, exit::Exit, failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro symbols cache prune
  socorro symbols cache prune --symbols-cache-size 5gb --symbols-cache-age 7d

Processors do so by themselves. May be done while they are at work.";

/// Remove from the cache what is over its size or age, the files not used for the longest first.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PruneArguments {
    #[command(flatten)]
    cache: CacheArguments,
    /// How results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &PruneArguments, output: &mut Output) -> Result<Exit, Failure> {
    let Pruned {
        removed,
        freed,
        files,
        bytes,
    } = arguments.cache.open_or_fail()?.prune()?;
    match arguments.format {
        Format::Text => output.line(format_args!(
            "removed {removed} files ({}), {files} files ({}) are left",
            BinaryBytes(freed),
            BinaryBytes(bytes)
        ))?,
        Format::Json => {
            let members = [
                ("removed", removed),
                ("freed", freed),
                ("files", files),
                ("size", bytes),
            ];
            let members = members.map(|(name, number)| (name.to_owned(), Value::from(number)));
            output.json(&Map::from_iter(members), Form::Processor)?;
        }
    }
    Ok(Exit::Success)
}
