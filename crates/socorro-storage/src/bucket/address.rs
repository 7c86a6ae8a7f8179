//! Addresses of objects.

use std::{fmt, path::Path};

use crate::{address, check_address, error::Error};

/// Where an object lies, or all whose keys begin alike: `s3://bucket/key`, `file:///directory/key`.
///
/// A key is taken as it is written, also with `%`, `#` and `?` in it. What follows the last `?`
/// belongs to the address of the bucket, if all of it is options of this scheme, as in
/// `s3://bucket/key?endpoint=http://localhost:4566`.
///
/// ```
/// use socorro_storage::bucket::ObjectAddress;
///
/// let address = ObjectAddress::parse("s3://dev_bucket/odd name?#1?region=us-west-2")?;
/// assert_eq!(address.key(), "odd name?#1");
/// assert_eq!(address.to_string(), "s3://dev_bucket/odd name?#1");
/// # Ok::<(), socorro_storage::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAddress {
    scheme: String,
    bucket: String,
    key: String,
    options: String,
}

impl ObjectAddress {
    /// Reads an address. Without a bucket (`s3://`) it stands for all buckets of the account.
    ///
    /// The bucket of a `file:` address is the directory that it names, if there is one or it ends
    /// with `/`; otherwise the directory above.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAddress`] and [`Error::UnknownScheme`]. What this build has no engine for can be
    /// read, but not opened.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(Error::InvalidAddress {
                address: text.to_owned(),
                reason: "the address of an object is written s3://bucket/key".to_owned(),
            });
        };
        let (rest, options) = split_options(scheme, rest);
        let address = if scheme == "file" {
            Self::of_file(rest, options)
        } else {
            let place = rest.strip_prefix("//").unwrap_or(rest);
            let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
            Self {
                scheme: scheme.to_owned(),
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                options: options.to_owned(),
            }
        };
        // Buckets have no say in which schemes and options there are.
        let checked = if address.bucket.is_empty() {
            address.with_bucket("bucket").of_bucket()
        } else {
            address.of_bucket()
        };
        match check_address(&checked) {
            Ok(()) | Err(Error::MissingFeature { .. }) => Ok(address),
            Err(error) => Err(error),
        }
    }

    fn of_file(rest: &str, options: &str) -> Self {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let is_directory = path.ends_with('/') || Path::new(path).is_dir();
        let (directory, key) = match path.rsplit_once('/') {
            _ if is_directory => (path.trim_end_matches('/'), ""),
            Some((directory, key)) => (directory, key),
            None => ("", path),
        };
        let bucket = match (directory, path.starts_with('/')) {
            ("", true) => "/",
            ("", false) => ".",
            (directory, _) => directory,
        };
        Self {
            scheme: "file".to_owned(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            options: options.to_owned(),
        }
    }

    /// `s3`, `gs`, `az` or `file`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The name of the bucket; the path of the directory in `file:` addresses.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key, or a beginning of keys; may be empty.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The same bucket with another key.
    #[must_use]
    pub fn with_key(&self, key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            ..self.clone()
        }
    }

    /// Another bucket of the same account, as a whole.
    #[must_use]
    pub fn with_bucket(&self, bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            key: String::new(),
            ..self.clone()
        }
    }

    /// The same with an option of the scheme, such as `endpoint`, unless the address has it.
    #[must_use]
    pub fn with_option(mut self, name: &str, value: &str) -> Self {
        let is_known = address::options_of(&self.scheme).any(|known| known == name);
        if is_known && !pairs(&self.options).any(|(present, _)| present == name) {
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let separator = if self.options.is_empty() { "" } else { "&" };
            self.options = format!("{}{separator}{name}={encoded}", self.options);
        }
        self
    }

    /// The address of the bucket, with its options, as [`open`](crate::open) reads it.
    #[must_use]
    pub fn of_bucket(&self) -> String {
        let place = match self.scheme.as_str() {
            "file" => encoded_path(&self.bucket),
            _ => format!("//{}", self.bucket),
        };
        let mark = if self.options.is_empty() { "" } else { "?" };
        format!("{}:{place}{mark}{}", self.scheme, self.options)
    }
}

/// A path as a URL has it.
fn encoded_path(path: &str) -> String {
    // Only what would end the path, or be taken for an escape.
    path.replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
}

/// What comes before the options of an address, and these.
fn split_options<'a>(scheme: &str, text: &'a str) -> (&'a str, &'a str) {
    let Some((place, options)) = text.rsplit_once('?') else {
        return (text, "");
    };
    let is_option = |(name, _)| address::options_of(scheme).any(|known| known == name);
    if !options.is_empty() && pairs(options).all(is_option) {
        return (place, options);
    }
    // With a bucket alone it can only be a mistyped option.
    let is_bucket = !place.trim_start_matches('/').contains('/');
    if is_bucket {
        (place, options)
    } else {
        (text, "")
    }
}

fn pairs(options: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = options.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Without options, which may say where a private server is.
impl fmt::Display for ObjectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            bucket,
            key,
            ..
        } = self;
        match scheme.as_str() {
            "file" => write!(f, "file://{}/{key}", bucket.trim_end_matches('/')),
            _ => write!(f, "{scheme}://{bucket}/{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "s3")]
    #[test]
    fn bucket_key_and_options_are_told_apart() {
        for (text, bucket, key, of_bucket) in [
            ("s3://b", "b", "", "s3://b"),
            ("s3://dev_bucket/", "dev_bucket", "", "s3://dev_bucket"),
            ("s3://b/v1/a b%20#?c", "b", "v1/a b%20#?c", "s3://b"),
            ("s3://b?region=r", "b", "", "s3://b?region=r"),
            ("s3://b/k?x?region=r", "b", "k?x", "s3://b?region=r"),
            ("s3://", "", "", "s3://"),
        ] {
            let address = ObjectAddress::parse(text).unwrap();
            assert_eq!(
                (
                    address.bucket(),
                    address.key(),
                    address.of_bucket().as_str()
                ),
                (bucket, key, of_bucket),
                "{text}"
            );
        }
        let error = ObjectAddress::parse("s3://b?regoin=r").unwrap_err();
        assert!(error.to_string().contains("region"), "{error}");
        let address = ObjectAddress::parse("s3://b/k").unwrap();
        let address = address.with_option("endpoint", "http://h:1/");
        assert_eq!(
            address.clone().with_option("endpoint", "no").of_bucket(),
            "s3://b?endpoint=http%3A%2F%2Fh%3A1%2F"
        );
        assert_eq!(address.to_string(), "s3://b/k");
    }

    #[test]
    fn a_directory_is_the_bucket_of_its_files() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        for (text, bucket, key) in [
            (format!("file://{path}"), path, ""),
            (format!("file://{path}/"), path, ""),
            (format!("file:{path}/a#b"), path, "a#b"),
            ("file:none/".to_owned(), "none", ""),
            ("file:none".to_owned(), ".", "none"),
        ] {
            let address = ObjectAddress::parse(&text).unwrap();
            assert_eq!((address.bucket(), address.key()), (bucket, key), "{text}");
        }
        assert!(ObjectAddress::parse("nothing").is_err());
        assert!(ObjectAddress::parse("ftp://host/x").is_err());
    }
}
