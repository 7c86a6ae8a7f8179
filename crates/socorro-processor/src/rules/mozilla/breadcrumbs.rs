//! What happened before the crash.

use serde_json::Value;
use socorro_core::{
    json::{self, is_truthy},
    schema::Schema,
};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// The field, which also is the name of its rows in the schema.
const FIELD: &str = "breadcrumbs";

/// Keeps the breadcrumbs: the trail of events that the client recorded before it crashed.
///
/// They have to have the structure that the schema describes. The note about ones that have not says
/// where and what was expected, never what is there: breadcrumbs are protected and notes are public.
/// Source: Socorro `BreadcrumbsRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Breadcrumbs;

impl Rule for Breadcrumbs {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "BreadcrumbsRule",
            purpose: "keep the events that the client recorded before it crashed",
            reads: &[Item::Annotation("Breadcrumbs")],
            writes: &[Item::Field(FIELD)],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash.raw.get("Breadcrumbs").is_some_and(is_truthy)
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        match crash.raw.get("Breadcrumbs").map(breadcrumbs) {
            Some(Ok(breadcrumbs)) => crash.processed.set(FIELD, breadcrumbs),
            Some(Err(reason)) => crash.note(format!("Breadcrumbs: malformed: {reason}")),
            None => {}
        }
        Ok(())
    }
}

/// The breadcrumbs, or a reason without any of their content.
fn breadcrumbs(annotation: &Value) -> Result<Value, String> {
    let text = annotation.as_str().ok_or("not text")?;
    let breadcrumbs = match json::parse(text).map_err(|_| "not valid json")? {
        Value::Object(mut object) => match object.remove("values") {
            Some(values) => values,
            None => Value::Object(object),
        },
        other => other,
    };
    let field = Schema::processed_crash().field(FIELD);
    match field.and_then(|field| field.first_violation(&breadcrumbs)) {
        None => Ok(breadcrumbs),
        Some(violation) => Err(violation.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn a_list_is_kept_whole_with_or_without_its_wrapper() {
        let crumbs = json!([{"message": "m", "data": {"a": 1, "b": null}, "zzz": [1]}, {}]);
        for annotation in [crumbs.to_string(), json!({"values": crumbs}).to_string()] {
            assert_eq!(
                after(Breadcrumbs, json!({"Breadcrumbs": annotation})),
                json!({"breadcrumbs": crumbs})
            );
        }
    }

    #[test]
    fn the_note_about_malformed_ones_says_where_and_not_what() {
        let deep = "[".repeat(10_000);
        for (annotation, note) in [
            (json!("{"), "not valid json"),
            (json!(deep), "not valid json"),
            (json!([1]), "not text"),
            (
                json!("\"secret\""),
                "breadcrumbs: expected array, found string",
            ),
            (
                json!("{\"values\": [{}, {\"message\": 5}]}"),
                "breadcrumbs[1].message: expected string, found integer",
            ),
        ] {
            let crash = apply(Breadcrumbs, json!({"Breadcrumbs": annotation}), json!({}));
            assert_eq!(crash.notes(), [format!("Breadcrumbs: malformed: {note}")]);
            assert!(!crash.processed.contains("breadcrumbs"));
        }
    }
}
