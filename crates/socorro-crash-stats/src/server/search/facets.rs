//! Counting values.

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Map, Value, json};
use socorro_core::time;

use super::{Document, datum::Datum};
use crate::query::{Aggregation, Count, Field, Interval, Query};

/// Crashes that have the same value, or one in the same interval.
struct Group<'a> {
    key: Datum,
    term: Value,
    documents: Vec<&'a Document>,
}

/// All that a query wants to be counted.
pub(super) fn count(documents: &[&Document], query: &Query) -> Value {
    let mut facets = Map::new();
    if query.facets_size == 0 {
        return Value::Object(facets);
    }
    for count in &query.facets {
        facets.insert(count.name(), counted(documents, count, query));
    }
    for aggregation in &query.aggregations {
        let Aggregation { groups, counts } = aggregation;
        if let Some((outermost, inner)) = groups.split_first() {
            let value = nested(documents, outermost, inner, counts, query);
            facets.insert(outermost.name(), value);
        }
    }
    Value::Object(facets)
}

/// One count.
fn counted(documents: &[&Document], count: &Count, query: &Query) -> Value {
    if let Count::Cardinality(field) = count {
        return json!({"value": terms(documents, field).len()});
    }
    let groups = grouped(documents, count, query).into_iter();
    let groups = groups.map(|group| json!({"term": group.term, "count": group.documents.len()}));
    Value::Array(groups.collect())
}

/// Counts within groups, and groups within those.
fn nested(
    documents: &[&Document],
    outermost: &Count,
    inner: &[Count],
    counts: &[Count],
    query: &Query,
) -> Value {
    let groups = grouped(documents, outermost, query)
        .into_iter()
        .map(|group| {
            let mut facets = Map::new();
            if let Some((next, rest)) = inner.split_first() {
                let value = nested(&group.documents, next, rest, counts, query);
                facets.insert(next.name(), value);
            } else {
                for count in counts {
                    facets.insert(count.name(), counted(&group.documents, count, query));
                }
            }
            json!({"term": group.term, "count": group.documents.len(), "facets": facets})
        });
    Value::Array(groups.collect())
}

/// The groups of a count: the most frequent values first, intervals in their order.
fn grouped<'a>(documents: &[&'a Document], count: &Count, query: &Query) -> Vec<Group<'a>> {
    match count {
        Count::Histogram(field) => intervals(documents, field, query.interval_of(field)),
        Count::Terms(field) | Count::Cardinality(field) => {
            let mut groups = terms(documents, field);
            groups.sort_by_key(|group| std::cmp::Reverse(group.documents.len()));
            groups.truncate(usize::try_from(query.facets_size).unwrap_or(usize::MAX));
            groups
        }
    }
}

/// Groups by value, in the order of values.
fn terms<'a>(documents: &[&'a Document], field: &Field) -> Vec<Group<'a>> {
    groups(documents, field, |datum| (datum.clone(), datum.term()))
}

/// Groups by interval, in the order of intervals; empty ones are left out.
fn intervals<'a>(documents: &[&'a Document], field: &Field, width: Interval) -> Vec<Group<'a>> {
    groups(documents, field, |datum| {
        let start = interval_start(datum, width);
        let term = start.term();
        (start, term)
    })
}

fn groups<'a>(
    documents: &[&'a Document],
    field: &Field,
    group_of: impl Fn(&Datum) -> (Datum, Value),
) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for document in documents {
        for datum in Datum::all_of(document, field) {
            let (key, term) = group_of(&datum);
            match groups.binary_search_by(|group| group.key.compare(&key)) {
                Ok(place) => {
                    let members = &mut groups[place].documents;
                    // A list may have a value twice.
                    if !members
                        .last()
                        .is_some_and(|last| std::ptr::eq(*last, *document))
                    {
                        members.push(document);
                    }
                }
                Err(place) => groups.insert(
                    place,
                    Group {
                        key,
                        term,
                        documents: vec![document],
                    },
                ),
            }
        }
    }
    groups
}

/// Where the interval of a value begins.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "intervals of numbers are for people to look at"
)]
fn interval_start(datum: &Datum, width: Interval) -> Datum {
    match (datum, width) {
        (Datum::Integer(number), Interval::Number(width)) => {
            Datum::Integer(((*number as f64 / width).floor() * width) as i64)
        }
        (Datum::Float(number), Interval::Number(width)) => {
            Datum::Float((number / width).floor() * width)
        }
        (Datum::Date(moment), Interval::Duration(width)) => {
            let width = width.as_secs().max(1);
            let start = moment.as_second().div_euclid(width) * width;
            Datum::Date(Timestamp::from_second(start).unwrap_or(*moment))
        }
        (Datum::Date(moment), Interval::Months(months)) => {
            Datum::Date(months_start(*moment, months).unwrap_or(*moment))
        }
        _ => datum.clone(),
    }
}

/// The beginning of the month, the quarter or the year.
fn months_start(moment: Timestamp, months: i64) -> Option<Timestamp> {
    let first = time::date(moment).first_of_month();
    let over = i64::from(first.month() - 1).rem_euclid(months);
    let first = first.checked_sub(over.months()).ok()?;
    TimeZone::UTC.to_timestamp(first.at(0, 0, 0, 0)).ok()
}
