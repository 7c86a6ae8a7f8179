//! Reading JSON that other programs stored.

use std::io::Read as _;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Map, Number, Value};

use crate::error::Error;

/// The largest document that [`read`] takes unless told otherwise: 256 MiB after decompression,
/// some fifty times the largest processed crash of a 1 MiB stack overflow.
pub const DEFAULT_LIMIT: u64 = 256 << 20;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 128;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads one JSON document of at most `limit` bytes after decompression.
///
/// Beyond standard JSON this accepts what is found in real buckets: gzip (told by its magic
/// number), a leading byte-order mark, lone surrogate escapes (they become U+FFFD), and the tokens
/// `NaN`, `Infinity` and `-Infinity` outside of text (they become `null`). Of members with the
/// same name the last one counts. Integers keep all their digits.
///
/// # Errors
///
/// [`Error::InvalidJson`], [`Error::TooLarge`] and [`Error::DamagedGzip`].
pub fn read(bytes: &[u8], limit: u64) -> Result<Value, Error> {
    let inflated;
    let bytes = if bytes.starts_with(&GZIP_MAGIC) {
        inflated = inflate(bytes, limit)?;
        &inflated
    } else if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { limit });
    } else {
        bytes
    };
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    // Nearly every document is plain JSON, which the library reads faster.
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(_) => Reader {
            bytes,
            at: 0,
            not_a_number: true,
        }
        .document(),
    }
}

/// Reads JSON text that a client wrote into an annotation.
///
/// Standard JSON, except that lone surrogate escapes become U+FFFD.
///
/// # Errors
///
/// [`Error::InvalidJson`].
pub fn parse(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).or_else(|_| {
        Reader {
            bytes: text.as_bytes(),
            at: 0,
            not_a_number: false,
        }
        .document()
    })
}

/// [`read`] for documents that have to be objects.
///
/// # Errors
///
/// As [`read`], and [`Error::UnexpectedJsonType`] for anything but an object.
pub fn read_object(bytes: &[u8], limit: u64) -> Result<Map<String, Value>, Error> {
    match read(bytes, limit)? {
        Value::Object(object) => Ok(object),
        other => Err(Error::UnexpectedJsonType {
            expected: "object",
            found: super::type_name(&other),
        }),
    }
}

fn inflate(bytes: &[u8], limit: u64) -> Result<Vec<u8>, Error> {
    let mut inflated = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(limit.saturating_add(1))
        .read_to_end(&mut inflated)
        .map_err(|error| Error::DamagedGzip {
            reason: error.to_string(),
        })?;
    if inflated.len() as u64 > limit {
        return Err(Error::TooLarge { limit });
    }
    Ok(inflated)
}

/// A recursive reader with the tolerances that serde_json does not have.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether `NaN` and the infinities are taken, as `null`.
    not_a_number: bool,
}

impl Reader<'_> {
    fn document(mut self) -> Result<Value, Error> {
        let value = self.value(0)?;
        self.blanks();
        if self.at < self.bytes.len() {
            return Err(self.error("unexpected text after the end of the document"));
        }
        Ok(value)
    }

    fn error(&self, reason: impl Into<String>) -> Error {
        Error::InvalidJson {
            reason: reason.into(),
            offset: self.at,
        }
    }

    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.bytes[self.at..].starts_with(token.as_bytes());
        if found {
            self.at += token.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.blanks();
        match self.bytes.get(self.at) {
            None => Err(self.error("the text ends where a value should begin")),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::String(self.text()?)),
            Some(_) => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Result<Value, Error> {
        const WORDS: [(&str, Value); 3] = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
        ];
        for (word, value) in WORDS {
            if self.take(word) {
                return Ok(value);
            }
        }
        if self.not_a_number
            && ["NaN", "Infinity", "-Infinity"]
                .iter()
                .any(|word| self.take(word))
        {
            return Ok(Value::Null);
        }
        let length = self.bytes[self.at..]
            .iter()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .count();
        let digits = &self.bytes[self.at..self.at + length];
        let number: Number = serde_json::from_slice(digits)
            .map_err(|_| self.error("expected a value: text, a number, an array or an object"))?;
        self.at += length;
        Ok(Value::Number(number))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.take("]") {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]") {
                return Ok(Value::Array(items));
            }
            if !self.take(",") {
                return Err(self.error("expected ',' or ']' in an array"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut members = Map::new();
        self.blanks();
        if self.take("}") {
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.error("expected the name of a member in quotation marks"));
            }
            let name = self.text()?;
            self.blanks();
            if !self.take(":") {
                return Err(self.error("expected ':' after the name of a member"));
            }
            let value = self.value(depth + 1)?;
            members.insert(name, value);
            self.blanks();
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            if !self.take(",") {
                return Err(self.error("expected ',' or '}' in an object"));
            }
        }
    }

    fn text(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let plain = self.bytes[self.at..]
                .iter()
                .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .count();
            let bytes = &self.bytes[self.at..self.at + plain];
            text.push_str(std::str::from_utf8(bytes).map_err(|_| self.error("text is not UTF-8"))?);
            self.at += plain;
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.error("control character inside text")),
                None => return Err(self.error("the document ends inside text")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let letter = self.bytes.get(self.at + 1).copied();
        let plain = match letter {
            Some(b'u') => return self.unicode_escape(),
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            _ => return Err(self.error("unknown escape in text")),
        };
        self.at += 2;
        Ok(plain)
    }

    /// Reads `\uXXXX`, or two of them that make a surrogate pair; a lone half becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, Error> {
        let unit = self
            .code_unit(self.at)
            .ok_or_else(|| self.error("expected four hexadecimal digits"))?;
        self.at += 6;
        let low = || {
            self.code_unit(self.at)
                .filter(|low| (0xdc00..0xe000).contains(low))
        };
        if (0xd800..0xdc00).contains(&unit)
            && let Some(low) = low()
        {
            self.at += 6;
            let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn code_unit(&self, at: usize) -> Option<u32> {
        let escape = self.bytes.get(at..at + 6)?;
        let digits = escape.strip_prefix(b"\\u")?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn tolerant(text: &str) -> Result<Value, Error> {
        Reader {
            bytes: text.as_bytes(),
            at: 0,
            not_a_number: true,
        }
        .document()
    }

    #[test]
    fn what_other_programs_store_is_read() {
        for (text, value) in [
            (
                r#"{"bad": "\ud800", "also": "\udc00x", "pair": "\ud83d\ude00"}"#,
                json!({"bad": "\u{fffd}", "also": "\u{fffd}x", "pair": "😀"}),
            ),
            (
                r#"{"x": NaN, "y": [Infinity, -Infinity], "z": "NaN"}"#,
                json!({"x": null, "y": [null, null], "z": "NaN"}),
            ),
            ("\u{feff}{\"a\": 1}", json!({"a": 1})),
            (r#"{"a": 1, "a": 2}"#, json!({"a": 2})),
            (
                r#"{"\ud800": 1, "a\/b\u0041": [], "n": -1.5e3}"#,
                serde_json::from_str(r#"{"\ufffd": 1, "a/bA": [], "n": -1.5e3}"#).unwrap(),
            ),
        ] {
            assert_eq!(
                read(text.as_bytes(), DEFAULT_LIMIT).unwrap(),
                value,
                "{text}"
            );
        }
    }

    #[test]
    fn integers_of_any_size_keep_their_digits() {
        let digits = "1606938044258990275541962092341162602522202993782792835301376";
        let value = read(
            format!(r#"{{"a": {digits}, "b": NaN}}"#).as_bytes(),
            DEFAULT_LIMIT,
        )
        .unwrap();
        assert_eq!(value["a"].to_string(), digits);
    }

    #[test]
    fn what_is_not_json_says_where() {
        for (text, offset) in [
            ("", 0),
            ("{", 1),
            ("{\"a\" 1}", 5),
            ("[1,]", 3),
            ("{} x", 3),
            ("\"\\ud8\"", 1),
            ("nul", 0),
            ("\"a\u{1}\"", 2),
            ("{\"a\": NaN", 9),
            ("[1 2]", 3),
            ("\"\\x\"", 1),
            ("+-", 0),
            ("\"abc", 4),
        ] {
            match read(text.as_bytes(), DEFAULT_LIMIT) {
                Err(Error::InvalidJson { offset: found, .. }) => {
                    assert_eq!(found, offset, "{text:?}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(matches!(
            read(b"\"\xff\"", DEFAULT_LIMIT),
            Err(Error::InvalidJson { .. })
        ));
    }

    #[test]
    fn annotations_are_stricter() {
        assert_eq!(parse(r#" ["\ud800"] "#).unwrap(), json!(["\u{fffd}"]));
        assert!(parse("[NaN]").is_err());
        assert!(parse("\u{feff}[]").is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "[".repeat(100_000);
        assert!(read(deep.as_bytes(), DEFAULT_LIMIT).is_err());
    }

    #[test]
    fn gzip_is_inflated_up_to_the_limit() {
        let zip = |bytes: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(read(&zip(br#"{"a": 1}"#), 8).unwrap(), json!({"a": 1}));
        let bomb = zip(&vec![b' '; 1 << 20]);
        assert_eq!(
            read(&bomb, 1 << 10),
            Err(Error::TooLarge { limit: 1 << 10 })
        );
        assert!(matches!(
            read(&bomb[..40], 1 << 21),
            Err(Error::DamagedGzip { .. })
        ));
        assert_eq!(read(b"[1, 2]", 5), Err(Error::TooLarge { limit: 5 }));
    }

    #[test]
    fn a_document_of_another_type_is_named() {
        assert_eq!(
            read_object(b"[]", 10),
            Err(Error::UnexpectedJsonType {
                expected: "object",
                found: "array"
            })
        );
    }

    proptest! {
        #[test]
        fn the_tolerant_reader_agrees_with_the_library(text in r#"[\[\]{}",:0-9a-f.eE\\ u+-]{0,30}"#) {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                prop_assert_eq!(tolerant(&text).unwrap(), value);
            } else {
                let _ = tolerant(&text);
            }
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes, 1 << 16);
        }
    }
}
