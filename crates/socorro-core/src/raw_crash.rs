//! The raw crash: what the collector received.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    crash_id::CrashId,
    document::json_document,
    error::Error,
    json::{self, Form},
};

/// The annotations of one crash report, and what the collector noted about it.
///
/// A JSON object: one member per annotation (normally all text), plus `uuid`,
/// `submitted_timestamp`, `version` and `metadata`, which the collector adds. Members keep their
/// order, and unknown ones survive.
///
/// `Debug` shows the names of the members only: annotations are private data.
///
/// ```
/// use socorro_core::RawCrash;
///
/// let crash = RawCrash::from_json(br#"{"ProductName": "Firefox", "version": 2}"#)?;
/// assert_eq!(crash.annotation("ProductName"), Some("Firefox"));
/// assert_eq!(crash.annotation("version"), None, "a number is no text");
/// # Ok::<(), socorro_core::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct RawCrash(Map<String, Value>);

// Members sorted by name, as Mozilla's collector writes them.
json_document!(RawCrash, stored as Form::Collector);

/// Where a copy of a raw crash says that it came without its dumps.
const METADATA: &str = "metadata";
const DUMPS_WITHHELD: &str = "dumps_withheld";

impl RawCrash {
    /// The text of an annotation; `None` when it is absent or not text.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whether this is a copy that came without the dumps of the crash, though the crash may have
    /// some: whoever made it had no right to see them, or did not want them. Such a crash must not be
    /// processed, since it would be taken for one without a minidump.
    ///
    /// It is said by `metadata.dumps_withheld`, which no collector writes.
    #[must_use]
    pub fn has_dumps_withheld(&self) -> bool {
        let metadata = self.0.get(METADATA).and_then(Value::as_object);
        metadata.and_then(|metadata| metadata.get(DUMPS_WITHHELD)) == Some(&Value::Bool(true))
    }

    /// Notes that this copy came without the dumps of the crash.
    ///
    /// ```
    /// use socorro_core::RawCrash;
    ///
    /// let mut crash = RawCrash::from_json(br#"{"ProductName": "Firefox"}"#)?;
    /// assert!(!crash.has_dumps_withheld());
    /// crash.mark_dumps_withheld();
    /// assert!(crash.has_dumps_withheld());
    /// # Ok::<(), socorro_core::Error>(())
    /// ```
    pub fn mark_dumps_withheld(&mut self) {
        let metadata = self.0.entry(METADATA).or_insert_with(|| Map::new().into());
        if !metadata.is_object() {
            *metadata = Map::new().into();
        }
        if let Value::Object(metadata) = metadata {
            metadata.insert(DUMPS_WITHHELD.to_owned(), true.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_bytes_are_sorted_and_debug_output_has_no_values() {
        let crash = RawCrash::from_json(br#"{"b": "secret", "a": 1}"#).unwrap();
        assert_eq!(crash.to_json(), br#"{"a": 1, "b": "secret"}"#);
        assert_eq!(format!("{crash:?}"), r#"RawCrash {"b", "a"}"#);
    }
}
