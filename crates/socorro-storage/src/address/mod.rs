//! Storages by address.

mod options;
#[cfg(feature = "s3")]
mod s3;

use std::{path::PathBuf, sync::Arc};

use url::Url;

use self::options::Query;
use crate::{error::Error, object::ObjectStorage, options::StorageOptions, storage::CrashStorage};

/// A kind of storage that an address can name. A new one is a row in [`SCHEMES`].
struct Scheme {
    name: &'static str,
    /// The query options that it knows beside those that all know.
    options: &'static [&'static str],
    open: Open,
}

enum Open {
    With(fn(&Url, &Query, StorageOptions) -> Result<ObjectStorage, Error>),
    /// Left out of this build; the feature brings it.
    #[cfg_attr(feature = "s3", expect(dead_code, reason = "every feature is on"))]
    Feature(&'static str),
    /// Known to the world, not to this version.
    Unsupported,
}

const SCHEMES: [Scheme; 5] = [
    Scheme {
        name: "memory",
        options: &[],
        open: Open::With(memory),
    },
    Scheme {
        name: "file",
        options: &[],
        open: Open::With(directory),
    },
    Scheme {
        name: "s3",
        options: &["endpoint", "region"],
        #[cfg(feature = "s3")]
        open: Open::With(s3::open),
        #[cfg(not(feature = "s3"))]
        open: Open::Feature("s3"),
    },
    Scheme {
        name: "gs",
        options: &[],
        open: Open::Unsupported,
    },
    Scheme {
        name: "az",
        options: &[],
        open: Open::Unsupported,
    },
];

/// Opens the storage at an address.
///
/// | address | storage |
/// |---|---|
/// | `memory:` | the memory of this process |
/// | `file:///var/lib/crashes`, `file:crashes` | a directory, absolute or below the working directory; created when absent |
/// | `s3://bucket/prefix?endpoint=http://localhost:4566&region=us-west-2` | Amazon S3 and everything that speaks its protocol (feature `s3`); credentials and defaults come from the `AWS_*` environment variables |
///
/// The query may hold `legacy_keys=0|1`, which overrides [`StorageOptions::legacy_keys`].
/// Nothing is asked of a bucket yet; [`CrashStorage::check`] does that.
///
/// ```
/// use socorro_storage::{StorageOptions, open};
///
/// let storage = open("memory:", StorageOptions::default())?;
/// assert_eq!(storage.to_string(), "memory:");
///
/// let error = open("ftp://example.org", StorageOptions::default()).unwrap_err();
/// assert_eq!(error.to_string(), r#"unknown storage scheme "ftp"; known are memory:, file:, s3:"#);
/// # Ok::<(), socorro_storage::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidAddress`], [`Error::UnknownScheme`], [`Error::MissingFeature`], and those of
/// [`ObjectStorage::directory`].
pub fn open(address: &str, options: StorageOptions) -> Result<Arc<dyn CrashStorage>, Error> {
    Ok(Arc::new(open_objects(address, options)?))
}

/// [`open`], before it is known as just any storage.
pub(crate) fn open_objects(address: &str, options: StorageOptions) -> Result<ObjectStorage, Error> {
    let url = parse(address)?;
    let scheme = SCHEMES
        .iter()
        .find(|scheme| scheme.name == url.scheme())
        .ok_or_else(|| unknown(url.scheme()))?;
    match scheme.open {
        Open::With(open) => {
            if !url.username().is_empty() || url.password().is_some() {
                return Err(invalid(
                    &url,
                    "credentials do not belong into the address; for S3 set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                ));
            }
            let query = Query::parse(&url, scheme.options)?;
            let options = query.apply(options);
            open(&url, &query, options)
        }
        Open::Feature(feature) => Err(Error::MissingFeature {
            scheme: scheme.name,
            feature,
        }),
        Open::Unsupported => Err(Error::InvalidAddress {
            address: shown(&url),
            reason: format!(
                "this version has no {}: storage; it has {}",
                scheme.name,
                known()
            ),
        }),
    }
}

fn parse(address: &str) -> Result<Url, Error> {
    // Relative directories count from the working directory, where that is known.
    let working_directory = std::env::current_dir()
        .ok()
        .filter(|_| address.starts_with("file:"))
        .and_then(|directory| Url::from_directory_path(directory).ok());
    Url::options()
        .base_url(working_directory.as_ref())
        .parse(address)
        .map_err(|error| Error::InvalidAddress {
            address: without_secrets(address),
            reason: format!("{error}; a directory is written file:///path, a bucket s3://name"),
        })
}

fn memory(url: &Url, _: &Query, options: StorageOptions) -> Result<ObjectStorage, Error> {
    if !url.path().is_empty() || url.has_host() {
        return Err(invalid(
            url,
            "a storage in memory has no name: write memory:",
        ));
    }
    Ok(ObjectStorage::memory(options))
}

fn directory(url: &Url, _: &Query, options: StorageOptions) -> Result<ObjectStorage, Error> {
    let path: PathBuf = url
        .to_file_path()
        .map_err(|()| invalid(url, "a directory is written file:///path or file:path"))?;
    ObjectStorage::directory(path, options)
}

fn invalid(url: &Url, reason: impl Into<String>) -> Error {
    Error::InvalidAddress {
        address: shown(url),
        reason: reason.into(),
    }
}

fn unknown(scheme: &str) -> Error {
    Error::UnknownScheme {
        scheme: scheme.to_owned(),
        known: known(),
    }
}

fn known() -> String {
    SCHEMES
        .iter()
        .filter(|scheme| !matches!(scheme.open, Open::Unsupported))
        .map(|scheme| format!("{}:", scheme.name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The address without user, password and query.
fn shown(url: &Url) -> String {
    without_secrets(url.as_str())
}

fn without_secrets(address: &str) -> String {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let address = &address[..end];
    let Some(at) = address.rfind('@') else {
        return address.to_owned();
    };
    // What comes before is a user and a password, after a scheme if there is one.
    let scheme = address[..at]
        .find("//")
        .map_or("", |slashes| &address[..slashes + 2]);
    format!("{scheme}{}", &address[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn error(address: &str) -> Error {
        open(address, StorageOptions::default()).unwrap_err()
    }

    #[test]
    fn a_directory_is_created_and_shown() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a b/crashes");
        let url = Url::from_directory_path(&path).unwrap();
        let storage = open(url.as_str(), StorageOptions::default()).unwrap();
        assert!(path.is_dir());
        assert!(storage.to_string().starts_with("file:///"));
    }

    #[test]
    fn a_relative_directory_is_below_the_working_directory() {
        let url = parse("file:some/crashes?legacy_keys=0").unwrap();
        let path = url.to_file_path().unwrap();
        assert_eq!(path, std::env::current_dir().unwrap().join("some/crashes"));
    }

    #[test]
    fn a_mistaken_address_is_answered_with_the_way_out() {
        for (address, part) in [
            ("/var/crashes", "file:///path"),
            ("", "file:///path"),
            ("memory:?legacy_key=1", "legacy_keys"),
            ("memory:?legacy_keys=maybe", "0 or 1"),
            ("memory:?endpoint=x", "legacy_keys"),
            ("memory:name", "memory:"),
            ("file://host/dir", "file:///path"),
            ("gs://bucket", "it has memory:, file:, s3:"),
            ("az://container", "it has memory:, file:, s3:"),
            ("ftp://host", "memory:, file:, s3:"),
        ] {
            let error = error(address);
            assert_eq!(error.kind(), ErrorKind::Configuration, "{address}");
            assert!(error.to_string().contains(part), "{address}: {error}");
        }
    }

    #[test]
    fn secrets_in_an_address_are_refused_and_not_repeated() {
        for address in [
            "s3://key:secret@bucket",
            "s3://key:secret@buc ket?x=secret",
            "file:///x?token=secret",
            "key:secret@bucket",
        ] {
            let text = error(address).to_string();
            assert!(
                !text.contains("secret") || address.starts_with("key"),
                "{text}"
            );
        }
    }

    #[cfg(not(feature = "s3"))]
    #[test]
    fn a_storage_that_was_left_out_names_its_feature() {
        let error = error("s3://bucket");
        assert_eq!(
            error.to_string(),
            "storage s3: is not part of this program: build it with the feature `s3` of socorro-storage"
        );
    }
}
