//! The raw crash: what the collector received.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    crash_id::CrashId,
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

impl RawCrash {
    /// A raw crash without annotations.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a stored raw crash, with the tolerances of [`json::read`].
    ///
    /// # Errors
    ///
    /// Those of [`json::read_object`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        json::read_object(bytes, json::DEFAULT_LIMIT).map(Self)
    }

    /// The bytes to store: members sorted by name, as Mozilla's collector writes them.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        json::to_vec(&self.0, Form::Collector)
    }

    /// The text of an annotation; `None` when it is absent or not text.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The value of a member, whatever its type.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether there is a member of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value at a dotted path; see [`json::lookup`].
    #[must_use]
    pub fn lookup(&self, path: &str) -> Option<&Value> {
        json::lookup_in(&self.0, path)
    }

    /// Sets a member, keeping its place when it is there already.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes a member out; the order of the others stays.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// The id that the collector gave the crash (`uuid`).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCrashId`] when it is absent or not a crash id.
    pub fn crash_id(&self) -> Result<CrashId, Error> {
        CrashId::parse(self.annotation("uuid").unwrap_or_default())
    }

    /// All members in order.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All members, for change.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// The members themselves.
    #[must_use]
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl From<Map<String, Value>> for RawCrash {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl fmt::Debug for RawCrash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawCrash ")?;
        f.debug_set().entries(self.0.keys()).finish()
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
