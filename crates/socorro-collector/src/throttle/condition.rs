//! When a rule matches.

use std::borrow::Cow;

use jiff::{ToSpan, civil::Date};
use regex::Regex;
use serde_json::Value;
use socorro_core::{json, time};

use super::{Subject, rules::Scope};

/// When a rule matches.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// Always.
    Always,
    /// All of these hold.
    All(Vec<Self>),
    /// One of these holds.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// An annotation.
    Field(Field, Test),
    /// The product is supported: the list of products is empty or has it.
    ProductSupported,
    /// The Android package of the product is supported.
    PackageSupported,
    /// The list of products has this one.
    ProductListed(String),
    /// The main minidump has at least so many bytes.
    MinDumpBytes(u64),
    /// The main minidump has at most so many bytes.
    MaxDumpBytes(u64),
    /// The header `User-Agent` matches.
    UserAgent(Regex),
}

/// Where a value is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// The annotation.
    pub(super) name: String,
    /// A JSON pointer (RFC 6901) into an annotation that holds JSON.
    pub(super) pointer: Option<String>,
    /// The value when there is none.
    pub(super) default: Option<String>,
}

/// What is asked of a value. Without a value only [`Test::Missing`] holds.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Exists,
    Missing,
    Equal(String),
    EqualIgnoringCase(String),
    NotEqual(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    StartsWith(Vec<String>),
    LessThan(String),
    GreaterThan(String),
    IntegerBetween(i64, i64),
    Matches(Regex),
    BuildDateOlderThanDays(u32),
}

impl Condition {
    /// Whether it holds.
    pub(super) fn holds(&self, subject: &Subject<'_>, scope: &Scope) -> bool {
        let dump = subject.main_dump_size;
        match self {
            Self::Always => true,
            Self::All(conditions) => conditions
                .iter()
                .all(|condition| condition.holds(subject, scope)),
            Self::Any(conditions) => conditions
                .iter()
                .any(|condition| condition.holds(subject, scope)),
            Self::Not(condition) => !condition.holds(subject, scope),
            Self::Field(field, test) => field.passes(test, subject),
            Self::ProductSupported => scope.supports_product(&product(subject)),
            Self::PackageSupported => {
                let package = subject.annotations.get("Android_PackageName");
                let package = package.map_or(Cow::Borrowed("None"), text);
                scope.supports_package(&product(subject), &package)
            }
            Self::ProductListed(product) => scope.products.contains(product),
            Self::MinDumpBytes(least) => dump.is_some_and(|size| size >= *least),
            Self::MaxDumpBytes(most) => dump.is_some_and(|size| size <= *most),
            Self::UserAgent(pattern) => subject
                .user_agent
                .is_some_and(|agent| pattern.is_match(agent)),
        }
    }

    /// Whether it holds whatever comes.
    pub(super) fn is_certain(&self) -> bool {
        match self {
            Self::Always => true,
            Self::All(conditions) => conditions.iter().all(Self::is_certain),
            Self::Any(conditions) => conditions.iter().any(Self::is_certain),
            _ => false,
        }
    }
}

impl Field {
    fn passes(&self, test: &Test, subject: &Subject<'_>) -> bool {
        let parsed;
        let value = match (subject.annotations.get(&self.name), &self.pointer) {
            (value, None) => value,
            (None, Some(_)) => None,
            (Some(Value::String(text)), Some(pointer)) => {
                parsed = json::read(text.as_bytes(), json::DEFAULT_LIMIT).ok();
                parsed.as_ref().and_then(|value| value.pointer(pointer))
            }
            // JSON annotations may hold objects as they are.
            (Some(value), Some(pointer)) => value.pointer(pointer),
        };
        match (value, &self.default) {
            (Some(value), _) => {
                let typed = self.pointer.is_some();
                test.passes(&text(value), || integer(value, typed), subject)
            }
            (None, Some(default)) => test.passes(default, || default.parse().ok(), subject),
            (None, None) => matches!(test, Test::Missing),
        }
    }
}

impl Test {
    fn passes(
        &self,
        text: &str,
        integer: impl FnOnce() -> Option<i64>,
        subject: &Subject<'_>,
    ) -> bool {
        match self {
            Self::Exists => true,
            Self::Missing => false,
            Self::Equal(other) => text == other,
            Self::EqualIgnoringCase(other) => text.to_lowercase() == other.to_lowercase(),
            Self::NotEqual(other) => text != other,
            Self::In(list) => list.iter().any(|other| text == other),
            Self::NotIn(list) => list.iter().all(|other| text != other),
            Self::StartsWith(list) => list.iter().any(|start| text.starts_with(start.as_str())),
            Self::LessThan(other) => text < other.as_str(),
            Self::GreaterThan(other) => text > other.as_str(),
            Self::IntegerBetween(low, high) => {
                integer().is_some_and(|number| (*low..=*high).contains(&number))
            }
            Self::Matches(pattern) => pattern.is_match(text),
            Self::BuildDateOlderThanDays(days) => {
                build_date(text).is_some_and(|date| is_older(date, *days, subject.now))
            }
        }
    }
}

fn product<'a>(subject: &Subject<'a>) -> Cow<'a, str> {
    let product = subject.annotations.get("ProductName");
    product.map_or(Cow::Borrowed(""), text)
}

/// An annotation as text, as Python's `str` gives it: `null` is `None`, `true` is `True`. Arrays
/// and objects are their JSON.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => {
            let written = number.to_string();
            if written.contains(['.', 'e', 'E']) {
                number.as_f64().map_or(written, json::float_text).into()
            } else {
                written.into()
            }
        }
        other => other.to_string().into(),
    }
}

/// A value as an integer. Annotations are text, which is read; in JSON, text is no number, but
/// `true` is 1, as it is in Python.
fn integer(value: &Value, typed: bool) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::Bool(flag) if typed => Some((*flag).into()),
        Value::String(text) if !typed => text.parse().ok(),
        _ => None,
    }
}

/// The day of a build id of the form `20YYMMDDhhmmss`.
fn build_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 14 || !text.starts_with("20") || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// Whether the midnight with which a day begins (UTC) is more than so many days ago.
fn is_older(date: Date, days: u32, now: time::Timestamp) -> bool {
    let Ok(limit) = time::date(now).checked_sub(i64::from(days).days()) else {
        return false;
    };
    // On the day itself, midnight is more than so many days ago unless it is midnight now.
    let midnight = now.as_nanosecond().rem_euclid(24 * 60 * 60 * 1_000_000_000) == 0;
    date < limit || (date == limit && !midnight)
}
