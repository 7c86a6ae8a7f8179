//! Message bodies: what they say, and what to do with those that say nothing.

use std::fmt;

use bytes::Bytes;
use socorro_core::CrashId;

use crate::{dead_letter::DeadLetterReason, error::shorten, ruleset_name::RulesetName};

/// The body of a collector's start-up check.
const TEST: &str = "test";

/// One crash to process, and how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Job {
    /// The crash.
    pub crash_id: CrashId,
    /// The ruleset to run on it.
    pub ruleset: RulesetName,
}

impl Job {
    /// Process `crash_id` with the default ruleset.
    #[must_use]
    pub fn new(crash_id: CrashId) -> Self {
        Self::with_ruleset(crash_id, RulesetName::DEFAULT)
    }

    /// Process `crash_id` with `ruleset`.
    #[must_use]
    pub fn with_ruleset(crash_id: CrashId, ruleset: RulesetName) -> Self {
        Self { crash_id, ruleset }
    }

    /// The message body that asks for this job.
    #[must_use]
    pub fn to_body(&self) -> Bytes {
        Bytes::from(self.to_string())
    }
}

/// The text of the message body: the crash id, then a colon and the ruleset unless it is the
/// default one.
impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ruleset == RulesetName::DEFAULT {
            write!(f, "{}", self.crash_id)
        } else {
            write!(f, "{}:{}", self.crash_id, self.ruleset)
        }
    }
}

/// What a message asks for.
///
/// The format is Socorro's: the body is text, not JSON, and has no attributes.
///
/// | Body | Meaning |
/// |---|---|
/// | `de1bb258-cbbf-4589-a673-34f800160918` | process that crash with the ruleset `default` |
/// | `de1bb258-cbbf-4589-a673-34f800160918:regenerate_signature` | process it with that ruleset |
/// | `test` | nothing: a collector tries at its start whether it can publish |
///
/// ASCII white space around the body is taken off: ids used to be published with the newline of
/// the pipe they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Process a crash.
    Process(Job),
    /// A collector's check of the queue: ack it, do nothing.
    Test,
}

impl Message {
    /// Reads a message body.
    ///
    /// # Errors
    ///
    /// [`BadMessage`] when the body asks for nothing that could ever be done.
    pub fn parse(body: &[u8]) -> Result<Self, BadMessage> {
        let text = std::str::from_utf8(body.trim_ascii()).map_err(|_| BadMessage::NotUtf8)?;
        if text == TEST {
            return Ok(Self::Test);
        }
        let (crash_id, ruleset) = match text.split_once(':') {
            Some((crash_id, ruleset)) => (crash_id, Some(ruleset)),
            None => (text, None),
        };
        let crash_id = CrashId::parse(crash_id)?;
        let ruleset = match ruleset {
            None => RulesetName::DEFAULT,
            Some(name) => RulesetName::parse(name).ok_or_else(|| BadMessage::BadRulesetName {
                name: shorten(name),
            })?,
        };
        Ok(Self::Process(Job { crash_id, ruleset }))
    }

    /// The body that says this.
    #[must_use]
    pub fn to_body(&self) -> Bytes {
        match self {
            Self::Process(job) => job.to_body(),
            Self::Test => Bytes::from_static(TEST.as_bytes()),
        }
    }
}

/// Why a message body cannot be read. Such a message belongs to the dead letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadMessage {
    /// The body is not text.
    #[error("the message body is not UTF-8")]
    NotUtf8,
    /// The body, up to its first colon, is not a crash id.
    #[error("the message body does not begin with a crash id")]
    BadCrashId(#[from] socorro_core::Error),
    /// What follows the first colon cannot name a ruleset.
    #[error("{name:?} cannot be the name of a ruleset")]
    BadRulesetName {
        /// The text, cut to a printable length.
        name: String,
    },
}

impl BadMessage {
    /// The reason under which such a message is dead-lettered.
    #[must_use]
    pub fn reason(&self) -> DeadLetterReason {
        match self {
            Self::NotUtf8 => DeadLetterReason::NotUtf8,
            Self::BadCrashId(_) => DeadLetterReason::BadCrashId,
            Self::BadRulesetName { .. } => DeadLetterReason::UnknownRuleset,
        }
    }
}

/// What a worker does with a message before it looks at any crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Process the crash.
    Process(Job),
    /// Ack the message and do nothing else.
    AckAndDrop,
    /// Set the message aside.
    DeadLetter(DeadLetterReason),
}

/// Judges a message body by what it says and by the rulesets that exist.
///
/// ```
/// use socorro_queue::{DeadLetterReason, Verdict, judge};
///
/// let body = b"de1bb258-cbbf-4589-a673-34f800160918:no_such";
/// assert_eq!(
///     judge(body, &["default", "regenerate_signature"]),
///     Verdict::DeadLetter(DeadLetterReason::UnknownRuleset),
/// );
/// ```
#[must_use]
pub fn judge(body: &[u8], known_rulesets: &[&str]) -> Verdict {
    match Message::parse(body) {
        Err(bad) => Verdict::DeadLetter(bad.reason()),
        Ok(Message::Test) => Verdict::AckAndDrop,
        Ok(Message::Process(job)) if known_rulesets.contains(&job.ruleset.as_str()) => {
            Verdict::Process(job)
        }
        Ok(Message::Process(_)) => Verdict::DeadLetter(DeadLetterReason::UnknownRuleset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

    #[test]
    fn the_crash_id_is_looked_at_before_the_ruleset() {
        assert!(matches!(
            Message::parse(b"nonsense:not a name"),
            Err(BadMessage::BadCrashId(_))
        ));
        assert!(matches!(
            Message::parse(format!("{ID}:").as_bytes()),
            Err(BadMessage::BadRulesetName { name }) if name.is_empty()
        ));
    }

    #[test]
    fn a_body_of_a_megabyte_makes_a_short_error() {
        let long = format!("{ID}:{}", "x".repeat(1 << 20));
        let error = Message::parse(long.as_bytes()).unwrap_err();
        assert!(error.to_string().len() < 400, "{}", error.to_string().len());
    }

    #[test]
    fn the_test_message_has_its_own_body() {
        assert_eq!(Message::parse(&Message::Test.to_body()), Ok(Message::Test));
    }

    proptest! {
        #[test]
        fn any_job_survives_its_body(
            ruleset in "[A-Za-z0-9_.-]{1,64}", before in "[ \t\r\n]{0,3}", after in "[ \t\r\n]{0,3}",
        ) {
            let job = Job::with_ruleset(CrashId::parse(ID).unwrap(), ruleset.parse().unwrap());
            let body = format!("{before}{job}{after}");
            prop_assert_eq!(Message::parse(body.as_bytes()), Ok(Message::Process(job)));
        }

        #[test]
        fn parsing_never_panics(body in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Message::parse(&body);
        }

        #[test]
        fn parsing_never_panics_after_an_id(rest in ".{0,80}") {
            let body = format!("{ID}{rest}");
            if let Ok(Message::Process(job)) = Message::parse(body.as_bytes()) {
                prop_assert_eq!(job.crash_id.as_str(), ID);
            }
        }
    }
}
