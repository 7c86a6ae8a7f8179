//! How the report was sent.

use serde_json::{Value, json};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Says how a user sent the report: at once, from the list of crashes, or later from a bar that
/// asked for it, which skews the dates.
///
/// Source: Socorro `SubmittedFromRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SubmittedFrom;

impl Rule for SubmittedFrom {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "SubmittedFromRule",
            purpose: "say how the user sent the report",
            reads: &[
                Item::Annotation("SubmittedFromInfobar"),
                Item::Annotation("SubmittedFrom"),
            ],
            writes: &[
                Item::Field("submitted_from"),
                Item::Field("submitted_from_infobar"),
            ],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let (from, infobar) = match crash.raw.get("SubmittedFromInfobar") {
            Some(value) => {
                let infobar = is_set(value);
                (
                    if infobar { "Infobar" } else { "Unknown" }.to_owned(),
                    infobar,
                )
            }
            None => {
                let from = match crash.raw.get("SubmittedFrom") {
                    Some(Value::String(from)) => from.clone(),
                    None => "Unknown".to_owned(),
                    Some(_) => {
                        crash.wrong_type("SubmittedFrom", "text");
                        "Unknown".to_owned()
                    }
                };
                let infobar = from == "Infobar";
                (from, infobar)
            }
        };
        crash.processed.set("submitted_from", from);
        crash.processed.set("submitted_from_infobar", infobar);
        Ok(())
    }
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::String(text) => text == "1" || text == "true",
        Value::Number(number) => number.as_f64() == Some(1.0),
        other => *other == json!(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::after;

    #[test]
    fn the_older_annotation_wins() {
        for (raw, from, infobar) in [
            (
                json!({"SubmittedFromInfobar": "1", "SubmittedFrom": "Client"}),
                "Infobar",
                true,
            ),
            (json!({"SubmittedFromInfobar": "True"}), "Unknown", false),
            (json!({"SubmittedFrom": "Infobar"}), "Infobar", true),
            (json!({"SubmittedFrom": ""}), "", false),
            (json!({}), "Unknown", false),
        ] {
            assert_eq!(
                after(SubmittedFrom, raw.clone()),
                json!({"submitted_from": from, "submitted_from_infobar": infobar}),
                "{raw}"
            );
        }
    }
}
