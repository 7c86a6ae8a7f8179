//! A value of a field.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use socorro_core::{json, time};

use crate::query::{Field, FieldType, moment};

/// A value of a field, in the type of the field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum {
    Text(String),
    Integer(i64),
    Float(f64),
    Date(Timestamp),
    Bool(bool),
}

impl Datum {
    /// The values that a crash has: several in a list, none where there is nothing of the type.
    pub(super) fn all_of(document: &Map<String, Value>, field: &Field) -> Vec<Self> {
        match json::lookup_in(document, field.path()) {
            None => Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(|item| Self::of(item, field))
                .collect(),
            Some(value) => Self::of(value, field).into_iter().collect(),
        }
    }

    /// Numbers may be written as text.
    fn of(value: &Value, field: &Field) -> Option<Self> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some(match field.kind() {
            FieldType::String | FieldType::Enum => Self::Text(text),
            FieldType::Integer => Self::Integer(text.parse().ok()?),
            FieldType::Float => Self::Float(text.parse().ok()?),
            FieldType::Date => Self::Date(moment(&text)?),
            FieldType::Bool => Self::Bool(matches!(&*text, "true" | "1" | "True")),
        })
    }

    /// Values of one field are of one type.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Integer(one), Self::Integer(other)) => one.cmp(other),
            (Self::Float(one), Self::Float(other)) => one.total_cmp(other),
            (Self::Date(one), Self::Date(other)) => one.cmp(other),
            (Self::Bool(one), Self::Bool(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }

    /// What a facet calls it.
    pub(super) fn term(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Float(number) => json!(number),
            Self::Date(moment) => json!(time::isoformat(*moment)),
            Self::Bool(true) => json!("T"),
            Self::Bool(false) => json!("F"),
        }
    }
}
