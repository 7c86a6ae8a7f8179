//! Extensions.

use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Lists the extensions that were installed, each as `id:version`, so that crashes of one extension
/// can be found.
///
/// Source: Socorro `AddonsRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Addons;

impl Rule for Addons {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "AddonsRule",
            purpose: "list the extensions that were installed",
            reads: &[
                Item::Annotation("EMCheckCompatibility"),
                Item::Annotation("Add-ons"),
            ],
            writes: &[Item::Field("addons_checked"), Item::Field("addons")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let checked = crash
            .text_annotation("EMCheckCompatibility")
            .map_or(Value::Null, |text| Value::Bool(is_true(&text)));
        crash.processed.set("addons_checked", checked);
        let listed = match crash.raw.get("Add-ons") {
            None | Some(Value::Null) => None,
            Some(_) => crash.text_annotation("Add-ons"),
        };
        let addons: Vec<String> = listed
            .filter(|text| !text.is_empty())
            .map(|text| text.split(',').map(addon).collect())
            .unwrap_or_default();
        crash.processed.set("addons", addons);
        Ok(())
    }
}

fn is_true(text: &str) -> bool {
    text.to_lowercase() == "true"
}

/// One item of the list, decoded, with a version if it has none.
fn addon(item: &str) -> String {
    // Whether there is a version is asked before decoding: a colon inside an id is escaped.
    let version = if item.contains(':') {
        ""
    } else {
        ":NO_VERSION"
    };
    url_decoded(item) + version
}

/// Text in which `+` stands for a space and `%XX` for a byte of UTF-8. What is no valid escape stays
/// as it is; what is no valid UTF-8 becomes U+FFFD.
fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn items_are_decoded_and_get_a_version() {
        for (text, addons) in [
            ("", json!([])),
            ("a%40b:1.0,c+d", json!(["a@b:1.0", "c d:NO_VERSION"])),
            ("a%3A1", json!(["a:1:NO_VERSION"])),
            (
                "é%C3%A9:2,bad%ff:1,100%:1,%zz:1,%e9",
                json!([
                    "éé:2",
                    "bad\u{fffd}:1",
                    "100%:1",
                    "%zz:1",
                    "\u{fffd}:NO_VERSION"
                ]),
            ),
        ] {
            assert_eq!(
                after(Addons, json!({"Add-ons": text})),
                json!({"addons_checked": null, "addons": addons}),
                "{text}"
            );
        }
    }

    #[test]
    fn values_that_are_no_text_are_noted() {
        let raw = json!({"EMCheckCompatibility": true, "Add-ons": ["a:1"]});
        let crash = apply(Addons, raw, json!({}));
        assert_eq!(crash.processed.get("addons"), Some(&json!([])));
        assert_eq!(
            crash.notes(),
            [
                "AddonsRule: EMCheckCompatibility is not text",
                "AddonsRule: Add-ons is not text"
            ]
        );
    }

    #[test]
    fn the_check_has_two_answers() {
        for (text, checked) in [("TRUE", true), ("false", false), (" true", false)] {
            let fields = after(Addons, json!({"EMCheckCompatibility": text}));
            assert_eq!(fields["addons_checked"], checked);
        }
    }
}
