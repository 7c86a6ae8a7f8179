//! What can be chosen for an SQS queue, and the names of its queues at the service.

use crate::{
    error::{Error, shorten},
    lane::Lane,
    options::QueueOptions,
    queue_url::QueueUrl,
};

/// What can be chosen for an [`SqsQueue`](crate::SqsQueue). Fields may be added: end a literal with
/// `..SqsOptions::default()`.
#[derive(Debug, Clone)]
pub struct SqsOptions {
    /// What all queues have. `create` makes nothing here, see
    /// [`CrashQueue::create`](crate::CrashQueue::create). Leases last whole seconds.
    pub queue: QueueOptions,
    /// The names of the queues at the service. Default: those of Socorro.
    pub names: SqsNames,
    /// The region. Default: `SQS_REGION`, then what all of Amazon's libraries look at.
    pub region: Option<String>,
    /// The address of another server than Amazon's. Default: `LOCAL_DEV_AWS_ENDPOINT_URL`, then
    /// what all of Amazon's libraries look at.
    pub endpoint: Option<String>,
}

impl Default for SqsOptions {
    fn default() -> Self {
        QueueOptions::default().into()
    }
}

impl From<QueueOptions> for SqsOptions {
    fn from(queue: QueueOptions) -> Self {
        Self {
            queue,
            names: SqsNames::default(),
            region: variable("SQS_REGION"),
            endpoint: variable("LOCAL_DEV_AWS_ENDPOINT_URL"),
        }
    }
}

impl SqsOptions {
    /// The options that a URL `sqs://prefix` names, without touching them.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidUrl`], [`Error::InvalidOption`], and [`Error::UnknownScheme`] when it names
    /// another kind of queue.
    pub fn of_url(url: &str, options: QueueOptions) -> Result<Self, Error> {
        from_url(QueueUrl::of_scheme("sqs", url)?, options)
    }
}

/// The names of the queues at the service.
///
/// ```
/// use socorro_queue::{Lane, SqsNames};
///
/// assert_eq!(SqsNames::with_prefix("dev-").lane(Lane::Priority), "dev-priority");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqsNames {
    /// The lane [`Lane::Standard`].
    pub standard: String,
    /// The lane [`Lane::Priority`].
    pub priority: String,
    /// The lane [`Lane::Reprocessing`].
    pub reprocessing: String,
    /// Where dead letters are sent.
    pub dead_letters: String,
}

impl Default for SqsNames {
    /// `standard-queue` and so on.
    fn default() -> Self {
        Self::from_variables(|_| None)
    }
}

impl SqsNames {
    /// The prefix with `standard`, `priority`, `reprocessing` and `dead-letters`.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        Self {
            standard: format!("{prefix}standard"),
            priority: format!("{prefix}priority"),
            reprocessing: format!("{prefix}reprocessing"),
            dead_letters: format!("{prefix}dead-letters"),
        }
    }

    /// The names in Socorro's environment variables, `SQS_STANDARD_QUEUE` and so on;
    /// `SQS_DEAD_LETTER_QUEUE` is our own.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(variable)
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let name = |name: &str, default: &str| {
            variable(&format!("SQS_{name}_QUEUE")).unwrap_or_else(|| default.to_owned())
        };
        Self {
            standard: name("STANDARD", "standard-queue"),
            priority: name("PRIORITY", "priority-queue"),
            reprocessing: name("REPROCESSING", "reprocessing-queue"),
            dead_letters: name("DEAD_LETTER", "dead-letter-queue"),
        }
    }

    /// The name of one lane.
    #[must_use]
    pub fn lane(&self, lane: Lane) -> &str {
        match lane {
            Lane::Standard => &self.standard,
            Lane::Priority => &self.priority,
            Lane::Reprocessing => &self.reprocessing,
        }
    }

    /// Finds what can be no name.
    pub(super) fn checked(&self) -> Result<(), Error> {
        let lanes = Lane::ALL.map(|lane| self.lane(lane));
        lanes
            .into_iter()
            .chain([&*self.dead_letters])
            .try_for_each(check_name)
    }
}

/// The rules of SQS for names of queues: 1 to 80 ASCII letters, digits, `-` and `_`. (The names of
/// FIFO queues end with `.fifo`; they cannot delay single messages.)
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=80).contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(Error::InvalidOption {
        name: "names",
        reason: format!(
            "{:?} names no queue: a name has 1 to 80 ASCII letters, digits, '-' and '_'",
            shorten(name)
        ),
    })
}

/// The options of `sqs://prefix` or `sqs:`.
pub(super) fn from_url(mut url: QueueUrl<'_>, options: QueueOptions) -> Result<SqsOptions, Error> {
    let mut options = SqsOptions::from(options);
    url.take_common(&mut options.queue)?;
    let prefix = url.location.strip_prefix("//").unwrap_or(url.location);
    options.names = if prefix.is_empty() {
        SqsNames::from_environment()
    } else {
        SqsNames::with_prefix(prefix)
    };
    for (option, place) in [
        ("region", &mut options.region),
        ("endpoint", &mut options.endpoint),
    ] {
        if let Some(value) = url.take_text(option)? {
            *place = Some(value);
        }
    }
    let names = &mut options.names;
    for (option, name) in [
        ("standard", &mut names.standard),
        ("priority", &mut names.priority),
        ("reprocessing", &mut names.reprocessing),
        ("dead_letters", &mut names.dead_letters),
    ] {
        if let Some(value) = url.take_text(option)? {
            *name = value;
        }
    }
    url.finish()?;
    options.names.checked()?;
    Ok(options)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<SqsOptions, Error> {
        from_url(QueueUrl::parse(url)?, QueueOptions::default())
    }

    #[test]
    fn a_url_says_names_region_and_endpoint() {
        let options = of("sqs://dev-?region=eu-west-1&endpoint=http://h:1&standard=mine").unwrap();
        assert_eq!(options.names.standard, "mine");
        assert_eq!(options.names.dead_letters, "dev-dead-letters");
        assert_eq!(options.region.as_deref(), Some("eu-west-1"));
        assert_eq!(options.endpoint.as_deref(), Some("http://h:1"));
    }

    #[test]
    fn names_that_sqs_does_not_have_are_errors() {
        for url in ["sqs://a/b", "sqs://x.fifo", "sqs:?standard=", "sqs:?lese=1"] {
            assert!(of(url).is_err(), "{url}");
        }
        of(&format!("sqs://{}", "x".repeat(80))).unwrap_err();
    }

    #[test]
    fn variables_of_socorro_name_the_queues() {
        let names = SqsNames::from_variables(|name| {
            (name == "SQS_PRIORITY_QUEUE").then(|| "fast".to_owned())
        });
        assert_eq!(names.priority, "fast");
        assert_eq!(names.standard, "standard-queue");
    }
}
