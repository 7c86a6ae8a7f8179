//! Shutdowns that took too long.

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::present;
use crate::python::json::parse;
use crate::python::value::PythonValue;
use crate::result::SignatureResult;

/// Replaces the signature by the phase of the shutdown and what it was waiting for.
///
/// Source: Socorro `socorro/signature/rules.py` (`SignatureShutdownTimeout`).
#[derive(Debug, Clone, Copy, Default)]
pub struct ShutdownTimeout;

impl SignatureRule for ShutdownTimeout {
    fn name(&self) -> &str {
        "SignatureShutdownTimeout"
    }

    fn purpose(&self) -> &str {
        "name what an overlong shutdown was waiting for"
    }

    fn applies(&self, input: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(present(input.crash.async_shutdown_timeout.as_deref()).is_some())
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        let account = input
            .crash
            .async_shutdown_timeout
            .as_deref()
            .unwrap_or_default();
        let mut parts = vec!["AsyncShutdownTimeout".to_owned()];
        if let Err(problem) = add_parts(account, &mut parts) {
            match problem {
                Problem::Unreadable(error) => {
                    parts.push("UNKNOWN".to_owned());
                    result.note(
                        self.name(),
                        &format!("Error parsing AsyncShutdownTimeout: {error}"),
                    );
                }
                Problem::WrongType(error) => return Err(error.into()),
            }
        }
        let was = format!(
            "Signature replaced with a Shutdown Timeout signature, was: \"{}\"",
            result.signature
        );
        result.note(self.name(), &was);
        result.set_signature(self.name(), parts.join(" | "));
        Ok(())
    }
}

/// Why the account is not understood.
enum Problem {
    /// The signature will say `UNKNOWN`.
    Unreadable(String),
    /// The rule fails.
    WrongType(&'static str),
}

fn add_parts(account: &str, parts: &mut Vec<String>) -> Result<(), Problem> {
    let account = parse(account).map_err(|error| Problem::Unreadable(error.to_string()))?;
    if !matches!(account, PythonValue::Dictionary(_)) {
        return Err(Problem::WrongType("AsyncShutdownTimeout is not an object"));
    }
    parts.push(match account.get("phase") {
        Some(PythonValue::Text(phase)) => phase.clone(),
        _ => "(unknown)".to_owned(),
    });
    let mut conditions = condition_names(account.get("conditions"))?;
    conditions.sort_unstable();
    parts.push(if conditions.is_empty() {
        "(none)".to_owned()
    } else {
        conditions.join(",")
    });
    Ok(())
}

/// The names of the conditions: of objects their `name`, of anything else how Python prints it. A text is a sequence
/// of characters and an object one of keys, as in Python.
fn condition_names(conditions: Option<&PythonValue>) -> Result<Vec<String>, Problem> {
    match conditions {
        Some(PythonValue::List(conditions)) => conditions.iter().map(condition_name).collect(),
        Some(PythonValue::Text(text)) => Ok(text.chars().map(String::from).collect()),
        Some(PythonValue::Dictionary(members)) => {
            Ok(members.iter().map(|(key, _)| key.clone()).collect())
        }
        Some(other) if other.is_truthy() => Err(Problem::WrongType(
            "the conditions of AsyncShutdownTimeout are not a list",
        )),
        _ => Ok(Vec::new()),
    }
}

fn condition_name(condition: &PythonValue) -> Result<String, Problem> {
    match condition {
        PythonValue::Dictionary(_) => match condition.get("name") {
            Some(name) => Ok(name.text()),
            None => Err(Problem::Unreadable("'name'".to_owned())),
        },
        other => Ok(other.text()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, run};

    fn signature(account: &str) -> String {
        run(
            &ShutdownTimeout,
            "f",
            &crash(json!({"async_shutdown_timeout": account})),
        )
        .signature
    }

    #[test]
    fn phase_and_conditions_make_the_signature() {
        for (account, expected) in [
            (
                r#"{"phase": "p", "conditions": [{"name": "b"}, "a", 2.0]}"#,
                "AsyncShutdownTimeout | p | 2.0,a,b",
            ),
            (
                r#"{"phase": 1, "conditions": []}"#,
                "AsyncShutdownTimeout | (unknown) | (none)",
            ),
            (
                r#"{"phase": "p", "conditions": [{}]}"#,
                "AsyncShutdownTimeout | p | UNKNOWN",
            ),
            (
                r#"{"phase": "p", "conditions": "ba"}"#,
                "AsyncShutdownTimeout | p | a,b",
            ),
            ("{", "AsyncShutdownTimeout | UNKNOWN"),
        ] {
            assert_eq!(signature(account), expected, "{account}");
        }
    }

    #[test]
    fn an_account_of_the_wrong_type_fails_the_rule() {
        let crash = crash(json!({"async_shutdown_timeout": "[]"}));
        let lists = crate::lists::SignatureLists::empty();
        let mut result = SignatureResult::default();
        assert!(
            ShutdownTimeout
                .apply(RuleInput::new(&crash, &lists), &mut result)
                .is_err()
        );
    }
}
