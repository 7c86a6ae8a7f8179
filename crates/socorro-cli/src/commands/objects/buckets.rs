//! `socorro s3 mb` and `socorro s3 rb`.

use std::{fs, path::Path};

use clap::Args;
use futures::TryStreamExt as _;
use socorro_storage::{Error, bucket::ObjectAddress, create};

use super::{
    arguments::{S3Arguments, WorkArguments},
    failures::failure,
    filters::Filters,
    local::Reading,
    place::{self, Place},
    report::Report,
    rm::{Removal, keys},
    side::Side,
};
use crate::{exit::Exit, failure::Failure, output::Output};

const MB_EXAMPLES: &str = "\
Examples:
  socorro s3 mb s3://dev-bucket/
  socorro s3 mb gs://dev-bucket/
  socorro s3 mb file:///srv/crashes/

A bucket of one's own that is there already is as good as a new one, unless --fail-if-exists is
given. A bucket of Google is made in the project that STORAGE_PROJECT_ID or GOOGLE_CLOUD_PROJECT
names. Expiry, encryption and who may read a bucket are up to its owner.";

const RB_EXAMPLES: &str = "\
Examples:
  socorro s3 rb s3://dev-bucket/
  socorro s3 rb s3://dev-bucket/ --force";

/// Make a bucket or a directory.
#[derive(Debug, Args)]
#[command(after_help = MB_EXAMPLES)]
pub(crate) struct MbArguments {
    /// Which one: s3://BUCKET
    #[arg(value_name = "URL")]
    url: String,
    /// Fail when it is there already
    #[arg(long)]
    fail_if_exists: bool,
    #[command(flatten)]
    s3: S3Arguments,
}

/// Remove a bucket or a directory, which has to be empty.
#[derive(Debug, Args)]
#[command(after_help = RB_EXAMPLES)]
pub(crate) struct RbArguments {
    /// Which one: s3://BUCKET
    #[arg(value_name = "URL")]
    url: String,
    /// Delete everything in it first
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    s3: S3Arguments,
}

pub(crate) async fn make(arguments: &MbArguments, output: &mut Output) -> Result<Exit, Failure> {
    let address = as_bucket(&arguments.url, &arguments.s3)?;
    let what = format!("make_bucket failed: {}", arguments.url);
    if arguments.fail_if_exists && is_there(&address, &what).await? {
        return Err(Failure::verbatim(format!(
            "{what} An error occurred (BucketAlreadyOwnedByYou) when calling the CreateBucket operation: it is there already"
        )));
    }
    match create(&address.of_bucket()).await {
        Ok(_) => output.line(format_args!("make_bucket: {}", address.bucket()))?,
        Err(error) => return Err(refused(&what, &address, error)),
    }
    Ok(Exit::Success)
}

async fn is_there(address: &ObjectAddress, what: &str) -> Result<bool, Failure> {
    if address.scheme() == "file" {
        return Ok(Path::new(address.bucket()).exists());
    }
    let exists = place::open(address)?.exists().await;
    exists.map_err(|error| failure(what, error, "CreateBucket"))
}

/// Why a bucket was not made. Names are what is refused most.
fn refused(what: &str, address: &ObjectAddress, error: Error) -> Failure {
    let code = error.server_said().map(|(code, _)| code);
    let failure = failure(what, error, "CreateBucket");
    let is_name =
        code.is_some_and(|code| code == "InvalidBucketName" || code == "InvalidResourceName");
    if !is_name {
        return failure;
    }
    let name = address.bucket();
    let valid = name.replace('_', "-").to_ascii_lowercase();
    let scheme = address.scheme();
    let way_out = if valid == name {
        "a name has 3 to 63 lower-case letters, digits, . and -, and begins and ends with a letter or digit".to_owned()
    } else if name.contains('_') {
        format!(
            "this server takes no _ in names of buckets, as Amazon does not either: use {scheme}://{valid}/, or a server that takes it, such as Moto"
        )
    } else {
        format!("this server takes lower-case letters only: use {scheme}://{valid}/")
    };
    failure.hint(way_out)
}

pub(crate) async fn remove(arguments: &RbArguments, output: &mut Output) -> Result<Exit, Failure> {
    let address = as_bucket(&arguments.url, &arguments.s3)?;
    let exit = delete(&address, &arguments.url, arguments.force, output).await?;
    if exit == Exit::Success {
        output.line(format_args!("remove_bucket: {}", address.bucket()))?;
    }
    Ok(exit)
}

/// Removes a bucket, after everything in it where that is wanted.
pub(super) async fn delete(
    address: &ObjectAddress,
    shown: &str,
    force: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let what = format!("remove_bucket failed: {shown}");
    if force && empty(address, output).await? != Exit::Success {
        return Err(Failure::verbatim(
            "remove_bucket failed: Unable to delete all objects in the bucket, bucket will not be deleted.",
        ));
    }
    if address.scheme() == "file" {
        let removed = match force {
            // What is left is empty directories.
            true => fs::remove_dir_all(address.bucket()),
            false => fs::remove_dir(address.bucket()),
        };
        removed.map_err(|error| Failure::verbatim(format!("{what} {error}")))?;
        return Ok(Exit::Success);
    }
    let bucket = place::open(address)?;
    let failed = |error| failure(&what, error, "DeleteBucket");
    // Not every server looks itself: Azure removes whatever is in it.
    if bucket.list("").try_next().await.map_err(failed)?.is_some() {
        return Err(Failure::verbatim(format!(
            "{what} An error occurred (BucketNotEmpty) when calling the DeleteBucket operation: The bucket you tried to delete is not empty"
        ))
        .hint("--force deletes everything in it first"));
    }
    bucket.remove().await.map_err(failed)?;
    Ok(Exit::Success)
}

async fn empty(address: &ObjectAddress, output: &mut Output) -> Result<Exit, Failure> {
    let side = Side::whole(&Place::Bucket(address.clone()), Reading::default())?;
    let names = keys(&side, &Filters::default()).await?;
    let mut report = Report::new(output, &WorkArguments::default(), 0);
    let removal = Removal {
        side: &side,
        dry_run: false,
        fail_fast: false,
    };
    removal.run(names, &mut report).await?;
    Ok(report.exit())
}

/// The address of a bucket as a whole.
fn as_bucket(url: &str, s3: &S3Arguments) -> Result<ObjectAddress, Failure> {
    // A directory that is not there yet is one all the same.
    let of_directory = url.starts_with("file:") && !url.ends_with('/');
    let text = if of_directory {
        format!("{url}/")
    } else {
        url.to_owned()
    };
    let address = place::address(&text, s3)?;
    if address.bucket().is_empty() || !address.key().is_empty() {
        let (scheme, bucket) = (address.scheme(), address.bucket());
        let bucket = if bucket.is_empty() { "BUCKET" } else { bucket };
        return Err(Failure::usage(format!("{url} is no bucket"))
            .hint(format!("name a bucket only: {scheme}://{bucket}")));
    }
    Ok(address)
}
