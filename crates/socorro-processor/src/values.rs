//! Reading numbers and text out of annotations, by one set of rules for all.
//!
//! The semantics are those of Socorro's Python where they matter to users, without its accidents:
//! no `_` between digits, no digits of other scripts, no infinities.

use serde_json::{Number, Value};
use socorro_core::time::Timestamp;

/// Whether Python's `str.strip` takes the character off: Unicode white space and the four
/// information separators.
#[must_use]
pub fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// Text without blanks at both ends.
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Text without blanks at its end.
#[must_use]
pub fn strip_end(text: &str) -> &str {
    text.trim_end_matches(is_blank)
}

/// The integer that a text spells: optional sign, ASCII digits, blanks around; what fits into
/// `i64` or `u64`.
#[must_use]
pub fn integer(text: &str) -> Option<Number> {
    let text = strip(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    text.parse::<i64>()
        .map(Number::from)
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
}

/// The finite float that a text spells: optional sign, decimal digits with optional fraction and
/// exponent (`.5`, `5.` and `1e3` are fine), blanks around.
#[must_use]
pub fn float(text: &str) -> Option<f64> {
    let text = strip(text);
    let spelled = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    // The check keeps out "inf" and "nan", which Rust would take.
    text.parse()
        .ok()
        .filter(|value: &f64| spelled && value.is_finite())
}

/// The integer that a JSON value stands for: integers as they are, other numbers truncated toward
/// zero, booleans as 0 and 1, text as [`integer`] reads it.
#[must_use]
pub fn as_integer(value: &Value) -> Option<Number> {
    match value {
        Value::Bool(value) => Some(Number::from(u8::from(*value))),
        Value::String(text) => integer(text),
        Value::Number(number) if socorro_core::json::is_integer(number) => integer(number.as_str()),
        Value::Number(number) => {
            let truncated = number.as_f64().filter(|value| value.is_finite())?.trunc();
            integer(&format!("{truncated}"))
        }
        _ => None,
    }
}

/// The float that a JSON value stands for, always with a fraction or an exponent.
#[must_use]
pub fn as_float(value: &Value) -> Option<Number> {
    let value = match value {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(text) => float(text)?,
        Value::Number(number) => number.as_f64()?,
        _ => return None,
    };
    Number::from_f64(value)
}

/// The boolean that an annotation spells: `1` or `true`, `0` or `false`, in any case; JSON
/// booleans and the numbers 0 and 1 too. Blanks around do not belong there.
#[must_use]
pub fn as_boolean(value: &Value) -> Option<bool> {
    let text = match value {
        Value::Bool(value) => return Some(*value),
        Value::Number(number) => number.as_str().to_owned(),
        Value::String(text) => text.to_lowercase(),
        _ => return None,
    };
    match text.as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// The moment that a text names in ISO 8601: `YYYY-MM-DD`, then `T` or a space and
/// `HH:MM[:SS[.ffffff]]`, then `Z` or an offset. Without an offset it is UTC; without a time it is
/// midnight.
///
/// ```
/// use socorro_processor::values::moment;
///
/// let seconds = |text| moment(text).map(|moment| moment.as_second());
/// assert_eq!(seconds("2022-09-20T14:35:25-07:30"), Some(1_663_711_525));
/// assert_eq!(seconds("2022-09-20 14:35"), Some(1_663_684_500));
/// assert_eq!(seconds("yesterday"), None);
/// ```
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let parse = |text: &str| text.parse::<Timestamp>().ok();
    parse(text)
        .or_else(|| parse(&format!("{text}Z")))
        .or_else(|| parse(&format!("{text}T00:00Z")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn integers_are_read_from_text_and_numbers() {
        for (value, expected) in [
            (json!(" +42\u{1f}"), Some("42")),
            (json!("-0"), Some("0")),
            (json!("18446744073709551615"), Some("18446744073709551615")),
            (json!("18446744073709551616"), None),
            (json!("1_000"), None),
            (json!("٤٢"), None),
            (json!("1.0"), None),
            (json!(""), None),
            (json!("+-1"), None),
            (json!(1.9), Some("1")),
            (json!(-1.9), Some("-1")),
            (json!(1e300), None),
            (json!(true), Some("1")),
            (json!(null), None),
        ] {
            assert_eq!(
                as_integer(&value).as_ref().map(Number::as_str),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn floats_are_finite_and_stay_floats() {
        for (value, expected) in [
            (json!("10"), Some("10.0")),
            (json!(" .5 "), Some("0.5")),
            (json!("5."), Some("5.0")),
            (json!("1e3"), Some("1000.0")),
            (json!("inf"), None),
            (json!("nan"), None),
            (json!("1e999"), None),
            (json!("1_0"), None),
            (json!(3), Some("3.0")),
        ] {
            assert_eq!(
                as_float(&value).as_ref().map(Number::as_str),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn booleans_have_four_spellings() {
        assert_eq!(as_boolean(&json!("TRUE")), Some(true));
        assert_eq!(as_boolean(&json!(0)), Some(false));
        assert_eq!(as_boolean(&json!(" 1")), None);
        assert_eq!(as_boolean(&json!(null)), None);
    }
}
