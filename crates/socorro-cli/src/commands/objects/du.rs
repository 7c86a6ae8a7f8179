//! `socorro s3 du`.

use std::collections::BTreeMap;

use clap::Args;
use futures::TryStreamExt as _;

use super::{arguments::S3Arguments, failures::fatal, place, shown};
use crate::{
    exit::Exit,
    failure::Failure,
    listing::{ListArguments, members},
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro s3 du s3://dev-bucket/
  socorro s3 du s3://dev-bucket/v1/raw_crash/ --human-readable
  socorro s3 du file:///srv/crashes/ --depth 2 --format csv

Bytes, a tab, and where they are; the last line is all of it.";

/// Add up the sizes of objects by the beginnings of their keys.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DuArguments {
    /// What to add up
    #[arg(value_name = "URL")]
    url: String,
    /// How many levels below it are shown one by one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=20))]
    depth: u8,
    /// Print sizes with units
    #[arg(long)]
    human_readable: bool,
    #[command(flatten)]
    list: ListArguments,
    #[command(flatten)]
    s3: S3Arguments,
}

/// Objects and bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    objects: u64,
    bytes: u64,
}

pub(crate) async fn run(arguments: &DuArguments, output: &mut Output) -> Result<Exit, Failure> {
    let address = place::address(&arguments.url, &arguments.s3)?;
    let bucket = place::open(&address)?;
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut all = Sum::default();
    let mut objects = bucket.list(address.key());
    let failed = |error| fatal(error, "ListObjectsV2");
    while let Some(object) = objects.try_next().await.map_err(failed)? {
        if let Some(folder) = folder(&object.key, address.key().len(), arguments.depth) {
            add(sums.entry(folder.to_owned()).or_default(), object.size);
        }
        add(&mut all, object.size);
    }
    let mut rows = arguments.list.begin(&["url", "objects", "bytes"]);
    let whole = address.key().to_owned();
    for (folder, sum) in sums.into_iter().chain([(whole, all)]) {
        let shown = address.with_key(folder).to_string();
        let size = match arguments.human_readable {
            true => shown::size(sum.bytes),
            false => sum.bytes.to_string(),
        };
        let text = format!("{size}\t{}", Clean(&shown));
        let row = [
            ("url", shown.into()),
            ("objects", sum.objects.into()),
            ("bytes", sum.bytes.into()),
        ];
        rows.item(&members(row), text, output)?;
    }
    rows.finish(output)?;
    Ok(Exit::Success)
}

fn add(sum: &mut Sum, size: u64) {
    sum.objects += 1;
    sum.bytes += size;
}

/// The beginning of a key that is so many levels below another one, which has `length` bytes. None
/// for objects above.
fn folder(key: &str, length: usize, depth: u8) -> Option<&str> {
    let ends = key
        .char_indices()
        .filter(|(place, c)| *c == '/' && *place >= length);
    // What the beginning itself ends with is no level.
    let end = ends.take(depth.into()).last()?.0;
    Some(&key[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted_from_the_address_on() {
        assert_eq!(folder("v1/dump/x", 0, 1), Some("v1/"));
        assert_eq!(folder("v1/dump/x", 0, 2), Some("v1/dump/"));
        assert_eq!(folder("v1/dump/x", 0, 9), Some("v1/dump/"));
        assert_eq!(folder("v1/dump/x", 3, 1), Some("v1/dump/"));
        assert_eq!(folder("readme", 0, 1), None);
        assert_eq!(folder("v1/x", 0, 0), None);
    }
}
