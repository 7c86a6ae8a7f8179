//! Telling apart the documents that a crash may come in.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::CrashData;
use super::processed::lookup_path;
use super::read::Reader;
use crate::error::SignatureError;

/// The kinds of documents that a signature can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CrashKind {
    /// What a crash processor stores: its annotations and, in `json_dump`, the stacks.
    ProcessedCrash,
    /// What a stackwalker writes, without the annotations of the report.
    Stackwalk,
    /// The members of [`CrashData`].
    CrashData,
}

/// Members of crash data that a processed crash does not have.
const ONLY_IN_CRASH_DATA: [&str; 3] = ["threads", "os", "original_signature"];
/// Members of a processed crash that crash data does not have.
const ONLY_IN_PROCESSED_CRASH: [&str; 5] = [
    "uuid",
    "crash_id",
    "signature",
    "processor_notes",
    "product",
];
/// Members of a processed crash that give its id, best first.
const CRASH_ID: [&str; 2] = ["crash_id", "uuid"];

/// Where a stackwalk has what crash data is made from.
const IN_STACKWALK: [(&str, &[&str]); 6] = [
    ("crashing_thread", &["crash_info", "crashing_thread"]),
    ("reason", &["crash_info", "type"]),
    ("os", &["system_info", "os"]),
    ("threads", &["threads"]),
    ("modules", &["modules"]),
    ("mdsw_status_string", &["status"]),
];

impl CrashKind {
    /// The kind of a document, told by the names of its members.
    ///
    /// A processed crash has `json_dump`, or at least members that only a processed crash has (a Java crash has no
    /// stackwalk); a stackwalk has `crash_info` or `system_info`. Anything else is taken for crash data, all of
    /// which is optional.
    pub fn of(document: &Map<String, Value>) -> Self {
        let has = |key: &str| document.contains_key(key);
        if has("json_dump") {
            return Self::ProcessedCrash;
        }
        if has("crash_info") || has("system_info") {
            return Self::Stackwalk;
        }
        let is_processed = ONLY_IN_PROCESSED_CRASH.into_iter().any(has);
        if is_processed && !ONLY_IN_CRASH_DATA.into_iter().any(has) {
            return Self::ProcessedCrash;
        }
        Self::CrashData
    }
}

/// A crash that came in a document of whatever kind.
#[derive(Debug, Clone, PartialEq)]
pub struct CrashInput<'a> {
    /// What kind of document it was.
    pub kind: CrashKind,
    /// The crash id, if the document has one; not checked.
    pub crash_id: Option<Cow<'a, str>>,
    /// The crash.
    pub crash: CrashData<'a>,
}

impl<'a> CrashInput<'a> {
    /// Reads a crash from a processed crash, a stackwalk, or crash data.
    ///
    /// As everywhere, members that are missing or of the wrong type do not matter.
    ///
    /// ```
    /// use serde_json::json;
    /// use socorro_signature::{CrashInput, CrashKind, SignatureGenerator};
    ///
    /// let stackwalk = json!({
    ///     "crash_info": {"crashing_thread": 1, "type": "SIGSEGV"},
    ///     "system_info": {"os": "Linux"},
    ///     "threads": [{}, {"frames": [{"function": "Image::decode(int)"}]}],
    /// });
    /// let input = CrashInput::from_json(&stackwalk)?;
    /// assert_eq!(input.kind, CrashKind::Stackwalk);
    /// assert_eq!(SignatureGenerator::default().generate(&input.crash).signature, "Image::decode");
    /// # Ok::<(), socorro_signature::SignatureError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SignatureError::NotAnObject`].
    pub fn from_json(document: &'a Value) -> Result<Self, SignatureError> {
        let Value::Object(members) = document else {
            return Err(SignatureError::NotAnObject {
                found: with_article(document),
            });
        };
        let kind = CrashKind::of(members);
        let crash = match kind {
            CrashKind::ProcessedCrash => CrashData::from_processed_crash(members),
            CrashKind::Stackwalk => CrashData::from_stackwalk(members),
            CrashKind::CrashData => CrashData::from_json(document),
        };
        let mut ids = CRASH_ID
            .iter()
            .filter_map(|key| members.get(*key)?.as_str());
        let crash_id = ids.find(|id| !id.is_empty()).map(Cow::Borrowed);
        Ok(Self {
            kind,
            crash_id,
            crash,
        })
    }
}

impl<'a> CrashData<'a> {
    /// Takes from a stackwalk what decides a signature.
    ///
    /// This is what the processed crash would have of it, but a stackwalk knows nothing of annotations: signatures
    /// that depend on those come out as if there were none.
    pub fn from_stackwalk(stackwalk: &'a Map<String, Value>) -> Self {
        let mut reader = Reader::default();
        for (key, path) in IN_STACKWALK {
            if let Some(value) = lookup_path(stackwalk, path) {
                reader.member(key, value);
            }
        }
        reader.finish()
    }
}

fn with_article(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write the value in place"
    )]
    fn kind(document: Value) -> CrashKind {
        CrashInput::from_json(&document).unwrap().kind
    }

    #[test]
    fn documents_are_told_apart_by_their_members() {
        use CrashKind::{CrashData, ProcessedCrash, Stackwalk};
        assert_eq!(
            kind(json!({"json_dump": null, "threads": []})),
            ProcessedCrash
        );
        assert_eq!(
            kind(json!({"uuid": "x", "java_stack_trace": "a.B"})),
            ProcessedCrash
        );
        assert_eq!(kind(json!({"crash_info": {}, "threads": []})), Stackwalk);
        assert_eq!(kind(json!({"system_info": {}, "status": "OK"})), Stackwalk);
        assert_eq!(kind(json!({"java_stack_trace": "a.B"})), CrashData);
        assert_eq!(kind(json!({"threads": [], "crash_id": "x"})), CrashData);
        assert_eq!(kind(json!({})), CrashData);
    }

    #[test]
    fn the_crash_id_is_found() {
        let id = |document| {
            let crash_id = CrashInput::from_json(&document).unwrap().crash_id;
            crash_id.map(Cow::into_owned)
        };
        assert_eq!(
            id(json!({"uuid": "u", "crash_id": ""})).as_deref(),
            Some("u")
        );
        assert_eq!(
            id(json!({"uuid": "u", "crash_id": "c"})).as_deref(),
            Some("c")
        );
        assert_eq!(
            id(json!({"threads": [], "uuid": "u"})).as_deref(),
            Some("u")
        );
        assert_eq!(id(json!({"uuid": 5})), None);
    }

    #[test]
    fn a_stackwalk_is_read_as_its_processed_crash_would_be() {
        let stackwalk = json!({
            "status": "OK",
            "crash_info": {"crashing_thread": 1, "type": "SIGBUS"},
            "crashing_thread": {"frames": [{"function": "not this one"}]},
            "system_info": {"os": "Windows NT"},
            "threads": [{"frames": [{"function": "f"}]}, {"frames": [{"function": "g"}]}],
        });
        let processed = json!({"json_dump": stackwalk, "mdsw_status_string": "OK"});
        let direct = CrashInput::from_json(&stackwalk).unwrap().crash;
        let mut through = CrashInput::from_json(&processed).unwrap().crash;
        through.original_signature = None;
        assert_eq!(direct, through);
        assert_eq!(direct.reason.as_deref(), Some("SIGBUS"));
    }

    #[test]
    fn only_objects_are_crashes() {
        let error = CrashInput::from_json(&json!([{}])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a crash is a JSON object, and this is an array"
        );
    }
}
