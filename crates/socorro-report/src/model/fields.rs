//! The fields that have no place of their own in a report.

use std::collections::HashSet;

use serde_json::{Map, Value};
use socorro_stackwalk::SymbolicationView;

use super::{Audience, NAME, VALUE, facts, walk};
use crate::words;

/// Fields that are shown.
const MOST_FIELDS: usize = 2_000;

/// What parts of a report other than facts show, and what says nothing to people.
const ELSEWHERE: [&str; 15] = [
    "additional_minidumps",
    "crash_id",
    "crashing_thread",
    "crashing_thread_name",
    "java_stack_trace",
    "json_dump",
    "mdsw_status_string",
    "processor_history",
    "processor_notes",
    "signature",
    "success",
    "symbolication",
    "thread_count",
    "uuid",
    "crash_report_keys",
];

/// A field of the processed crash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value: text as it is, lists of texts joined, everything else as JSON.
    pub value: String,
    /// Whether only some people may see it.
    pub protected: bool,
}

/// All fields that say something and are shown nowhere else.
pub(super) fn others(crash: &Map<String, Value>, audience: &Audience) -> Vec<Field> {
    let mut elsewhere: HashSet<&str> = facts::fields().chain(ELSEWHERE).collect();
    elsewhere.extend(walk::additional(crash).map(|(name, _)| name));
    let mut fields: Vec<Field> = crash
        .iter()
        .filter(|(name, _)| !elsewhere.contains(name.as_str()))
        .filter_map(|(name, value)| {
            Some(Field {
                value: words::value(value, VALUE)?,
                protected: audience.protects(name),
                name: words::line(name, NAME),
            })
        })
        .collect();
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    fields.truncate(MOST_FIELDS);
    fields
}

/// The field `symbolication` of a result.
pub(super) fn symbolication(result: &Map<String, Value>) -> Option<SymbolicationView<'_>> {
    result
        .get("symbolication")
        .and_then(Value::as_object)
        .map(SymbolicationView::new)
}
