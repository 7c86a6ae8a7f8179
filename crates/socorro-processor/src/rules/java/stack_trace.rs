//! Stack traces of Java exceptions.

use socorro_core::json::is_truthy;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Shows where an exception in Java was thrown; its message, which may hold personal data, stays in
/// the protected field.
///
/// Source: Socorro `JavaStackTraceRule`; how a trace is taken apart is the business of
/// [`socorro_signature::JavaStackTrace`].
#[derive(Debug, Clone, Copy, Default)]
pub struct JavaStackTrace;

impl Rule for JavaStackTrace {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "JavaStackTraceRule",
            purpose: "show where an exception in Java was thrown",
            reads: &[Item::Annotation("JavaStackTrace")],
            writes: &[
                Item::Field("java_stack_trace_raw"),
                Item::Field("java_stack_trace"),
            ],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash.raw.get("JavaStackTrace").is_some_and(is_truthy)
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let Some(trace) = crash.text_annotation("JavaStackTrace") else {
            return Ok(());
        };
        let public = match socorro_signature::JavaStackTrace::parse(&trace) {
            Ok(trace) => trace.public_text(),
            Err(_) => {
                crash.note("JavaStackTrace: malformed JavaStackTrace");
                "malformed".to_owned()
            }
        };
        crash.processed.set("java_stack_trace_raw", trace);
        crash.processed.set("java_stack_trace", public);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn the_public_form_has_no_message() {
        let trace = "a.B: user@example.com\n\tat c.d(E.java:1)\nCaused by: f.G: secret";
        assert_eq!(
            after(JavaStackTrace, json!({"JavaStackTrace": trace})),
            json!({"java_stack_trace_raw": trace, "java_stack_trace": "a.B\n\tat c.d(E.java:1)"})
        );
        assert_eq!(
            after(JavaStackTrace, json!({"JavaStackTrace": ""})),
            json!({})
        );
    }

    #[test]
    fn a_malformed_trace_and_one_that_is_no_text_are_noted() {
        let crash = apply(
            JavaStackTrace,
            json!({"JavaStackTrace": "a.B\n\tat c.d(E.java:1)\nsecret"}),
            json!({}),
        );
        assert_eq!(crash.processed.text("java_stack_trace"), Some("malformed"));
        assert_eq!(crash.notes(), ["JavaStackTrace: malformed JavaStackTrace"]);
        let crash = apply(JavaStackTrace, json!({"JavaStackTrace": [1]}), json!({}));
        assert_eq!(
            crash.notes(),
            ["JavaStackTraceRule: JavaStackTrace is not text"]
        );
    }
}
