//! The first number of the version.

use serde_json::{Number, Value};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::integer,
};

/// Gives the major version as a number, by which crashes of one release can be found; 0 where the
/// version begins with no number, as in nightly builds for Android.
///
/// Source: Socorro `MajorVersionRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MajorVersion;

impl Rule for MajorVersion {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MajorVersionRule",
            purpose: "give the major version as a number",
            reads: &[Item::Annotation("Version")],
            writes: &[Item::Field("major_version")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let version = crash.text_annotation("Version").unwrap_or_default();
        let first = version.split('.').next().unwrap_or_default();
        let major = integer(first).unwrap_or_else(|| Number::from(0));
        crash.processed.set("major_version", Value::Number(major));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn the_part_before_the_first_dot_counts() {
        for (version, major) in [
            ("145.0.1", 145),
            ("50", 50),
            ("", 0),
            ("Nightly 1.0", 0),
            (" 7.0", 7),
        ] {
            assert_eq!(
                after(MajorVersion, json!({"Version": version})),
                json!({"major_version": major}),
                "{version}"
            );
        }
        assert_eq!(after(MajorVersion, json!({})), json!({"major_version": 0}));
    }

    #[test]
    fn a_version_that_is_no_text_is_noted() {
        let crash = apply(MajorVersion, json!({"Version": 5}), json!({}));
        assert_eq!(crash.processed.get("major_version"), Some(&json!(0)));
        assert_eq!(crash.notes(), ["MajorVersionRule: Version is not text"]);
    }
}
