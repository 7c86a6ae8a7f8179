//! Nightly builds of Firefox for Android.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// The version under which nightly builds of Firefox for Android are counted.
const NIGHTLY: &str = "0.0a1";

/// Gives all nightly builds of Firefox for Android (Fenix) one version, so that their crashes are
/// counted together.
///
/// They name a date where others name a version. Source: Socorro `FenixVersionRewriteRule`, which
/// looks for the product in a field that nobody writes (`product_name`) and so never does anything;
/// this looks at `product` as well.
#[derive(Debug, Clone, Copy, Default)]
pub struct FenixVersionRewrite;

impl Rule for FenixVersionRewrite {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "FenixVersionRewriteRule",
            purpose: "give nightly builds of Firefox for Android one version",
            reads: &[
                Item::Field("product"),
                Item::Field("product_name"),
                Item::Field("version"),
            ],
            writes: &[Item::Field("version")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        let is_fenix = ["product", "product_name"]
            .iter()
            .any(|name| crash.processed.text(name) == Some("Fenix"));
        let version = crash.processed.text("version").unwrap_or_default();
        is_fenix && version.starts_with("Nightly ")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let old = quoted(crash.processed.text("version").unwrap_or_default());
        crash.note(format!("Changed version from {old} to {NIGHTLY}"));
        crash.processed.set("version", NIGHTLY);
        Ok(())
    }
}

/// Text in the quotation marks that Python would choose.
fn quoted(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(mark);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            _ if character == mark => out.extend(['\\', mark]),
            _ if character.is_control() => out.extend(character.escape_default()),
            _ => out.push(character),
        }
    }
    out.push(mark);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    #[test]
    fn only_nightly_builds_of_fenix_change() {
        let nightly = json!({"product": "Fenix", "version": "Nightly 200312 12:12"});
        let crash = apply(FenixVersionRewrite, json!({}), nightly);
        assert_eq!(crash.processed.text("version"), Some("0.0a1"));
        assert_eq!(
            crash.notes(),
            ["Changed version from 'Nightly 200312 12:12' to 0.0a1"]
        );
        for other in [
            json!({"product": "Fenix", "version": "145.0"}),
            json!({"product": "Firefox", "version": "Nightly 1"}),
            json!({"product": "Fenix", "version": null}),
        ] {
            assert_eq!(added(FenixVersionRewrite, json!({}), other), json!({}));
        }
    }

    #[test]
    fn quotation_marks_are_those_of_python() {
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("'\"\\\n"), "'\\'\"\\\\\\n'");
    }
}
