//! `socorro s3 ls`.

use clap::Args;
use futures::TryStreamExt as _;
use serde_json::{Map, Value};
use socorro_core::time::Timestamp;
use socorro_storage::{
    Error, StorageOptions,
    bucket::{Bucket, Level, Object, ObjectAddress},
};

use super::{
    arguments::S3Arguments,
    failures::{said, way_out},
    place, shown,
};
use crate::{
    exit::Exit,
    failure::Failure,
    listing::{ListArguments, Listing, members},
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro s3 ls
  socorro s3 ls s3://dev-bucket/v1/
  socorro s3 ls s3://dev-bucket/v1/raw_crash/20261126/ --recursive --summarize --human-readable
  socorro s3 ls gs://dev-bucket/v1/dump/de1b --format ndjson | jq -r .key

Without an address, the buckets of the account at S3. A beginning of keys may end anywhere in a
name. Times are those of this machine's zone; in other forms than text they are UTC.

Exit code 1: no key begins like that. Exit code 255: there is no such bucket.";

/// What is told of an object, and of a beginning of keys.
const COLUMNS: [&str; 5] = ["type", "key", "size", "last_modified", "etag"];

/// List buckets, or what is in one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LsArguments {
    /// What to list: s3:// for buckets, s3://BUCKET/, s3://BUCKET/BEGINNING-OF-KEYS
    #[arg(value_name = "URL", default_value = "s3://")]
    url: String,
    /// List everything below it, with whole keys
    #[arg(long)]
    recursive: bool,
    /// Print sizes with units
    #[arg(long)]
    human_readable: bool,
    /// Print the numbers of objects and bytes at the end
    #[arg(long)]
    summarize: bool,
    #[command(flatten)]
    list: ListArguments,
    #[command(flatten)]
    s3: S3Arguments,
}

pub(crate) async fn run(arguments: &LsArguments, output: &mut Output) -> Result<Exit, Failure> {
    let address = place::address(&arguments.url, &arguments.s3)?;
    if address.bucket().is_empty() {
        return buckets(&address, &arguments.list, output).await;
    }
    let bucket = place::open(&address)?;
    let mut list = List {
        arguments,
        prefix: address.key(),
        rows: arguments.list.begin(&COLUMNS),
        objects: 0,
        bytes: 0,
        is_empty: true,
    };
    if arguments.recursive {
        let mut objects = bucket.list(address.key());
        while let Some(object) = objects.try_next().await.map_err(cannot_list)? {
            list.object(&object, output)?;
        }
    } else {
        let mut pages = bucket.level(address.key());
        while let Some(page) = pages.try_next().await.map_err(cannot_list)? {
            list.page(&page, output)?;
        }
    }
    list.finish(output)
}

fn cannot_list(error: Error) -> Failure {
    let is_no_bucket = error.is_no_bucket();
    let hint = way_out(&error);
    let failure = Failure::verbatim(said(error, "ListObjectsV2"));
    let failure = match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    };
    if is_no_bucket {
        failure.with_exit(Exit::NoBucket)
    } else {
        failure
    }
}

async fn buckets(
    address: &ObjectAddress,
    list: &ListArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let buckets = Bucket::all(address, StorageOptions::default()).await;
    let buckets = buckets.map_err(|error| Failure::verbatim(said(error, "ListBuckets")))?;
    let mut rows = list.begin(&["name", "created"]);
    for bucket in buckets {
        let created = shown::time(bucket.created);
        let text = format!("{created} {}", Clean(&bucket.name));
        let row = [
            ("name", bucket.name.into()),
            ("created", utc(bucket.created)),
        ];
        rows.item(&members(row), text, output)?;
    }
    rows.finish(output)?;
    Ok(Exit::Success)
}

struct List<'a> {
    arguments: &'a LsArguments,
    prefix: &'a str,
    rows: Listing,
    objects: u64,
    bytes: u64,
    is_empty: bool,
}

impl List<'_> {
    fn page(&mut self, page: &Level, output: &mut Output) -> Result<(), Failure> {
        for prefix in &page.prefixes {
            self.is_empty = false;
            let name = prefix.trim_end_matches('/').rsplit('/').next();
            let name = Clean(name.unwrap_or_default());
            let row = row("prefix", prefix, Value::Null, Value::Null, Value::Null);
            let text = format_args!("{:>30} {name}/", "PRE");
            self.rows.item(&row, text, output)?;
        }
        for object in &page.objects {
            self.object(object, output)?;
        }
        Ok(())
    }

    fn object(&mut self, object: &Object, output: &mut Output) -> Result<(), Failure> {
        self.is_empty = false;
        self.objects += 1;
        self.bytes += object.size;
        let row = row(
            "object",
            &object.key,
            object.size.into(),
            utc(object.last_modified),
            object.e_tag.clone().into(),
        );
        let name = match self.arguments.recursive {
            true => object.key.as_str(),
            false => object.key.rsplit('/').next().unwrap_or_default(),
        };
        let time = shown::time(object.last_modified);
        let size = self.size(object.size);
        let text = format_args!("{time} {size:>10} {}", Clean(name));
        self.rows.item(&row, text, output)
    }

    fn size(&self, bytes: u64) -> String {
        match self.arguments.human_readable {
            true => shown::size(bytes),
            false => bytes.to_string(),
        }
    }

    fn finish(self, output: &mut Output) -> Result<Exit, Failure> {
        if self.arguments.summarize && self.rows.is_text() {
            output.line(format_args!("\nTotal Objects: {}", self.objects))?;
            output.line(format_args!("   Total Size: {}", self.size(self.bytes)))?;
        }
        let nothing = self.is_empty && !self.prefix.is_empty();
        self.rows.finish(output)?;
        Ok(Exit::failure_if(nothing))
    }
}

fn row(
    kind: &str,
    key: &str,
    size: Value,
    last_modified: Value,
    e_tag: Value,
) -> Map<String, Value> {
    let values = [kind.into(), key.into(), size, last_modified, e_tag];
    members(COLUMNS.into_iter().zip(values))
}

fn utc(time: Option<Timestamp>) -> Value {
    time.map(|time| time.to_string()).into()
}
