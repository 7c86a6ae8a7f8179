//! Documents on their way between processes.
//!
//! MessagePack keeps integers and floats as they are. What `serde_json` made for text is not good enough to read it:
//! its objects grow as they are filled, though MessagePack tells their sizes beforehand.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// As what a number travels that was kept as text: the only member of an object, under this key. Source: `serde_json`
/// with the feature `arbitrary_precision`.
const NUMBER_AS_TEXT: &str = "$serde_json::private::Number";

/// Room made beforehand for the members of an object or array; a child might claim to send any number of them.
const MOST_ROOM: usize = 1024;

/// A JSON value that was sent in MessagePack.
#[derive(Debug)]
pub(super) struct Document(pub(super) Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::with_capacity(room(elements.size_hint()));
        while let Some(Document(element)) = elements.next_element()? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::with_capacity(room(members.size_hint()));
        while let Some(key) = members.next_key::<&str>()? {
            if key == NUMBER_AS_TEXT {
                let digits: &str = members.next_value()?;
                let number: Number = digits.parse().map_err(A::Error::custom)?;
                return Ok(Value::Number(number));
            }
            let Document(value) = members.next_value()?;
            object.insert(key.to_owned(), value);
        }
        Ok(Value::Object(object))
    }
}

fn room(claimed: Option<usize>) -> usize {
    claimed.unwrap_or_default().min(MOST_ROOM)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::message;
    use super::*;

    fn there_and_back(value: &Value) -> Value {
        let Document(back) = message::decode(&message::encode(value).unwrap()).unwrap();
        back
    }

    #[test]
    fn numbers_keep_every_digit() {
        let text = r#"[0,-1,18446744073709551615,-9223372036854775808,123456789012345678901234567890,0.1,1e300,-0.0,5e-324,1.50]"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(there_and_back(&value).to_string(), value.to_string());
        // Numbers that were never text.
        let made = serde_json::json!([u64::MAX, i64::MIN, 0.1, 25.0_f64, f64::MIN_POSITIVE]);
        assert_eq!(there_and_back(&made).to_string(), made.to_string());
    }

    #[test]
    fn a_claim_of_many_elements_is_not_believed() {
        // "Array of 4,294,967,295 elements", and nothing more.
        assert!(message::decode::<Document>(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
        // A million arrays in each other.
        assert!(message::decode::<Document>(&[0x91; 1 << 20]).is_err());
    }

    proptest! {
        #[test]
        fn any_document_comes_out_as_it_went_in(
            text in ".*", integer in any::<i64>(), float in any::<f64>(), keys in prop::collection::vec(".*", 0..5)
        ) {
            let members = keys.into_iter().map(|key| (key, serde_json::json!([text, null, true])));
            let value = serde_json::json!({"a": integer, "b": float, "c": Map::from_iter(members)});
            prop_assert_eq!(there_and_back(&value).to_string(), value.to_string());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = message::decode::<Document>(&bytes);
        }
    }
}
