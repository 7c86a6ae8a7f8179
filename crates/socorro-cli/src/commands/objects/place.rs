//! Where files are: here, or in a bucket.

use std::path::PathBuf;

use socorro_storage::{
    StorageOptions,
    bucket::{Bucket, ObjectAddress},
};

use super::arguments::S3Arguments;
use crate::failure::Failure;

/// A path of this machine, or the address of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Local(PathBuf),
    Bucket(ObjectAddress),
}

/// Whether a text is an address and no path.
pub(crate) fn is_address(text: &str) -> bool {
    text.starts_with("file:") || text.contains("://")
}

impl Place {
    /// Reads a path or an address. Directories are paths, however they are written.
    pub(super) fn read(text: &str, arguments: &S3Arguments) -> Result<Self, Failure> {
        if let Some(path) = text.strip_prefix("file:") {
            return Ok(Self::Local(path.strip_prefix("//").unwrap_or(path).into()));
        }
        if is_address(text) {
            return address(text, arguments).map(Self::Bucket);
        }
        Ok(Self::Local(text.into()))
    }
}

/// The address of objects or of a bucket.
pub(super) fn address(text: &str, arguments: &S3Arguments) -> Result<ObjectAddress, Failure> {
    if !is_address(text) {
        return Err(
            Failure::usage(format!("{text:?} is no address of a bucket")).hint(
                "it is written s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY or file:///DIR/",
            ),
        );
    }
    let address = ObjectAddress::parse(text)?;
    if address.scheme() != "s3" {
        return Ok(address);
    }
    // What is set for S3 is nothing for the emulators of others.
    let options = [
        ("endpoint", &arguments.endpoint_url),
        ("region", &arguments.region),
    ];
    let address = options
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
        .fold(address, |address, (name, value)| {
            address.with_option(name, value)
        });
    Ok(address)
}

/// The bucket of an address.
pub(super) fn open(address: &ObjectAddress) -> Result<Bucket, Failure> {
    if address.bucket().is_empty() {
        let scheme = address.scheme();
        return Err(Failure::usage(format!(
            "the bucket is missing: {scheme}://BUCKET/…"
        )));
    }
    let options = StorageOptions {
        create: false,
        durable: false,
        ..StorageOptions::default()
    };
    Ok(Bucket::open(address, options)?)
}
