//! A queue URL in its parts.

use std::time::Duration;

use crate::{
    duration,
    error::{Error, shorten},
    options::QueueOptions,
};

/// `scheme:location?key=value&…`
#[derive(Debug)]
pub(crate) struct QueueUrl<'url> {
    /// The whole text.
    text: &'url str,
    /// What is before the first colon.
    pub(crate) scheme: &'url str,
    /// What is between the scheme and the query, percent-encoded.
    pub(crate) location: &'url str,
    /// The options of the query that nobody has taken yet.
    options: Vec<(String, String)>,
    /// The names of the options that were asked for.
    known: Vec<&'static str>,
}

impl<'url> QueueUrl<'url> {
    /// Takes `text` apart.
    pub(crate) fn parse(text: &'url str) -> Result<Self, Error> {
        let invalid = |reason: &str| Error::InvalidUrl {
            url: without_secrets(text),
            reason: reason.to_owned(),
        };
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(invalid(
                "it has no scheme; write for example memory: or sqlite:///absolute/file",
            ));
        };
        if rest.contains('#') {
            return Err(invalid("write '#' as %23"));
        }
        let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
        let options = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Ok(Self {
            text,
            scheme,
            location,
            options,
            known: Vec::new(),
        })
    }

    /// Takes `text` apart, if it is of this scheme.
    #[cfg(any(feature = "pubsub", feature = "sqs"))]
    pub(crate) fn of_scheme(scheme: &str, text: &'url str) -> Result<Self, Error> {
        let url = Self::parse(text)?;
        if url.scheme == scheme {
            return Ok(url);
        }
        Err(Error::UnknownScheme {
            scheme: shorten(url.scheme),
            known: format!("here only {scheme}:"),
        })
    }

    /// Takes the option `name` out of the query.
    pub(crate) fn take_text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.known.push(name);
        let mut found = None;
        while let Some(index) = self.options.iter().position(|(key, _)| key == name) {
            let (_, value) = self.options.remove(index);
            if found.replace(value).is_some() {
                return Err(self.invalid(format!("{name} is given twice")));
            }
        }
        Ok(found)
    }

    /// Takes the option `name` out of the query and reads it as a duration.
    pub(crate) fn take_duration(&mut self, name: &'static str) -> Result<Option<Duration>, Error> {
        let Some(value) = self.take_text(name)? else {
            return Ok(None);
        };
        duration::parse(&value).map(Some).ok_or_else(|| {
            self.invalid(format!(
                "{name}={} is no duration; write for example 60s or 1m30s",
                shorten(&value)
            ))
        })
    }

    /// Takes the options that all queues have.
    pub(crate) fn take_common(&mut self, options: &mut QueueOptions) -> Result<(), Error> {
        if let Some(lease) = self.take_duration("lease")? {
            options.lease = lease;
        }
        Ok(())
    }

    /// Complains about an option that nobody took.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self.options.first() {
            None => Ok(()),
            Some((key, _)) => Err(self.invalid(format!(
                "unknown option {:?}; options of {}: queues are {}",
                shorten(key),
                self.scheme,
                self.known.join(", ")
            ))),
        }
    }

    /// An error about this URL.
    pub(crate) fn invalid(&self, reason: impl Into<String>) -> Error {
        Error::InvalidUrl {
            url: without_secrets(self.text),
            reason: reason.into(),
        }
    }
}

/// `url` as it may be shown: no user and password, no query.
fn without_secrets(url: &str) -> String {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    match (shown.find(':'), shown.rfind('@')) {
        (Some(colon), Some(at)) if colon < at => {
            shorten(&format!("{}//***{}", &shown[..=colon], &shown[at..]))
        }
        _ => shorten(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_show_no_secrets() {
        let error = QueueUrl::parse("sqs://user:hunter2@host/q?token=hunter3")
            .unwrap()
            .finish()
            .unwrap_err()
            .to_string();
        assert!(error.contains("sqs://***@host/q"), "{error}");
        assert!(error.contains("token"), "{error}");
        assert!(!error.contains("hunter"), "{error}");
    }

    #[test]
    fn options_are_read_once_and_all_of_them() {
        let mut url = QueueUrl::parse("memory:?lease=90s").unwrap();
        assert_eq!(
            url.take_duration("lease").unwrap(),
            Some(Duration::from_secs(90))
        );
        url.finish().unwrap();

        let twice = QueueUrl::parse("memory:?lease=1s&lease=2s")
            .unwrap()
            .take_duration("lease");
        assert!(twice.unwrap_err().to_string().contains("twice"));
        let bad = QueueUrl::parse("memory:?lease=soon")
            .unwrap()
            .take_duration("lease");
        assert!(bad.unwrap_err().to_string().contains("soon"));
    }
}
