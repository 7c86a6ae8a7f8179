//! What can be chosen for a SQLite queue, and where it lies.

use std::{path::PathBuf, time::Duration};

use url::Url;

use crate::{error::Error, options::QueueOptions, queue_url::QueueUrl};

/// What can be chosen for a [`SqliteQueue`](crate::SqliteQueue). Made from [`QueueOptions`] with
/// `into()` where the rest may stay as it is. Fields may be added: end a literal with
/// `..SqliteOptions::default()`.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// What all queues have.
    pub queue: QueueOptions,
    /// How long a call waits while other processes write, before it fails as
    /// [`Unavailable`](Error::Unavailable). Default 5 seconds, at most 10 minutes.
    ///
    /// In a URL: `?busy_timeout=10s`.
    pub busy_timeout: Duration,
}

/// Longest busy timeout.
const MAX_BUSY_TIMEOUT: Duration = Duration::from_secs(600);

impl Default for SqliteOptions {
    fn default() -> Self {
        QueueOptions::default().into()
    }
}

impl From<QueueOptions> for SqliteOptions {
    fn from(queue: QueueOptions) -> Self {
        Self {
            queue,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

impl SqliteOptions {
    /// Checks what the types cannot.
    pub(super) fn checked(mut self) -> Result<Self, Error> {
        self.queue = self.queue.checked()?;
        if self.busy_timeout > MAX_BUSY_TIMEOUT {
            return Err(Error::InvalidOption {
                name: "busy_timeout",
                reason: format!("{:?} is over 10 minutes", self.busy_timeout),
            });
        }
        Ok(self)
    }

    /// The path and the options of `sqlite:…`.
    pub(super) fn from_url(
        mut url: QueueUrl<'_>,
        options: QueueOptions,
    ) -> Result<(PathBuf, Self), Error> {
        let mut options = Self::from(options);
        url.take_common(&mut options.queue)?;
        if let Some(busy_timeout) = url.take_duration("busy_timeout")? {
            options.busy_timeout = busy_timeout;
        }
        url.finish()?;
        Ok((path_of(&url)?, options))
    }
}

/// The absolute path of the file, percent-decoded. A relative one starts at the working directory.
fn path_of(url: &QueueUrl<'_>) -> Result<PathBuf, Error> {
    const FORMS: &str = "write sqlite:///absolute/file or sqlite:relative/file";
    let location = url.location;
    if location.is_empty() || location.ends_with('/') {
        return Err(url.invalid(format!("it names no file; {FORMS}")));
    }
    // Paths in URLs have rules of their own (percent-encoding, drive letters): those of file URLs.
    let file_url = if location.starts_with('/') {
        Url::parse(&format!("file:{location}")).ok()
    } else {
        std::env::current_dir()
            .ok()
            .and_then(|directory| Url::from_directory_path(directory).ok())
            .and_then(|directory| directory.join(&format!("./{location}")).ok())
    };
    file_url
        .filter(|file_url| file_url.host().is_none())
        .and_then(|file_url| file_url.to_file_path().ok())
        .filter(|path| !path.as_os_str().as_encoded_bytes().contains(&0))
        .ok_or_else(|| url.invalid(format!("what follows the scheme is no path; {FORMS}")))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn path(url: &str) -> Result<PathBuf, Error> {
        let url = QueueUrl::parse(url)?;
        SqliteOptions::from_url(url, QueueOptions::default()).map(|(path, _)| path)
    }

    #[test]
    fn paths_are_absolute_or_start_at_the_working_directory() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            path("sqlite:///a/b.sqlite").unwrap(),
            PathBuf::from("/a/b.sqlite")
        );
        assert_eq!(
            path("sqlite:/a/b.sqlite").unwrap(),
            PathBuf::from("/a/b.sqlite")
        );
        assert_eq!(path("sqlite:b.sqlite").unwrap(), here.join("b.sqlite"));
        assert_eq!(path("sqlite:a:b/c").unwrap(), here.join("a:b/c"));
        assert_eq!(
            path("sqlite:///a%20b%3F%25").unwrap(),
            PathBuf::from("/a b?%")
        );
        assert_eq!(path("sqlite:///a b/é").unwrap(), PathBuf::from("/a b/é"));
    }

    #[test]
    fn what_is_no_path_is_refused_with_the_right_form() {
        for url in [
            "sqlite:",
            "sqlite:///",
            "sqlite://host/file",
            "sqlite:///a%00b",
            "sqlite:dir/",
        ] {
            let error = path(url).unwrap_err().to_string();
            assert!(error.contains("sqlite:///absolute/file"), "{url}: {error}");
        }
    }

    #[test]
    fn options_come_from_the_query() {
        let url = QueueUrl::parse("sqlite:x?lease=30s&busy_timeout=1m").unwrap();
        let (_, options) = SqliteOptions::from_url(url, QueueOptions::default()).unwrap();
        assert_eq!(options.queue.lease, Duration::from_secs(30));
        assert_eq!(options.busy_timeout, Duration::from_secs(60));

        let error = path("sqlite:x?synchronous=off").unwrap_err().to_string();
        assert!(
            error.contains("synchronous") && error.contains("lease, busy_timeout"),
            "{error}"
        );
    }
}
