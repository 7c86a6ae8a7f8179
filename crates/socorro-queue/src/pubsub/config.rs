//! What can be chosen for a Pub/Sub queue, and the names of its topics and subscriptions.

use crate::{
    error::{Error, shorten},
    lane::Lane,
    options::QueueOptions,
    queue_url::QueueUrl,
};

/// What can be chosen for a [`PubsubQueue`](crate::PubsubQueue). Fields may be added: end a literal
/// with `..PubsubOptions::default()`.
#[derive(Debug, Clone)]
pub struct PubsubOptions {
    /// What all queues have. `create` makes nothing here, see
    /// [`CrashQueue::create`](crate::CrashQueue::create). A lease beyond the death
    /// of the process lasts 10 seconds to 10 minutes.
    pub queue: QueueOptions,
    /// The names of topics and subscriptions. Default: those of Socorro.
    pub names: PubsubNames,
    /// `host:port` of an emulator, which is used without encryption and credentials. Default: the
    /// environment variable `PUBSUB_EMULATOR_HOST`.
    pub emulator: Option<String>,
}

impl Default for PubsubOptions {
    fn default() -> Self {
        QueueOptions::default().into()
    }
}

impl From<QueueOptions> for PubsubOptions {
    fn from(queue: QueueOptions) -> Self {
        Self {
            queue,
            names: PubsubNames::default(),
            emulator: variable("PUBSUB_EMULATOR_HOST").filter(|host| !host.is_empty()),
        }
    }
}

impl PubsubOptions {
    /// The project and the options that a URL `pubsub://project[/prefix]` names, without touching
    /// them.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidUrl`], [`Error::InvalidOption`], and [`Error::UnknownScheme`] when it names
    /// another kind of queue.
    pub fn of_url(url: &str, options: QueueOptions) -> Result<(String, Self), Error> {
        from_url(QueueUrl::of_scheme("pubsub", url)?, options)
    }
}

/// The topic and the subscription of one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PubsubLane {
    /// Where it is published.
    pub topic: String,
    /// Where it is received; empty for a lane that is not received here.
    pub subscription: String,
}

/// The names of the topics and subscriptions of a queue, without the project.
///
/// ```
/// use socorro_queue::{Lane, PubsubNames};
///
/// let names = PubsubNames::with_prefix("local_dev_");
/// assert_eq!(names.lane(Lane::Priority).topic, "local_dev_priority");
/// assert_eq!(names.lane(Lane::Priority).subscription, "local_dev_priority-sub");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PubsubNames {
    /// The lane [`Lane::Standard`].
    pub standard: PubsubLane,
    /// The lane [`Lane::Priority`].
    pub priority: PubsubLane,
    /// The lane [`Lane::Reprocessing`].
    pub reprocessing: PubsubLane,
    /// Where dead letters are published. It needs a subscription that keeps them.
    pub dead_letters: PubsubLane,
}

impl Default for PubsubNames {
    /// Socorro's names: `standard-queue` and so on, topic and subscription alike.
    fn default() -> Self {
        Self::from_variables(|_| None)
    }
}

impl PubsubNames {
    /// The topics are the prefix with `standard`, `priority`, `reprocessing` and `dead-letters`,
    /// the subscriptions the same with `-sub`.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        let lane = |name: &str| PubsubLane {
            topic: format!("{prefix}{name}"),
            subscription: format!("{prefix}{name}-sub"),
        };
        Self {
            standard: lane("standard"),
            priority: lane("priority"),
            reprocessing: lane("reprocessing"),
            dead_letters: lane("dead-letters"),
        }
    }

    /// The names in Socorro's environment variables, `PUBSUB_STANDARD_TOPIC_NAME`,
    /// `PUBSUB_STANDARD_SUBSCRIPTION_NAME` and so on; `PUBSUB_DEAD_LETTER_…` is our own.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(variable)
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let lane = |name: &str, default: &str| {
            let value = |kind| {
                let value = variable(&format!("PUBSUB_{name}_{kind}_NAME"));
                value.unwrap_or_else(|| default.to_owned())
            };
            PubsubLane {
                topic: value("TOPIC"),
                subscription: value("SUBSCRIPTION"),
            }
        };
        Self {
            standard: lane("STANDARD", "standard-queue"),
            priority: lane("PRIORITY", "priority-queue"),
            reprocessing: lane("REPROCESSING", "reprocessing-queue"),
            dead_letters: lane("DEAD_LETTER", "dead-letter-queue"),
        }
    }

    /// The names of one lane.
    #[must_use]
    pub fn lane(&self, lane: Lane) -> &PubsubLane {
        match lane {
            Lane::Standard => &self.standard,
            Lane::Priority => &self.priority,
            Lane::Reprocessing => &self.reprocessing,
        }
    }

    /// Finds what can be no name.
    pub(super) fn checked(&self) -> Result<(), Error> {
        let lanes = Lane::ALL.map(|lane| self.lane(lane));
        for lane in lanes.into_iter().chain([&self.dead_letters]) {
            check_name(&lane.topic)?;
            if !lane.subscription.is_empty() {
                check_name(&lane.subscription)?;
            }
        }
        Ok(())
    }
}

/// The rules of Pub/Sub for names of topics and subscriptions, as far as they keep a name from
/// meaning something else.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+%".contains(&byte);
    let first_is_letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if (3..=255).contains(&name.len()) && first_is_letter && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(Error::InvalidOption {
        name: "names",
        reason: format!(
            "{:?} names no topic or subscription: a name has 3 to 255 ASCII letters, digits and '-_.~+%', and begins with a letter",
            shorten(name)
        ),
    })
}

/// The rules of Google Cloud for project ids, those of domains included (`example.com:project`), and
/// the underscores that emulators take (`local_dev_socorro`).
pub(super) fn check_project(project: &str) -> Result<(), Error> {
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:".contains(&byte);
    if (1..=100).contains(&project.len()) && project.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(Error::InvalidOption {
        name: "project",
        reason: format!("{:?} is no project id", shorten(project)),
    })
}

/// The project and the options of `pubsub://project[/prefix]`.
pub(super) fn from_url(
    mut url: QueueUrl<'_>,
    options: QueueOptions,
) -> Result<(String, PubsubOptions), Error> {
    let mut options = PubsubOptions::from(options);
    url.take_common(&mut options.queue)?;
    let location = url.location.strip_prefix("//").unwrap_or(url.location);
    let (project, prefix) = location.split_once('/').unwrap_or((location, ""));
    if project.is_empty() {
        return Err(url.invalid("it names no project; write pubsub://project/topic-prefix"));
    }
    options.names = if prefix.is_empty() {
        PubsubNames::from_environment()
    } else {
        PubsubNames::with_prefix(prefix)
    };
    let names = &mut options.names;
    for (option, lane) in [
        ("standard", &mut names.standard),
        ("priority", &mut names.priority),
        ("reprocessing", &mut names.reprocessing),
        ("dead_letters", &mut names.dead_letters),
    ] {
        if let Some(value) = url.take_text(option)? {
            let (topic, subscription) = value
                .split_once(',')
                .ok_or_else(|| url.invalid(format!("write {option}=TOPIC,SUBSCRIPTION")))?;
            *lane = PubsubLane {
                topic: topic.to_owned(),
                subscription: subscription.to_owned(),
            };
        }
    }
    url.finish()?;
    options.names.checked()?;
    check_project(project)?;
    Ok((project.to_owned(), options))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<(String, PubsubOptions), Error> {
        from_url(QueueUrl::parse(url)?, QueueOptions::default())
    }

    #[test]
    fn names_come_from_a_prefix_or_one_by_one() {
        let url = "pubsub://my-project/local_dev_?reprocessing=again,&lease=2m";
        let (project, options) = parse(url).unwrap();
        assert_eq!(project, "my-project");
        assert_eq!(options.queue.lease.as_secs(), 120);
        let names = options.names;
        assert_eq!(names.standard.topic, "local_dev_standard");
        assert_eq!(names.standard.subscription, "local_dev_standard-sub");
        assert_eq!(names.dead_letters.topic, "local_dev_dead-letters");
        assert_eq!(names.reprocessing.topic, "again");
        assert_eq!(names.reprocessing.subscription, "");
    }

    #[test]
    fn socorros_variables_and_defaults_are_used() {
        let names = PubsubNames::from_variables(|name| match name {
            "PUBSUB_PRIORITY_SUBSCRIPTION_NAME" => Some("p-sub".to_owned()),
            "PUBSUB_REPROCESSING_SUBSCRIPTION_NAME" => Some(String::new()),
            _ => None,
        });
        assert_eq!(names.priority.topic, "priority-queue");
        assert_eq!(names.priority.subscription, "p-sub");
        assert_eq!(names.reprocessing.subscription, "");
        assert_eq!(names.standard.subscription, "standard-queue");
        names.checked().unwrap();
    }

    #[test]
    fn a_wrong_url_says_what_is_wrong() {
        for (url, part) in [
            ("pubsub://", "names no project"),
            ("pubsub://Project!", "no project id"),
            ("pubsub://project/a/b", "3 to 255"),
            ("pubsub://project?standard=x", "TOPIC,SUBSCRIPTION"),
            ("pubsub://project?topic=x", "lease, standard"),
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.contains(part), "{url}: {error}");
        }
    }
}
