//! Who distributed the program.

use serde_json::Value;
use socorro_core::json::{self, is_truthy};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Who distributes what names no distributor.
const NO_PARTNER: &str = "mozilla";
const UNKNOWN: &str = "unknown";

/// Names who distributed the program: crashes of one Linux distribution or vendor build show up
/// here.
///
/// From the annotation `DistributionID`, or else from the telemetry environment. Source: Socorro
/// `DistributionIdRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DistributionId;

impl Rule for DistributionId {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "DistributionIdRule",
            purpose: "name who distributed the program",
            reads: &[
                Item::Annotation("DistributionID"),
                Item::Annotation("TelemetryEnvironment"),
            ],
            writes: &[Item::Field("distribution_id")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let annotated = match crash.raw.get("DistributionID") {
            Some(id) if is_truthy(id) => crash.text_annotation("DistributionID"),
            _ => None,
        };
        let id = annotated.unwrap_or_else(|| from_telemetry(crash));
        crash.processed.set("distribution_id", id);
        Ok(())
    }
}

fn from_telemetry(crash: &mut Crash) -> String {
    let text = match crash.raw.get("TelemetryEnvironment") {
        None => return UNKNOWN.to_owned(),
        Some(Value::String(text)) => text,
        Some(_) => {
            crash.wrong_type("TelemetryEnvironment", "text");
            return UNKNOWN.to_owned();
        }
    };
    let environment = json::parse(text).unwrap_or_default();
    match json::lookup(&environment, "partner.distributionId") {
        None => UNKNOWN.to_owned(),
        Some(id) if !is_truthy(id) => NO_PARTNER.to_owned(),
        Some(Value::String(id)) => id.clone(),
        Some(_) => {
            crash.wrong_type("TelemetryEnvironment partner.distributionId", "text");
            UNKNOWN.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn the_annotation_comes_before_the_telemetry_environment() {
        let telemetry = r#"{"partner": {"distributionId": "b"}}"#;
        for (raw, id) in [
            (json!({}), "unknown"),
            (
                json!({"DistributionID": "a", "TelemetryEnvironment": telemetry}),
                "a",
            ),
            (
                json!({"DistributionID": "", "TelemetryEnvironment": telemetry}),
                "b",
            ),
            (
                json!({"TelemetryEnvironment": r#"{"partner": {"distributionId": null}}"#}),
                "mozilla",
            ),
            (json!({"TelemetryEnvironment": "{}"}), "unknown"),
            (json!({"TelemetryEnvironment": "{bad"}), "unknown"),
        ] {
            assert_eq!(after(DistributionId, raw), json!({"distribution_id": id}));
        }
    }

    #[test]
    fn wrong_types_are_noted() {
        for raw in [
            json!({"DistributionID": 7}),
            json!({"TelemetryEnvironment": {"partner": {}}}),
            json!({"TelemetryEnvironment": r#"{"partner": {"distributionId": 5}}"#}),
        ] {
            let crash = apply(DistributionId, raw, json!({}));
            assert_eq!(crash.processed.text("distribution_id"), Some("unknown"));
            assert_eq!(crash.notes().len(), 1);
        }
    }
}
