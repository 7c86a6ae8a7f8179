//! The default theme.

use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// The id under which the default theme is an extension.
const DEFAULT_THEME: &str = "{972ce4c6-7e08-4474-a285-3208198ce6fd}";

/// Marks the default theme in the list of extensions: everybody has it, and its id tells nobody
/// that.
///
/// Source: Socorro `ThemePrettyNameRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThemePrettyName;

impl Rule for ThemePrettyName {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ThemePrettyNameRule",
            purpose: "mark the default theme in the list of extensions",
            reads: &[Item::Field("addons")],
            writes: &[Item::Field("addons")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let Some(addons) = crash.processed.as_map_mut().get_mut("addons") else {
            return Ok(());
        };
        let mut wrong = !addons.is_array() && !addons.is_null();
        for addon in addons.as_array_mut().into_iter().flatten() {
            let Value::String(addon) = addon else {
                wrong = true;
                continue;
            };
            if let Some(version) = addon.strip_prefix(DEFAULT_THEME)
                && (version.is_empty() || version.starts_with(':'))
            {
                *addon = format!("{DEFAULT_THEME} (default theme){version}");
            }
        }
        if wrong {
            crash.wrong_type("addons", "a list of texts");
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
    fn only_the_default_theme_is_marked() {
        let theme = |rest: &str| format!("{DEFAULT_THEME}{rest}");
        let addons = json!([theme(":1:2"), theme(""), theme("x:1"), "a:1"]);
        assert_eq!(
            added(ThemePrettyName, json!({}), json!({"addons": addons})),
            json!({"addons": [
                theme(" (default theme):1:2"), theme(" (default theme)"), theme("x:1"), "a:1",
            ]})
        );
    }

    #[test]
    fn items_that_are_no_text_stay_and_are_noted() {
        let crash = apply(ThemePrettyName, json!({}), json!({"addons": [5]}));
        assert_eq!(crash.processed.get("addons"), Some(&json!([5])));
        assert_eq!(
            crash.notes(),
            ["ThemePrettyNameRule: addons is not a list of texts"]
        );
    }
}
