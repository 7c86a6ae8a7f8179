//! `socorro gcs`, in the forms of `gcs-cli`.

use clap::{Args, Subcommand};
use futures::TryStreamExt as _;
use socorro_core::time::Timestamp;
use socorro_storage::{
    StorageOptions,
    bucket::{Bucket, ObjectAddress},
    create,
};

use super::{
    arguments::S3Arguments,
    buckets, copy,
    failures::{failure, fatal},
    place::{self, Place},
};
use crate::{
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

/// Look after buckets of Google and what is in them, as `gcs-cli` does. `socorro storage` has more.
#[derive(Debug, Args)]
pub(crate) struct GcsCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a bucket
    #[command(after_help = "Examples:\n  socorro gcs create dev-bucket")]
    Create {
        /// Its name
        #[arg(value_name = "BUCKET")]
        bucket: String,
    },
    /// Delete everything in a bucket, and the bucket
    #[command(after_help = "Examples:\n  socorro gcs delete dev-bucket")]
    Delete {
        /// Its name
        #[arg(value_name = "BUCKET")]
        bucket: String,
    },
    /// List the buckets of the project: name, tab, when it was made
    #[command(after_help = "Examples:\n  socorro gcs list-buckets --no-details")]
    ListBuckets {
        #[command(flatten)]
        details: Details,
    },
    /// List the objects of a bucket: name, tab, size in bytes, tab, when it was written
    #[command(after_help = "Examples:\n  socorro gcs list-objects dev-bucket --no-details")]
    ListObjects {
        #[command(flatten)]
        details: Details,
        /// Its name
        #[arg(value_name = "BUCKET")]
        bucket: String,
    },
    /// Copy a file, or everything in a directory, into a bucket
    #[command(after_help = "Examples:\n  socorro gcs upload ./crashdata/ gs://dev-bucket/")]
    Upload {
        /// A file or a directory
        #[arg(value_name = "SOURCE")]
        source: String,
        /// gs://BUCKET/KEY; with / at its end a folder
        #[arg(value_name = "DESTINATION")]
        destination: String,
    },
    /// Copy an object, or with / at its end everything below it, from a bucket
    #[command(after_help = "Examples:\n  socorro gcs download gs://dev-bucket/v1/ ./crashdata/v1/")]
    Download {
        /// gs://BUCKET/KEY
        #[arg(value_name = "SOURCE")]
        source: String,
        /// A file or a directory
        #[arg(value_name = "DESTINATION")]
        destination: String,
    },
}

#[derive(Debug, Args)]
struct Details {
    /// Names alone
    #[arg(long)]
    no_details: bool,
    /// All columns, which is the default
    #[arg(long, hide = true, conflicts_with = "no_details")]
    details: bool,
}

pub(crate) async fn run(command: &GcsCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::Create { bucket } => make(&named(bucket)?, output).await,
        Command::Delete { bucket } => delete(&named(bucket)?, output).await,
        Command::ListBuckets { details } => list_buckets(!details.no_details, output).await,
        Command::ListObjects { details, bucket } => {
            list_objects(&named(bucket)?, !details.no_details, output).await
        }
        Command::Upload {
            source,
            destination,
        }
        | Command::Download {
            source,
            destination,
        } => transfer(source, destination, output).await,
    }
}

/// The address of a bucket that is given by its name.
fn named(bucket: &str) -> Result<ObjectAddress, Failure> {
    let name = bucket.strip_prefix("gs://").unwrap_or(bucket);
    let address = ObjectAddress::parse(&format!("gs://{}", name.trim_end_matches('/')))?;
    if address.bucket().is_empty() || !address.key().is_empty() {
        return Err(Failure::usage(format!("{bucket:?} is no name of a bucket")));
    }
    Ok(address)
}

async fn make(address: &ObjectAddress, output: &mut Output) -> Result<Exit, Failure> {
    let bucket = address.bucket();
    let made = create(&address.of_bucket()).await;
    let made = made.map_err(|error| failure("fatal error:", error, "buckets.insert"))?;
    let made = if made { "created" } else { "exists" };
    output.line(format_args!("GCS bucket '{}' {made}.", Clean(bucket)))?;
    Ok(Exit::Success)
}

async fn delete(address: &ObjectAddress, output: &mut Output) -> Result<Exit, Failure> {
    let bucket = address.bucket();
    let exists = place::open(address)?.exists().await;
    if !exists.map_err(|error| fatal(error, "buckets.get"))? {
        output.line(format_args!(
            "GCS bucket '{}' does not exist.",
            Clean(bucket)
        ))?;
        return Ok(Exit::Success);
    }
    let exit = buckets::delete(address, &address.to_string(), true, output).await?;
    output.line(format_args!("GCS bucket '{}' deleted.", Clean(bucket)))?;
    Ok(exit)
}

async fn list_buckets(details: bool, output: &mut Output) -> Result<Exit, Failure> {
    let address = ObjectAddress::parse("gs://")?;
    let buckets = Bucket::all(&address, StorageOptions::default()).await;
    for bucket in buckets.map_err(|error| fatal(error, "buckets.list"))? {
        let name = Clean(&bucket.name);
        match details {
            true => output.line(format_args!("{name}\t{}", shown(bucket.created)))?,
            false => output.line(name)?,
        }
    }
    Ok(Exit::Success)
}

async fn list_objects(
    address: &ObjectAddress,
    details: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let bucket = place::open(address)?;
    let mut objects = bucket.list("");
    let mut is_empty = true;
    let failed = |error| fatal(error, "objects.list");
    while let Some(object) = objects.try_next().await.map_err(failed)? {
        is_empty = false;
        let name = Clean(&object.key);
        match details {
            true => {
                let updated = shown(object.last_modified);
                output.line(format_args!("{name}\t{}\t{updated}", object.size))?;
            }
            false => output.line(name)?,
        }
    }
    if is_empty {
        output.line("No objects in bucket.")?;
    }
    Ok(Exit::Success)
}

/// A time as Python prints it: `2026-11-26 01:02:03.456000+00:00`.
fn shown(time: Option<Timestamp>) -> String {
    let Some(time) = time else {
        return String::new();
    };
    let utc = chrono::DateTime::from_timestamp(
        time.as_second(),
        u32::try_from(time.subsec_nanosecond()).unwrap_or_default(),
    );
    utc.map(|utc| utc.format("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string())
        .unwrap_or_default()
}

async fn transfer(source: &str, target: &str, output: &mut Output) -> Result<Exit, Failure> {
    let s3 = S3Arguments::default();
    let (source, target) = (Place::read(source, &s3)?, Place::read(target, &s3)?);
    if matches!((&source, &target), (Place::Local(_), Place::Local(_))) {
        return Err(Failure::usage("neither source nor destination is a bucket")
            .hint("a bucket is written gs://BUCKET/"));
    }
    let recursive = match &source {
        Place::Local(path) => path.is_dir(),
        Place::Bucket(address) => address.key().is_empty() || address.key().ends_with('/'),
    };
    copy::copy_places(&source, &target, recursive, output).await
}
