//! The two sides of a transfer.

use std::path::{Path, PathBuf};

use futures::TryStreamExt as _;
use socorro_core::time::Timestamp;
use socorro_storage::bucket::{Bucket, Checksum, Object, ObjectAddress};

use super::{
    failures::fatal,
    local::{self, Found, Reading},
    place::{self, Place},
    shown,
};
use crate::failure::Failure;

/// A file or an object, by its name below the root of its side: `v1/dump/de1bb258-…`.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
    pub(super) checksum: Option<Checksum>,
}

/// Where names begin: a directory, or a beginning of keys. Names are put after it as they are.
#[derive(Debug)]
pub(super) enum Side {
    Local {
        root: PathBuf,
        reading: Reading,
    },
    Bucket {
        bucket: Box<Bucket>,
        root: ObjectAddress,
    },
}

impl Side {
    /// Everything below a place.
    pub(super) fn whole(place: &Place, reading: Reading) -> Result<Self, Failure> {
        Ok(match place {
            Place::Local(path) => Self::Local {
                root: path.clone(),
                reading,
            },
            Place::Bucket(address) => Self::Bucket {
                bucket: Box::new(place::open(address)?),
                root: address.with_key(as_folder(address.key())),
            },
        })
    }

    /// All there is below the root.
    pub(super) async fn entries(&self) -> Result<Found, Failure> {
        match self {
            Self::Local { root, reading } => {
                let (root, reading) = (root.clone(), *reading);
                let walk = move || local::files(&root, reading);
                tokio::task::spawn_blocking(walk)
                    .await
                    .map_err(|error| Failure::because("cannot read the directory", &error))
            }
            Self::Bucket { bucket, root } => {
                let prefix = root.key();
                let objects: Result<Vec<Object>, _> = bucket.list(prefix).try_collect().await;
                let objects = objects.map_err(|error| fatal(error, "ListObjectsV2"))?;
                // What ends with a slash stands for a folder, for programs that want some.
                let objects = objects
                    .into_iter()
                    .filter(|object| object.key != prefix && !object.key.ends_with('/'));
                Ok(Found {
                    entries: objects.map(|object| entry(prefix, &object)).collect(),
                    problems: Vec::new(),
                })
            }
        }
    }

    /// The key of a name, in a bucket.
    pub(super) fn key(&self, name: &str) -> String {
        match self {
            Self::Local { .. } => name.to_owned(),
            Self::Bucket { root, .. } => format!("{}{name}", root.key()),
        }
    }

    /// Where a name is, as messages have it.
    pub(super) fn shown(&self, name: &str) -> String {
        match self {
            Self::Local { root, .. } => shown::path(&file(root, name)),
            Self::Bucket { root, .. } if root.scheme() == "file" => {
                shown::path(&Path::new(root.bucket()).join(self.key(name)))
            }
            Self::Bucket { root, .. } => root.with_key(self.key(name)).to_string(),
        }
    }

    /// Whether it is the same bucket.
    pub(super) fn is_bucket_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bucket { root, .. }, Self::Bucket { root: other, .. }) => {
                root.of_bucket() == other.of_bucket()
            }
            _ => false,
        }
    }
}

/// The file of a name, which may be the root itself.
pub(super) fn file(root: &Path, name: &str) -> PathBuf {
    match name {
        "" => root.to_owned(),
        name => root.join(name),
    }
}

/// A beginning of keys that ends between names.
pub(super) fn as_folder(key: &str) -> String {
    if key.is_empty() || key.ends_with('/') {
        key.to_owned()
    } else {
        format!("{key}/")
    }
}

pub(super) fn entry(prefix: &str, object: &Object) -> Entry {
    Entry {
        name: object.key[prefix.len()..].to_owned(),
        size: object.size,
        modified: object.last_modified,
        checksum: object.checksum,
    }
}

/// Whether a name stays below any root that it is put after.
pub(super) fn stays_below(name: &str) -> bool {
    let is_plain = |part: &str| {
        let no_separator = !part.contains(['\0', '\\']) || cfg!(unix) && !part.contains('\0');
        !part.is_empty() && part != "." && part != ".." && no_separator
    };
    name.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_away_are_found() {
        for name in ["v1/dump/a", "a b/ç", "..a/b..", "a.b"] {
            assert!(stays_below(name), "{name}");
        }
        for name in [
            "",
            "..",
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "./a",
            "a/",
            "a\0b",
        ] {
            assert!(!stays_below(name), "{name}");
        }
    }
}
