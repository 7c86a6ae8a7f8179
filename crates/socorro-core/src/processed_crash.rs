//! The processed crash: what the pipeline makes of a report.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    crash_id::CrashId,
    error::Error,
    json::{self, Form},
};

/// Everything that is known about one crash: stacks, signature and several hundred fields.
///
/// A JSON object whose fields, types and permissions are those of
/// [`Schema::processed_crash`](crate::schema::Schema::processed_crash). Fields keep the order in
/// which they were written, and unknown ones survive.
///
/// `Debug` shows the names of the fields only: many are private data.
///
/// ```
/// use socorro_core::ProcessedCrash;
///
/// let mut crash = ProcessedCrash::new();
/// crash.set("signature", "mozilla::dom::Crash");
/// assert_eq!(crash.signature(), Some("mozilla::dom::Crash"));
/// assert_eq!(crash.to_json(), br#"{"signature": "mozilla::dom::Crash"}"#);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct ProcessedCrash(Map<String, Value>);

impl ProcessedCrash {
    /// A processed crash without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a stored processed crash, with the tolerances of [`json::read`].
    ///
    /// # Errors
    ///
    /// Those of [`json::read_object`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        json::read_object(bytes, json::DEFAULT_LIMIT).map(Self)
    }

    /// The bytes to store: one line, fields in their order, as Mozilla's processor writes them.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        json::to_vec(&self.0, Form::Processor)
    }

    /// The value of a field, whatever its type.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The text of a field; `None` when it is absent or not text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whether there is a field of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value at a dotted path; see [`json::lookup`].
    #[must_use]
    pub fn lookup(&self, path: &str) -> Option<&Value> {
        json::lookup_in(&self.0, path)
    }

    /// Sets a field, keeping its place when it is there already.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes a field out; the order of the others stays.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// The id of the crash (`uuid`).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCrashId`] when it is absent or not a crash id.
    pub fn crash_id(&self) -> Result<CrashId, Error> {
        CrashId::parse(self.text("uuid").unwrap_or_default())
    }

    /// The signature that groups the crash with its like.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.text("signature")
    }

    /// What the processor noted in its last run, one line each.
    pub fn processor_notes(&self) -> impl Iterator<Item = &str> {
        self.text("processor_notes").unwrap_or_default().lines()
    }

    /// The stackwalk of the process that crashed.
    #[must_use]
    pub fn json_dump(&self) -> Option<&Map<String, Value>> {
        self.0.get("json_dump").and_then(Value::as_object)
    }

    /// All fields in order.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All fields, for change.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// The fields themselves.
    #[must_use]
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl From<Map<String, Value>> for ProcessedCrash {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl fmt::Debug for ProcessedCrash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProcessedCrash ")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}
