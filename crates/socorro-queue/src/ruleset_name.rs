//! The name of a ruleset, as a message carries it.

use std::{borrow::Cow, fmt, str::FromStr};

/// Longest ruleset name in characters (all of them ASCII).
const MAX_LENGTH: usize = 64;

/// The name of a ruleset: 1 to 64 ASCII letters, digits, `_`, `-` and `.`.
///
/// Whether a ruleset of that name exists is for the processor to say. Socorro's own are `default`
/// and `regenerate_signature`.
///
/// ```
/// use socorro_queue::RulesetName;
///
/// assert_eq!(RulesetName::default().as_str(), "default");
/// assert!(RulesetName::parse("regenerate_signature").is_some());
/// assert!(RulesetName::parse("not a name").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesetName(Cow<'static, str>);

impl RulesetName {
    /// The ruleset of a message that names none.
    pub const DEFAULT: Self = Self(Cow::Borrowed("default"));

    /// Reads a name; `None` when `text` cannot name a ruleset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = (1..=MAX_LENGTH).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        well_formed.then(|| Self(Cow::Owned(text.to_owned())))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RulesetName {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for RulesetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RulesetName {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| crate::Error::invalid_ruleset_name(text))
    }
}

impl AsRef<str> for RulesetName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}
