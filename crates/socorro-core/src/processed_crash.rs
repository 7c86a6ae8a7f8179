//! The processed crash: what the pipeline makes of a report.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    crash_id::CrashId,
    document::json_document,
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

// One line, fields in their order, as Mozilla's processor writes them.
json_document!(ProcessedCrash, stored as Form::Processor);

impl ProcessedCrash {
    /// The text of a field; `None` when it is absent or not text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
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
}
