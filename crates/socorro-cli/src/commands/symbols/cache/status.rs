//! `socorro symbols cache status`.

use std::time::{Duration, SystemTime};

use clap::Args;
use indicatif::{BinaryBytes, HumanDuration};
use serde_json::{Map, Value};
use socorro_core::json::Form;

use crate::{
    arguments::CacheArguments, commands::symbols::Format, exit::Exit, failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro symbols cache status
  socorro symbols cache status --symbols-cache /var/cache/socorro/symbols --format json";

/// Tell what is in the cache.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    cache: CacheArguments,
    /// How results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &StatusArguments, output: &mut Output) -> Result<Exit, Failure> {
    let cache = arguments.cache.open_or_fail()?;
    let status = cache.status();
    let options = cache.options();
    let age = status
        .least_recent_use
        .and_then(|time| SystemTime::now().duration_since(time).ok())
        .map(|age| age.as_secs());
    let members: [(&str, Value); 9] = [
        ("directory", cache.root().display().to_string().into()),
        ("files", status.files.into()),
        ("size", status.bytes.into()),
        ("foreign_indexes", status.foreign_indexes.into()),
        ("foreign_indexes_size", status.foreign_bytes.into()),
        ("largest_size", options.largest.into()),
        ("least_recent_use_age", age.into()),
        ("largest_age", options.oldest.as_secs().into()),
        ("disk_free_size", status.disk_free.into()),
    ];
    if arguments.format == Format::Json {
        let members = members.map(|(name, value)| (name.to_owned(), value));
        output.json(&Map::from_iter(members), Form::Processor)?;
        return Ok(Exit::Success);
    }
    for (name, value) in members {
        let number = value.as_u64();
        let shown = match (name, number) {
            (_, None) if value.is_null() => continue,
            (name, Some(bytes)) if name.ends_with("size") => BinaryBytes(bytes).to_string(),
            (name, Some(seconds)) if name.ends_with("age") => {
                HumanDuration(Duration::from_secs(seconds)).to_string()
            }
            (_, Some(number)) => number.to_string(),
            (_, None) => value.as_str().unwrap_or_default().to_owned(),
        };
        output.line(format_args!("{:<21} {shown}", name.replace('_', " ")))?;
    }
    Ok(Exit::Success)
}
