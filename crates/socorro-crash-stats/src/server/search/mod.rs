//! Super Search over crashes in memory.

mod datum;
mod facets;
mod fit;

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use self::{datum::Datum, fit::Prepared};
use crate::query::{Field, Query, QueryError};

/// A processed crash.
type Document = Map<String, Value>;

/// Finds crashes and counts them: `hits`, `total` and `facets` of an answer.
///
/// # Errors
///
/// When a filter cannot be used.
pub(super) fn run<'a>(
    documents: impl Iterator<Item = &'a Document>,
    query: &Query,
) -> Result<Value, QueryError> {
    let filters = Prepared::new(query)?;
    let mut found: Vec<&Document> = documents.filter(|document| filters.fit(document)).collect();
    sort(&mut found, query);
    let offset = usize::try_from(query.results.offset).unwrap_or(usize::MAX);
    let number = usize::try_from(query.results.number).unwrap_or(usize::MAX);
    let shown = found.iter().skip(offset).take(number);
    Ok(json!({
        "hits": shown.map(|document| hit(document, &query.columns)).collect::<Vec<_>>(),
        "total": found.len(),
        "facets": facets::count(&found, query),
    }))
}

fn hit(document: &Document, columns: &[&'static Field]) -> Value {
    let members = columns.iter().map(|field| {
        let value = socorro_core::json::lookup_in(document, field.path());
        let value = value.cloned().unwrap_or(Value::Null);
        (field.name().to_owned(), unwrapped(value))
    });
    Value::Object(members.collect())
}

/// The item of a list of one.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::Array(mut items) if items.len() == 1 => items.remove(0),
        other => other,
    }
}

/// Crashes without a value come last, whatever the direction.
fn sort(found: &mut Vec<&Document>, query: &Query) {
    if query.sort.is_empty() {
        return;
    }
    let value = |document: &Document, field| Datum::all_of(document, field).into_iter().next();
    let keyed = found.drain(..).map(|document| {
        let steps = query.sort.iter();
        let key: Vec<Option<Datum>> = steps.map(|step| value(document, step.field)).collect();
        (key, document)
    });
    let mut keyed: Vec<_> = keyed.collect();
    keyed.sort_by(|(one, _), (other, _)| {
        let values = one.iter().zip(other);
        let steps = query
            .sort
            .iter()
            .zip(values)
            .map(|(step, values)| match values {
                (Some(one), Some(other)) if step.descending => other.compare(one),
                (Some(one), Some(other)) => one.compare(other),
                (one, other) => other.is_some().cmp(&one.is_some()),
            });
        steps.fold(Ordering::Equal, Ordering::then)
    });
    found.extend(keyed.into_iter().map(|(_, document)| document));
}
