//! For whom a report is.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::NAME;
use crate::words;

/// Protected fields that are found.
const MOST_FOUND: usize = 200;
/// Protected fields that are named in a sentence.
const MOST_NAMED: usize = 24;

/// For whom a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everybody: it has public fields only.
    Public {
        /// How many fields of the crash were left out.
        left_out: usize,
    },
    /// People who may see personal data.
    Protected {
        /// Which protected fields the crash has, as in `url` or
        /// `json_dump.crashing_thread.frames[].registers`.
        shown: BTreeSet<String>,
    },
}

impl Audience {
    /// Whether only public fields are shown.
    #[must_use]
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Public { .. })
    }

    /// Whether a field at the top is protected, and shown.
    pub(super) fn protects(&self, field: &str) -> bool {
        matches!(self, Self::Protected { shown } if shown.contains(field))
    }

    /// One sentence about it.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Public { left_out: 0 } => "Public fields only.".to_owned(),
            Self::Public { left_out } => format!(
                "Public fields only: {} left out.",
                words::count(
                    *left_out as u64,
                    "protected field is",
                    "protected fields are"
                )
            ),
            Self::Protected { shown } if shown.is_empty() => {
                "All fields; none of them is protected.".to_owned()
            }
            Self::Protected { shown } => {
                format!("With protected data, not for everybody: {}.", named(shown))
            }
        }
    }
}

/// The fields at the top by their names, and the number of those that lie deeper.
fn named(all: &BTreeSet<String>) -> String {
    let top = |path: &&String| !path.contains('.');
    let mut paths: Vec<&str> = all.iter().filter(top).map(String::as_str).collect();
    if paths.is_empty() {
        paths.extend(all.iter().map(String::as_str));
    }
    paths.truncate(MOST_NAMED);
    let left = all.len() - paths.len();
    let paths = words::line(&paths.join(", "), NAME);
    match left {
        0 => paths,
        _ => format!("{paths} and {} more", words::grouped(left as u64)),
    }
}

/// The paths of what `whole` has and `public` lacks; items of arrays are `[]`.
pub(super) fn missing(whole: &Map<String, Value>, public: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    members(whole, public, "", &mut found);
    found
}

fn members(
    whole: &Map<String, Value>,
    public: &Map<String, Value>,
    prefix: &str,
    found: &mut BTreeSet<String>,
) {
    for (name, value) in whole {
        if found.len() >= MOST_FOUND {
            return;
        }
        // What says nothing gives nothing away.
        if words::value(value, 1).is_none() {
            continue;
        }
        let path = format!("{prefix}{}", words::line(name, NAME));
        match public.get(name) {
            None => drop(found.insert(path)),
            Some(left) => values(value, left, &path, found),
        }
    }
}

fn values(whole: &Value, public: &Value, path: &str, found: &mut BTreeSet<String>) {
    match (whole, public) {
        (Value::Object(whole), Value::Object(public)) => {
            members(whole, public, &format!("{path}."), found);
        }
        (Value::Array(whole), Value::Array(public)) => {
            let path = format!("{path}[]");
            if whole.len() != public.len() {
                found.insert(path);
                return;
            }
            for (whole, public) in whole.iter().zip(public) {
                values(whole, public, &path, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use socorro_core::schema::Schema;

    use super::*;

    #[test]
    fn protected_data_is_found_at_every_level() {
        let crash = json!({
            "uuid": "x",
            "url": "http://secret/",
            "user_comments": "",
            "json_dump": {
                "threads": [{"frames": [{"frame": 0, "registers": {"rip": "0x1"}}, {"frame": 1}]}],
            },
        });
        let crash = crash.as_object().cloned().unwrap_or_default();
        let public = Schema::processed_crash().redact(&crash).document;
        let found: Vec<String> = missing(&crash, &public).into_iter().collect();
        assert_eq!(found, ["json_dump.threads[].frames[].registers", "url"]);
    }
}
