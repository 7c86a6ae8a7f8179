//! What the collector noted about a report.

use serde_json::json;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Keeps what the collector noted when it took the report: checksums, throttle rule, payload size.
///
/// Source: Socorro `CollectorMetadataRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CollectorMetadata;

impl Rule for CollectorMetadata {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "CollectorMetadataRule",
            purpose: "keep what the collector noted about the report",
            reads: &[Item::Annotation("metadata")],
            writes: &[Item::Field("collector_metadata")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let metadata = match crash.raw.get("metadata").cloned() {
            None => json!({}),
            Some(metadata) if metadata.is_object() => metadata,
            Some(_) => {
                crash.wrong_type("metadata", "an object");
                json!({})
            }
        };
        crash.processed.set("collector_metadata", metadata);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};

    #[test]
    fn metadata_is_copied_and_absent_metadata_is_empty() {
        assert_eq!(
            after(CollectorMetadata, json!({"metadata": {"a": 1}})),
            json!({"collector_metadata": {"a": 1}})
        );
        assert_eq!(
            after(CollectorMetadata, json!({})),
            json!({"collector_metadata": {}})
        );
    }

    #[test]
    fn metadata_of_another_type_is_noted() {
        let crash = apply(CollectorMetadata, json!({"metadata": "text"}), json!({}));
        assert_eq!(
            crash.notes(),
            ["CollectorMetadataRule: metadata is not an object"]
        );
    }
}
