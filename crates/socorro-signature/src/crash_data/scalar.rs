//! Values that are mostly numbers and sometimes texts.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::python::float::float_text;
use crate::python::integer::parse_decimal;

/// A JSON number, boolean or text, for fields where reports hold either.
///
/// Prints as Python's `str()` prints it, because some of these end up in signatures: `12`, `1.5`, `2.0`, `True`.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// An integer. One beyond 128 bits is kept as the text of its digits.
    Integer(i128),
    /// A float.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// Reads a JSON value; arrays, objects and null are none.
    pub fn from_json(value: &'a Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::String(text) => Some(Self::Text(Cow::Borrowed(text))),
            Value::Number(number) => Some(Self::from_number(number)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The same without anything borrowed.
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Bool(value) => Scalar::Bool(value),
            Self::Integer(value) => Scalar::Integer(value),
            Self::Float(value) => Scalar::Float(value),
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
        }
    }

    fn from_number(number: &serde_json::Number) -> Self {
        if let Some(integer) = number.as_i128() {
            return Self::Integer(integer);
        }
        let text = number.to_string();
        if text.contains(['.', 'e', 'E']) {
            return Self::Float(number.as_f64().unwrap_or(f64::INFINITY));
        }
        Self::Text(Cow::Owned(text))
    }

    /// Whether Python holds the value for true: not `false`, not zero, not the empty text.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Integer(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// The value as an integer by the rules of Python's `int()`: floats lose their fraction, texts may have white
    /// space, a sign and digits of any script. What is beyond 128 bits takes the nearest end of the range.
    pub fn to_integer(&self) -> Option<i128> {
        match self {
            Self::Bool(value) => Some(i128::from(*value)),
            Self::Integer(value) => Some(*value),
            #[expect(clippy::cast_possible_truncation, reason = "saturates, as documented")]
            Self::Float(value) => value.is_finite().then_some(*value as i128),
            Self::Text(text) => parse_decimal(text),
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(true) => formatter.write_str("True"),
            Self::Bool(false) => formatter.write_str("False"),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Float(value) => formatter.write_str(&float_text(*value)),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

impl From<i64> for Scalar<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(i128::from(value))
    }
}

impl From<u64> for Scalar<'_> {
    fn from(value: u64) -> Self {
        Self::Integer(i128::from(value))
    }
}

impl<'a> From<&'a str> for Scalar<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Scalar<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(json: &str) -> Option<Scalar<'static>> {
        let value: Value = serde_json::from_str(json).unwrap();
        Scalar::from_json(&value).map(Scalar::into_owned)
    }

    #[test]
    fn scalars_print_as_python_prints_them() {
        for (json, text) in [
            ("12", "12"),
            ("2.0", "2.0"),
            ("1e22", "1e+22"),
            ("true", "True"),
            ("\"x\"", "x"),
            (
                "1234567890123456789012345678901234567890123",
                "1234567890123456789012345678901234567890123",
            ),
        ] {
            assert_eq!(scalar(json).unwrap().to_string(), text);
        }
        assert_eq!(scalar("[1]"), None);
        assert_eq!(scalar("null"), None);
    }

    #[test]
    fn integers_are_read_from_anything_that_is_one() {
        assert_eq!(scalar("-1.9").unwrap().to_integer(), Some(-1));
        assert_eq!(scalar("true").unwrap().to_integer(), Some(1));
        assert_eq!(scalar("\" 1_0 \"").unwrap().to_integer(), Some(10));
        assert_eq!(scalar("\"x\"").unwrap().to_integer(), None);
    }
}
