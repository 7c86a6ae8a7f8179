//! Annotations in a JSON part.

mod encoding;
mod reader;

use serde_json::{Map, Value};

use super::{ParseError, buffer};
use crate::{Limits, Malformed, Reservation};

/// The annotations of a JSON part.
#[derive(Debug)]
pub(super) struct Annotations {
    pub(super) values: Map<String, Value>,
    /// Whether half characters (lone surrogates) were replaced.
    pub(super) replaced: bool,
}

/// Reads a JSON part: UTF-8, UTF-16 or UTF-32, as [RFC 4627] tells them apart, with or without a
/// byte-order mark. Beyond standard JSON, `NaN`, `Infinity` and `-Infinity` are taken, and become
/// text like numbers too large for a float; halves of surrogate pairs become U+FFFD. Integers keep
/// their digits. Of members with the same name the last one counts.
///
/// What the result takes is reserved in `memory`.
///
/// [RFC 4627]: https://www.rfc-editor.org/rfc/rfc4627#section-3
///
/// # Errors
///
/// [`Malformed::InvalidJson`], [`Malformed::InvalidJsonValue`] for anything but an object,
/// [`Malformed::TooLarge`] for more values than allowed, [`ParseError::Overloaded`].
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    memory: &mut Reservation,
) -> Result<Annotations, ParseError> {
    let decoded = encoding::decode(bytes).ok_or(Malformed::InvalidJson)?;
    let owned = decoded.owned_bytes();
    buffer::reserve(memory, owned)?;
    let document = reader::read(&decoded.text, limits, memory)?;
    memory.shrink(owned as u64);
    match document.value {
        Value::Object(values) => Ok(Annotations {
            values,
            replaced: decoded.replaced || document.replaced,
        }),
        _ => Err(Malformed::InvalidJsonValue.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::MemoryBudget;

    fn read_with(bytes: &[u8], limits: &Limits) -> Result<Annotations, ParseError> {
        read(bytes, limits, &mut MemoryBudget::new(0).reservation())
    }

    fn values(bytes: &[u8]) -> Value {
        Value::Object(read_with(bytes, &Limits::default()).unwrap().values)
    }

    fn refusal(bytes: &[u8]) -> Malformed {
        match read_with(bytes, &Limits::default()) {
            Err(ParseError::Malformed(malformed)) => malformed,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_stay_what_they_are() {
        let digits = "9".repeat(5000);
        let text = format!(
            r#" {{"s": "a\u0001\n\"é\ud83e\udd80\/", "i": {digits}, "f": 1.5, "e": 1E2,
                 "n": null, "l": [1, [], {{}}], "o": {{"a": true, "b": false}}}} "#
        );
        let values = values(text.as_bytes());
        assert_eq!(values["s"], "a\u{1}\n\"é🦀/");
        assert_eq!(values["i"].to_string(), digits);
        assert_eq!(values["f"].as_f64(), Some(1.5));
        assert_eq!(values["e"].as_f64(), Some(100.0));
        assert_eq!(values["l"], json!([1, [], {}]));
        assert_eq!(values["o"], json!({"a": true, "b": false}));
    }

    #[test]
    fn numbers_that_json_does_not_have_become_text() {
        let text = br#"{"a": NaN, "b": [Infinity, -Infinity], "c": 1e999, "d": -1.5e999}"#;
        assert_eq!(
            values(text),
            json!({"a": "NaN", "b": ["Infinity", "-Infinity"], "c": "Infinity", "d": "-Infinity"})
        );
    }

    #[test]
    fn the_last_member_of_a_name_counts() {
        assert_eq!(
            values(br#"{"a": 1, "b": 2, "a": 3}"#),
            json!({"a": 3, "b": 2})
        );
    }

    #[test]
    fn all_encodings_are_told_apart() {
        let text = "{\"a\": \"é🦀\"}";
        let expected = json!({"a": "é🦀"});
        let units16: Vec<u16> = text.encode_utf16().collect();
        let points: Vec<u32> = text.chars().map(u32::from).collect();
        let forms: [Vec<u8>; 4] = [
            units16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            units16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
            points
                .iter()
                .flat_map(|point| point.to_le_bytes())
                .collect(),
            points
                .iter()
                .flat_map(|point| point.to_be_bytes())
                .collect(),
        ];
        let marks: [&[u8]; 4] = [
            &[0xff, 0xfe],
            &[0xfe, 0xff],
            &[0xff, 0xfe, 0, 0],
            &[0, 0, 0xfe, 0xff],
        ];
        for (form, mark) in forms.iter().zip(marks) {
            assert_eq!(values(form), expected);
            assert_eq!(values(&[mark, form].concat()), expected);
        }
        assert_eq!(
            values(&[b"\xef\xbb\xbf", text.as_bytes()].concat()),
            expected
        );
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        for text in [
            &br#"{"a": "x\ud83ey"}"#[..],
            br#"{"a": "x\udd80y"}"#,
            b"{\"a\": \"x\xed\xa0\xbey\"}",
        ] {
            let read = read_with(text, &Limits::default()).unwrap();
            assert!(read.replaced);
            assert_eq!(
                read.values["a"].as_str().unwrap().replace('\u{fffd}', ""),
                "xy"
            );
        }
        let pair = read_with(br#"{"a": "\ud83e\udd80"}"#, &Limits::default()).unwrap();
        assert!(!pair.replaced);
    }

    #[test]
    fn what_is_no_json() {
        for text in [
            &b""[..],
            b" ",
            b"{",
            b"{'a': 1}",
            b"{\"a\": 1} x",
            b"{\"a\": 1,}",
            b"{\"a\" 1}",
            b"{\"a\": \"\n\"}",
            b"{\"a\": \"\\x\"}",
            b"{\"a\": \"\\u12g4\"}",
            b"{\"a\": \"\\u12",
            b"{\"a\": 01}",
            b"{\"a\": 1.}",
            b"{\"a\": -}",
            b"{\"a\": +1}",
            b"{\"a\": nan}",
            b"{\"a\": \xff}",
            b"{\"a\": [1,]}",
            b"{\"a\": tru}",
            b"\xff\xfe{",
        ] {
            assert_eq!(refusal(text), Malformed::InvalidJson, "{text:?}");
        }
        for text in [&b"[1]"[..], b"\"a\"", b"3", b"true", b"null", b"NaN"] {
            assert_eq!(refusal(text), Malformed::InvalidJsonValue, "{text:?}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
            format!("{{\"a\": {open}{close}}}")
        };
        let _ = values(nested(128).as_bytes());
        for depth in [129, 5000, 1_000_000] {
            assert_eq!(refusal(nested(depth).as_bytes()), Malformed::InvalidJson);
        }
        let unbounded = Limits {
            json_depth: 0,
            ..Limits::default()
        };
        assert!(read_with(nested(1_000_000).as_bytes(), &unbounded).is_err());
    }

    #[test]
    fn many_small_values_are_not_cheap() {
        let text = format!("{{\"a\": [{}0]}}", "0,".repeat(300_000));
        assert_eq!(refusal(text.as_bytes()), Malformed::TooLarge);
        let budget = MemoryBudget::new(1 << 20);
        let text = format!("{{\"a\": [{}0]}}", "0,".repeat(100_000));
        let result = read(
            text.as_bytes(),
            &Limits::default(),
            &mut budget.reservation(),
        );
        assert!(matches!(result, Err(ParseError::Overloaded)), "{result:?}");
    }
}
