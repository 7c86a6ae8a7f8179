//! Documents that storage keeps beside the crashes.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};
use socorro_core::{CrashId, time::Date};

use crate::{error::Error, layout};

/// The longest name of a destination.
const MAX_DESTINATION: usize = 64;

/// Where a document lies: a key that cannot be made from free text, so that no document lands on
/// a crash or outside of the storage.
///
/// ```
/// use socorro_core::{CrashId, time::Date};
/// use socorro_storage::DocumentKey;
///
/// let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?;
/// let key = DocumentKey::dead_letter(Date::constant(2026, 11, 23), &id);
/// assert_eq!(key.as_str(), "dead-letter/20261123/de1bb258-cbbf-4589-a673-34f800160918.json");
/// # Ok::<(), socorro_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey(String);

impl DocumentKey {
    /// The record of a message that was given up on `date`, for the crash it names:
    /// `dead-letter/{YYYYMMDD}/{crash id}.json`.
    #[must_use]
    pub fn dead_letter(date: Date, id: &CrashId) -> Self {
        Self(format!("dead-letter/{}/{id}.json", layout::day(date)))
    }

    /// The record of a message that names no crash, told apart by its body:
    /// `dead-letter/{YYYYMMDD}/{SHA-256 of the body}.json`.
    #[must_use]
    pub fn dead_letter_of_body(date: Date, body: &[u8]) -> Self {
        let mut key = format!("dead-letter/{}/", layout::day(date));
        for byte in Sha256::digest(body) {
            // Writing to a String cannot fail.
            let _ = write!(key, "{byte:02x}");
        }
        key.push_str(".json");
        Self(key)
    }

    /// A note that a destination has not taken a crash yet: `outbox/{destination}/{crash id}`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDestination`] unless the name is 1 to 64 ASCII letters, digits, `_` or `-`.
    pub fn outbox(destination: &str, id: &CrashId) -> Result<Self, Error> {
        let fits = (1..=MAX_DESTINATION).contains(&destination.len());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if fits && destination.bytes().all(plain) {
            Ok(Self(format!("outbox/{destination}/{id}")))
        } else {
            Err(Error::InvalidDestination {
                name: destination.chars().take(MAX_DESTINATION).collect(),
            })
        }
    }

    /// The key below the root of the storage.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2026, 1, 2);

    #[test]
    fn bodies_without_a_crash_id_get_a_name_of_their_own() {
        let key = DocumentKey::dead_letter_of_body(DAY, b"not a crash id");
        assert!(key.as_str().starts_with("dead-letter/20260102/"));
        assert_eq!(key.as_str().len(), "dead-letter/20260102/.json".len() + 64);
        assert_eq!(
            key,
            DocumentKey::dead_letter_of_body(DAY, b"not a crash id")
        );
        assert_ne!(key, DocumentKey::dead_letter_of_body(DAY, b"another one"));
    }

    #[test]
    fn a_destination_cannot_lead_elsewhere() {
        let id = CrashId::mint(DAY, 0);
        let key = DocumentKey::outbox("telemetry", &id).unwrap();
        assert_eq!(key.as_str(), format!("outbox/telemetry/{id}"));
        for name in ["", "..", "a/b", "a b", "é", &"x".repeat(65)] {
            let error = DocumentKey::outbox(name, &id).unwrap_err();
            assert!(
                matches!(error, Error::InvalidDestination { .. }),
                "{name:?}"
            );
        }
    }
}
