//! JSON as Python's `json.loads` reads it.
//!
//! Differences from strict JSON: `NaN`, `Infinity` and `-Infinity` are numbers, of two equal keys the last counts,
//! integers keep all their digits, an escaped lone surrogate is no error (it becomes U+FFFD here, and is dropped
//! from signatures in any case).

use super::value::PythonValue;

/// Deepest nesting of arrays and objects; upstream gives up at about a thousand.
const MAXIMUM_DEPTH: usize = 128;

/// What is wrong with a JSON text and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {offset}")]
pub(crate) struct JsonError {
    problem: &'static str,
    offset: usize,
}

/// Parses one JSON text.
pub(crate) fn parse(text: &str) -> Result<PythonValue, JsonError> {
    let mut parser = Parser { text, at: 0 };
    parser.skip_space();
    let value = parser.value(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.error("text after the end of the value"));
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, problem: &'static str) -> JsonError {
        JsonError {
            problem,
            offset: self.at,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, expected: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(expected.as_bytes());
        if found {
            self.at += expected.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<PythonValue, JsonError> {
        match self.peek() {
            Some(b'{') if depth < MAXIMUM_DEPTH => self.object(depth),
            Some(b'[') if depth < MAXIMUM_DEPTH => self.array(depth),
            Some(b'{' | b'[') => Err(self.error("value nested too deeply")),
            Some(b'"') => self.string().map(PythonValue::Text),
            _ => self.constant_or_number(),
        }
    }

    fn constant_or_number(&mut self) -> Result<PythonValue, JsonError> {
        for (word, value) in [
            ("null", PythonValue::None),
            ("true", PythonValue::Bool(true)),
            ("false", PythonValue::Bool(false)),
            ("NaN", PythonValue::Float(f64::NAN)),
            ("Infinity", PythonValue::Float(f64::INFINITY)),
            ("-Infinity", PythonValue::Float(f64::NEG_INFINITY)),
        ] {
            if self.take(word) {
                return Ok(value);
            }
        }
        self.number()
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<PythonValue, JsonError> {
        let start = self.at;
        self.take("-");
        let integer_start = self.at;
        if self.digits() == 0 {
            return Err(self.error("expected a value"));
        }
        if self.text.as_bytes()[integer_start] == b'0' {
            // A number ends after a leading zero; further digits are text after the value.
            self.at = integer_start + 1;
        }
        let integer_end = self.at;
        let fraction = self.fraction();
        let exponent = self.exponent();
        if fraction || exponent {
            let value = self.text[start..self.at].parse().unwrap_or(f64::NAN);
            return Ok(PythonValue::Float(value));
        }
        let digits = match &self.text[start..integer_end] {
            "-0" => "0",
            digits => digits,
        };
        Ok(PythonValue::Integer(digits.to_owned()))
    }

    fn fraction(&mut self) -> bool {
        let start = self.at;
        if self.take(".") && self.digits() > 0 {
            return true;
        }
        self.at = start;
        false
    }

    fn exponent(&mut self) -> bool {
        let start = self.at;
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            if self.digits() > 0 {
                return true;
            }
        }
        self.at = start;
        false
    }

    fn array(&mut self, depth: usize) -> Result<PythonValue, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.take("]") {
            return Ok(PythonValue::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take("]") {
                return Ok(PythonValue::List(items));
            }
            if !self.take(",") {
                return Err(self.error("expected a comma"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<PythonValue, JsonError> {
        self.at += 1;
        let mut members = Members::default();
        self.skip_space();
        if self.take("}") {
            return Ok(PythonValue::Dictionary(members.in_order));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key in double quotes"));
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(":") {
                return Err(self.error("expected a colon"));
            }
            self.skip_space();
            members.set(name, self.value(depth + 1)?);
            self.skip_space();
            if self.take("}") {
                return Ok(PythonValue::Dictionary(members.in_order));
            }
            if !self.take(",") {
                return Err(self.error("expected a comma"));
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(character) = self.text[self.at..].chars().next() else {
                return Err(self.error("string without an end"));
            };
            match character {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                control if u32::from(control) < 0x20 => {
                    return Err(self.error("control character in a string"));
                }
                other => {
                    self.at += other.len_utf8();
                    out.push(other);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.error("unknown escape")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.four_hexadecimal_digits()?;
        if (0xd800..0xdc00).contains(&first) {
            let after_first = self.at;
            if self.take("\\u") {
                let second = self.four_hexadecimal_digits()?;
                if (0xdc00..0xe000).contains(&second) {
                    let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                self.at = after_first;
            }
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_hexadecimal_digits(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let value = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(value) = value else {
            return Err(self.error("expected four hexadecimal digits"));
        };
        self.at += 4;
        Ok(value)
    }
}

/// Members of an object under construction; an index keeps repeated keys from costing quadratic time.
#[derive(Default)]
struct Members {
    in_order: Vec<(String, PythonValue)>,
    positions: std::collections::HashMap<String, usize>,
}

impl Members {
    fn set(&mut self, name: String, value: PythonValue) {
        if let Some(position) = self.positions.get(&name) {
            self.in_order[*position].1 = value;
        } else {
            self.positions.insert(name.clone(), self.in_order.len());
            self.in_order.push((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(json: &str) -> String {
        parse(json).unwrap().text()
    }

    #[test]
    fn values_python_accepts() {
        assert_eq!(
            text_of("[NaN, Infinity, -Infinity, -0, 1E5]"),
            "[nan, inf, -inf, 0, 100000.0]"
        );
        assert_eq!(
            text_of(" {\"a\": 1, \"b\": 2, \"a\": 3} "),
            "{'a': 3, 'b': 2}"
        );
        assert_eq!(
            text_of("123456789012345678901234567890123456789012"),
            "123456789012345678901234567890123456789012"
        );
        assert_eq!(text_of(r#""\ud83d\ude00\u00e9\n""#), "😀é\n");
        assert_eq!(text_of(r#""\ud83dx""#), "\u{fffd}x");
    }

    #[test]
    fn errors_are_errors() {
        for bad in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{'a':1}",
            "01",
            "1.",
            "\"\n\"",
            "\"\\x\"",
            "\u{feff}{}",
            "nul",
            "[1 2]",
            "\"\\u12g4\"",
            "-",
            "{\"a\" 1}",
            "\"\\u+123\"",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
    }
}
