//! Writing JSON in the forms that crash storage holds.

use serde_json::{Map, Number, Value};

use super::text::{escape_ascii, float_text};

/// A written form. All are pure ASCII without a final newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// As the processor stores: one line, `", "` and `": "`, members in their order.
    Processor,
    /// As the collector stores: like [`Form::Processor`] with members sorted by name, at every
    /// level.
    Collector,
    /// For people, and as `fetch_crash_data` writes: two-space indentation, members sorted.
    Pretty,
}

/// The text of a value in the given form.
///
/// Numbers keep their digits; those with a fraction or an exponent are written as Python writes
/// the float they stand for.
#[must_use]
pub fn to_string(value: &Value, form: Form) -> String {
    let mut writer = Writer {
        out: String::new(),
        form,
    };
    writer.value(value, 0);
    writer.out
}

/// The bytes of an object in the given form.
#[must_use]
pub fn to_vec(object: &Map<String, Value>, form: Form) -> Vec<u8> {
    let mut writer = Writer {
        out: String::new(),
        form,
    };
    writer.object(object, 0);
    writer.out.into_bytes()
}

struct Writer {
    out: String,
    form: Form,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.text(text),
            Value::Array(items) => self.array(items, depth),
            Value::Object(members) => self.object(members, depth),
        }
    }

    fn number(&mut self, number: &Number) {
        match number.as_f64() {
            Some(float) if !super::is_integer(number) && float.is_finite() => {
                self.out.push_str(&float_text(float));
            }
            _ => self.out.push_str(number.as_str()),
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        escape_ascii(text, &mut self.out);
        self.out.push('"');
    }

    fn array(&mut self, items: &[Value], depth: usize) {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            self.separate(index, depth + 1);
            self.value(item, depth + 1);
        }
        self.close(']', items.is_empty(), depth);
    }

    fn object(&mut self, members: &Map<String, Value>, depth: usize) {
        self.out.push('{');
        if self.form == Form::Processor {
            self.members(members.iter(), depth + 1);
        } else {
            let mut sorted: Vec<_> = members.iter().collect();
            // UTF-8 sorts by code point, as Python does.
            sorted.sort_unstable_by_key(|(name, _)| *name);
            self.members(sorted.into_iter(), depth + 1);
        }
        self.close('}', members.is_empty(), depth);
    }

    fn members<'a>(
        &mut self,
        members: impl Iterator<Item = (&'a String, &'a Value)>,
        depth: usize,
    ) {
        for (index, (name, value)) in members.enumerate() {
            self.separate(index, depth);
            self.text(name);
            self.out.push_str(": ");
            self.value(value, depth);
        }
    }

    fn separate(&mut self, index: usize, depth: usize) {
        match self.form {
            Form::Pretty => {
                if index > 0 {
                    self.out.push(',');
                }
                self.new_line(depth);
            }
            _ if index > 0 => self.out.push_str(", "),
            _ => {}
        }
    }

    fn close(&mut self, bracket: char, empty: bool, depth: usize) {
        if self.form == Form::Pretty && !empty {
            self.new_line(depth);
        }
        self.out.push(bracket);
    }

    fn new_line(&mut self, depth: usize) {
        self.out.push('\n');
        for _ in 0..depth {
            self.out.push_str("  ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_differ_in_order_and_layout_only() {
        let value: Value = serde_json::from_str(
            r#"{"b": [1, 2.50, {}], "a": "é", "c": [], "big": 18446744073709551616}"#,
        )
        .unwrap();
        assert_eq!(
            to_string(&value, Form::Processor),
            r#"{"b": [1, 2.5, {}], "a": "\u00e9", "c": [], "big": 18446744073709551616}"#
        );
        assert_eq!(
            to_string(&value, Form::Collector),
            r#"{"a": "\u00e9", "b": [1, 2.5, {}], "big": 18446744073709551616, "c": []}"#
        );
        assert_eq!(
            to_string(&value, Form::Pretty),
            "{\n  \"a\": \"\\u00e9\",\n  \"b\": [\n    1,\n    2.5,\n    {}\n  ],\n  \
             \"big\": 18446744073709551616,\n  \"c\": []\n}"
        );
    }
}
