//! Extended support releases.

use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Marks the version of extended support releases (`115.3.0esr`), which would otherwise be counted
/// with the ordinary release of that number.
///
/// Source: Socorro `ESRVersionRewrite`.
#[derive(Debug, Clone, Copy, Default)]
pub struct EsrVersionRewrite;

impl Rule for EsrVersionRewrite {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ESRVersionRewrite",
            purpose: "mark the version of extended support releases",
            reads: &[Item::Field("release_channel"), Item::Field("version")],
            writes: &[Item::Field("version")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash.processed.text("release_channel") == Some("esr")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        match crash.processed.as_map_mut().get_mut("version") {
            Some(Value::String(version)) => version.push_str("esr"),
            Some(_) => crash.wrong_type("version", "text"),
            None => crash.note("'version' missing from esr release processed_crash"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    #[test]
    fn the_version_of_one_channel_is_marked() {
        let crash = |channel| json!({"release_channel": channel, "version": "115.3.0"});
        assert_eq!(
            added(EsrVersionRewrite, json!({}), crash("esr")),
            json!({"version": "115.3.0esr"})
        );
        assert_eq!(
            added(EsrVersionRewrite, json!({}), crash("release")),
            json!({})
        );
    }

    #[test]
    fn a_version_that_is_missing_or_no_text_is_noted() {
        for (crash, note) in [
            (
                json!({"release_channel": "esr"}),
                "'version' missing from esr release processed_crash",
            ),
            (
                json!({"release_channel": "esr", "version": 5}),
                "ESRVersionRewrite: version is not text",
            ),
        ] {
            assert_eq!(apply(EsrVersionRewrite, json!({}), crash).notes(), [note]);
        }
    }
}
