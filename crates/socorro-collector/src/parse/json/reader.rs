//! A reader of JSON that bounds what it makes.

use serde_json::{Map, Number, Value};

use crate::parse::{ParseError, buffer};
use crate::{Limits, Malformed, Reservation};

/// Deeper than this nothing is read, whatever the limits say: the reader calls itself.
const DEEPEST: usize = 512;
/// What a value takes besides its text, in an array or an object.
const VALUE: usize = size_of::<Value>() + 16;
/// What a member of an object takes besides name and value.
const MEMBER: usize = size_of::<String>() + 32;
/// Memory is reserved in portions, for each asks all reports.
const PORTION: usize = 4096;
/// Numbers that JSON does not have, as Python writes them.
const NOT_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// A document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) value: Value,
    /// Whether halves of surrogate pairs were replaced.
    pub(super) replaced: bool,
}

/// Reads a document.
pub(super) fn read(
    text: &str,
    limits: &Limits,
    memory: &mut Reservation,
) -> Result<Document, ParseError> {
    let deepest = match limits.json_depth {
        0 => DEEPEST,
        depth => depth.min(DEEPEST),
    };
    let mut reader = Reader {
        text,
        at: 0,
        deepest,
        values: 0,
        most_values: limits.json_values,
        memory,
        owed: 0,
        replaced: false,
    };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return reader.refuse();
    }
    buffer::reserve(reader.memory, reader.owed)?;
    Ok(Document {
        value,
        replaced: reader.replaced,
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    deepest: usize,
    values: usize,
    most_values: usize,
    memory: &'a mut Reservation,
    /// Bytes used, but not reserved yet.
    owed: usize,
    replaced: bool,
}

impl Reader<'_> {
    fn refuse<T>(&self) -> Result<T, ParseError> {
        Err(Malformed::InvalidJson.into())
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        let blanks = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().iter().take_while(blanks).count();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token.as_bytes());
        if found {
            self.at += token.len();
        }
        found
    }

    fn use_memory(&mut self, bytes: usize) -> Result<(), ParseError> {
        self.owed += bytes;
        if self.owed >= PORTION {
            buffer::reserve(self.memory, std::mem::take(&mut self.owed))?;
        }
        Ok(())
    }

    /// `depth` is the number of arrays and objects around the value.
    fn value(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.values += 1;
        if self.most_values != 0 && self.values > self.most_values {
            return Err(Malformed::TooLarge.into());
        }
        self.use_memory(VALUE)?;
        self.blanks();
        match self.rest().first() {
            Some(b'{' | b'[') if depth >= self.deepest => self.refuse(),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(_) => self.scalar(),
            None => self.refuse(),
        }
    }

    fn scalar(&mut self) -> Result<Value, ParseError> {
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
        if let Some(word) = NOT_NUMBERS.iter().find(|word| self.take(word)) {
            return Ok(Value::from(*word));
        }
        let is_digit = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = self.rest().iter().take_while(is_digit).count();
        self.use_memory(length)?;
        let digits = &self.text[self.at..self.at + length];
        self.at += length;
        let Ok(number) = serde_json::from_str::<Number>(digits) else {
            return self.refuse();
        };
        Ok(match too_large(&number) {
            Some(word) => Value::from(word),
            None => Value::Number(number),
        })
    }

    fn array(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.take("]") {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.blanks();
            if self.take("]") {
                return Ok(Value::Array(items));
            }
            if !self.take(",") {
                return self.refuse();
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.at += 1;
        let mut members = Map::new();
        self.blanks();
        if self.take("}") {
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            if self.rest().first() != Some(&b'"') {
                return self.refuse();
            }
            self.use_memory(MEMBER)?;
            let name = self.string()?;
            self.blanks();
            if !self.take(":") {
                return self.refuse();
            }
            let value = self.value(depth)?;
            members.insert(name, value);
            self.blanks();
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            if !self.take(",") {
                return self.refuse();
            }
        }
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let Some(length) = memchr::memchr2(b'"', b'\\', self.rest()) else {
                return self.refuse();
            };
            // Both are ASCII, so characters end there.
            let plain = &self.text[self.at..self.at + length];
            if plain.bytes().any(|byte| byte < b' ') {
                return self.refuse();
            }
            self.use_memory(length + 1)?;
            string.push_str(plain);
            self.at += length;
            if self.take("\"") {
                return Ok(string);
            }
            string.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let plain = match self.rest().get(1) {
            Some(b'u') => return self.unicode_escape(),
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            _ => return self.refuse(),
        };
        self.at += 2;
        Ok(plain)
    }

    /// Reads `\uXXXX`, or two of them that make a surrogate pair; a lone half becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        let Some(unit) = code_unit(self.rest()) else {
            return self.refuse();
        };
        self.at += 6;
        let mut units = [unit, 0];
        let mut count = 1;
        if (0xd800..0xdc00).contains(&unit)
            && let Some(low @ 0xdc00..0xe000) = code_unit(self.rest())
        {
            units[1] = low;
            count = 2;
            self.at += 6;
        }
        let character = char::decode_utf16(units[..count].iter().copied()).next();
        Ok(character.and_then(Result::ok).unwrap_or_else(|| {
            self.replaced = true;
            char::REPLACEMENT_CHARACTER
        }))
    }
}

fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.get(..6)?.strip_prefix(b"\\u")?;
    let digit = |unit: u16, byte: &u8| {
        let digit = char::from(*byte).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    };
    digits.iter().try_fold(0, digit)
}

/// What Python makes of a float that is too large for it.
fn too_large(number: &Number) -> Option<&'static str> {
    let text = number.as_str();
    let is_float = text.contains(['.', 'e', 'E']);
    let finite = !is_float || number.as_f64().is_some_and(f64::is_finite);
    (!finite).then(|| {
        if text.starts_with('-') {
            "-Infinity"
        } else {
            "Infinity"
        }
    })
}
