//! Storages by address.

#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "cloud")]
mod cloud;
#[cfg(feature = "cloud")]
mod create;
#[cfg(feature = "gcs")]
mod gcs;
mod options;
#[cfg(feature = "s3")]
mod s3;

use std::{path::PathBuf, sync::Arc};

use url::Url;

use self::options::Query;
use crate::{
    engine::{bucket_api::BucketApi, store::AnyStore},
    error::Error,
    layout::Layout,
    object::ObjectStorage,
    options::StorageOptions,
    storage::CrashStorage,
};

/// A kind of storage that an address can name. A new one is a row in [`SCHEMES`].
struct Scheme {
    name: &'static str,
    /// The query options that it knows beside those that all know.
    options: &'static [&'static str],
    open: Open,
}

type OpenWith = fn(&Url, &Query, StorageOptions) -> Result<ObjectStorage, Error>;

enum Open {
    /// Opening makes what is missing.
    Local(OpenWith),
    /// A bucket, and how to make it.
    #[cfg(feature = "cloud")]
    Bucket(OpenWith, CreateWith, ApiWith),
    /// Left out of this build; the feature brings it.
    #[cfg_attr(
        all(feature = "s3", feature = "gcs", feature = "azure"),
        expect(dead_code, reason = "every feature is on")
    )]
    Feature(&'static str),
}

#[cfg(feature = "cloud")]
type ApiWith = fn(&Url, &Query, &StorageOptions) -> Result<Arc<dyn BucketApi>, Error>;
/// Whatever speaks to a bucket, as [`ApiWith`] has it.
#[cfg(feature = "cloud")]
fn as_bucket<B: BucketApi + 'static>(
    requests: Result<B, Error>,
) -> Result<Arc<dyn BucketApi>, Error> {
    Ok(Arc::new(requests?))
}

#[cfg(feature = "cloud")]
type CreateWith = fn(&Url, &Query, &StorageOptions) -> Result<create::Creation, Error>;

static SCHEMES: [Scheme; 5] = [
    Scheme {
        name: "memory",
        options: &[],
        open: Open::Local(memory),
    },
    Scheme {
        name: "file",
        options: &["layout"],
        open: Open::Local(directory),
    },
    Scheme {
        name: "s3",
        options: &["endpoint", "region"],
        #[cfg(feature = "s3")]
        open: Open::Bucket(s3::open, s3::creation, |url, query, options| {
            as_bucket(s3::requests(url, query, options))
        }),
        #[cfg(not(feature = "s3"))]
        open: Open::Feature("s3"),
    },
    Scheme {
        name: "gs",
        options: &["endpoint"],
        #[cfg(feature = "gcs")]
        open: Open::Bucket(gcs::open, gcs::creation, |url, query, options| {
            as_bucket(gcs::requests(url, query, options))
        }),
        #[cfg(not(feature = "gcs"))]
        open: Open::Feature("gcs"),
    },
    Scheme {
        name: "az",
        options: &["account", "endpoint"],
        #[cfg(feature = "azure")]
        open: Open::Bucket(azure::open, azure::creation, |url, query, options| {
            as_bucket(azure::requests(url, query, options))
        }),
        #[cfg(not(feature = "azure"))]
        open: Open::Feature("azure"),
    },
];

/// Opens the storage at an address.
///
/// | address | storage |
/// |---|---|
/// | `memory:` | the memory of this process |
/// | `file:///var/lib/crashes`, `file:crashes` | a directory, absolute or below the working directory; created when absent. `?layout=processor` and `?layout=collector` read the older trees of [`layout`](crate::layout) |
/// | `s3://bucket/prefix?endpoint=http://localhost:4566&region=us-west-2` | Amazon S3 and everything that speaks its protocol (feature `s3`); credentials and defaults come from the `AWS_*` environment variables |
/// | `gs://bucket/prefix` | Google Cloud Storage (feature `gcs`); credentials come from `GOOGLE_APPLICATION_CREDENTIALS` or the machine. `?endpoint=http://localhost:8001`, or `STORAGE_EMULATOR_HOST`, is an emulator of its JSON API |
/// | `az://container/prefix?account=name` | Azure Blob Storage (feature `azure`); credentials and defaults come from the `AZURE_STORAGE_*` environment variables |
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
/// assert_eq!(error.to_string(), r#"unknown storage scheme "ftp"; known are memory:, file:, s3:, gs:, az:"#);
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

/// Looks at an address without touching what it names.
///
/// ```
/// assert!(socorro_storage::check_address("file:///srv/crashes").is_ok());
/// assert!(socorro_storage::check_address("ftp://host").is_err());
/// ```
///
/// # Errors
///
/// [`Error::InvalidAddress`], [`Error::UnknownScheme`] and [`Error::MissingFeature`], as [`open`]
/// would find them before it touches anything.
pub fn check_address(address: &str) -> Result<(), Error> {
    find(address).map(|_| ())
}

/// Makes the place that an address names, if it is not there: the directory or the bucket. Gives
/// back whether it is new. A bucket of that name that belongs to somebody else is an error, unless
/// it may be used.
///
/// A bucket of Google is made in the project that `STORAGE_PROJECT_ID` or `GOOGLE_CLOUD_PROJECT`
/// names. Whatever else a bucket may need, such as expiry and encryption, is up to its owner.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let parent = tempfile::tempdir()?;
/// let address = format!("file://{}/crashes", parent.path().display());
/// assert!(socorro_storage::create(&address).await?);
/// assert!(!socorro_storage::create(&address).await?);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Those of [`open`], [`Error::Unavailable`] and [`Error::Denied`].
pub async fn create(address: &str) -> Result<bool, Error> {
    let options = StorageOptions::default();
    let (url, query, open) = find(address)?;
    match open {
        Open::Local(open) => {
            let is_new = !url.to_file_path().is_ok_and(|path| path.exists());
            open(&url, &query, options)?;
            Ok(is_new)
        }
        #[cfg(feature = "cloud")]
        Open::Bucket(open, creation, _) => {
            let creation = creation(&url, &query, &options)?;
            let opened = open(&url, &query, options.clone())?;
            create::bucket(&url, &options, creation, opened).await
        }
        Open::Feature(feature) => Err(missing(&url, feature)),
    }
}

/// [`open`], before it is known as just any storage.
pub(crate) fn open_objects(address: &str, options: StorageOptions) -> Result<ObjectStorage, Error> {
    let (url, query, open) = find(address)?;
    let options = query.apply(options);
    match open {
        Open::Local(open) => open(&url, &query, options),
        #[cfg(feature = "cloud")]
        Open::Bucket(open, _, _) => open(&url, &query, options),
        Open::Feature(feature) => Err(missing(&url, feature)),
    }
}

/// A storage, and what else its bucket can do.
pub(crate) fn open_bucket(
    address: &str,
    options: StorageOptions,
) -> Result<(ObjectStorage, Arc<dyn BucketApi>), Error> {
    let (url, query, open) = find(address)?;
    match open {
        Open::Local(open) => {
            let storage = open(&url, &query, options)?;
            let api = AnyStore(Arc::clone(storage.store()));
            Ok((storage, Arc::new(api)))
        }
        #[cfg(feature = "cloud")]
        Open::Bucket(open, _, api) => {
            let api = api(&url, &query, &options)?;
            Ok((open(&url, &query, options)?, api))
        }
        Open::Feature(feature) => Err(missing(&url, feature)),
    }
}

/// The options that the query of an address may have.
pub(crate) fn options_of(scheme: &str) -> impl Iterator<Item = &'static str> {
    let scheme = SCHEMES.iter().find(|known| known.name == scheme);
    let own = scheme.map_or(&[][..], |scheme| scheme.options);
    options::COMMON.iter().chain(own).copied()
}

/// What an address names, checked.
fn find(address: &str) -> Result<(Url, Query, &'static Open), Error> {
    let url = parse(address)?;
    let scheme = SCHEMES
        .iter()
        .find(|scheme| scheme.name == url.scheme())
        .ok_or_else(|| unknown(url.scheme()))?;
    if let Open::Feature(feature) = scheme.open {
        return Err(missing(&url, feature));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            &url,
            "credentials do not belong into the address; for S3 set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ));
    }
    let query = Query::parse(&url, scheme.options)?;
    Ok((url, query, &scheme.open))
}

fn missing(url: &Url, feature: &'static str) -> Error {
    Error::MissingFeature {
        scheme: url.scheme().to_owned(),
        feature,
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

fn directory(
    url: &Url,
    query: &Query,
    mut options: StorageOptions,
) -> Result<ObjectStorage, Error> {
    let layout = match query.get("layout") {
        None => Layout::Objects,
        Some(name) => Layout::parse(name).ok_or_else(|| {
            let reason = format!("the layout is objects, processor or collector, not {name:?}");
            invalid(url, reason)
        })?,
    };
    // What can only be read is not made.
    options.create &= layout == Layout::Objects;
    let path: PathBuf = url
        .to_file_path()
        .map_err(|()| invalid(url, "a directory is written file:///path or file:path"))?;
    ObjectStorage::directory(path, options).map(|storage| storage.with_layout(layout))
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
            ("file:x?layout=radix", "objects, processor or collector"),
            ("file://host/dir", "file:///path"),
            ("ftp://host", "memory:, file:, s3:, gs:, az:"),
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
