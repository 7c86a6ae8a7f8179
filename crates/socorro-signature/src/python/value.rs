//! A parsed JSON value and how Python prints it.

use std::fmt::Write as _;

use super::float::float_text;

/// A JSON value as Python's `json.loads` gives it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PythonValue {
    /// `null`.
    None,
    /// `true`, `false`.
    Bool(bool),
    /// An integer of any size, as its digits with an optional minus sign.
    Integer(String),
    /// A float, also `NaN` and the infinities.
    Float(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<PythonValue>),
    /// An object in order of first appearance; of equal keys the last value counts.
    Dictionary(Vec<(String, PythonValue)>),
}

impl PythonValue {
    /// The value of a key, if this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&PythonValue> {
        match self {
            Self::Dictionary(members) => members
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// `bool(value)`.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Integer(digits) => digits != "0",
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Dictionary(members) => !members.is_empty(),
        }
    }

    /// `str(value)`.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => {
                let mut out = String::new();
                other.write_repr(&mut out);
                out
            }
        }
    }

    /// `repr(value)`. Nesting is bounded by the parser.
    fn write_repr(&self, out: &mut String) {
        match self {
            Self::None => out.push_str("None"),
            Self::Bool(true) => out.push_str("True"),
            Self::Bool(false) => out.push_str("False"),
            Self::Integer(digits) => out.push_str(digits),
            Self::Float(value) => out.push_str(&float_text(*value)),
            Self::Text(text) => write_text_repr(text, out),
            Self::List(items) => {
                out.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push_str(", ");
                    }
                    item.write_repr(out);
                }
                out.push(']');
            }
            Self::Dictionary(members) => {
                out.push('{');
                for (position, (name, value)) in members.iter().enumerate() {
                    if position > 0 {
                        out.push_str(", ");
                    }
                    write_text_repr(name, out);
                    out.push_str(": ");
                    value.write_repr(out);
                }
                out.push('}');
            }
        }
    }
}

/// `repr(text)`: single quotes unless the text has single quotes and no double ones; control characters escaped.
fn write_text_repr(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            same if same == quote => {
                out.push('\\');
                out.push(same);
            }
            control if u32::from(control) < 0x20 || u32::from(control) == 0x7f => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\x{:02x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_print_as_python_prints_them() {
        let value = PythonValue::List(vec![
            PythonValue::Text("it's".to_owned()),
            PythonValue::Text("a\\b\u{1}".to_owned()),
            PythonValue::None,
            PythonValue::Dictionary(vec![("k".to_owned(), PythonValue::Bool(true))]),
            PythonValue::Float(2.0),
        ]);
        assert_eq!(
            value.text(),
            r#"["it's", 'a\\b\x01', None, {'k': True}, 2.0]"#
        );
        assert_eq!(PythonValue::Text("plain".to_owned()).text(), "plain");
    }
}
