//! The language of Super Search: parameters in, a [`Query`] out.
//!
//! `{field}=[!][operator]{value}`, as often as one likes, says what crashes have to be like.
//! Parameters that begin with `_` say what is wanted of them.
//!
//! | Values | Operators |
//! |---|---|
//! | text | `=` is exactly, `~` contains, `^` begins with, `$` ends with, `@` regular expression, none: has the words |
//! | one of a few (enum) | none: is |
//! | numbers, dates | `>=`, `<=`, `<`, `>`, and for numbers none: is |
//! | true or not | `__true__` |
//! | all | `__null__` is missing; `!` before an operator or a value: not |
//!
//! An operator that a type does not know is part of the value. Values without operator are taken
//! together, any of them. Filters for one field are alternatives, but ranges narrow each other; those
//! of different fields have to fit all.
//!
//! ```
//! use socorro_crash_stats::query::{Condition, Parameters, Query};
//!
//! let parameters = Parameters::from_query("product=Firefox&signature=!~JS::&_results_number=10");
//! let query = Query::parse(&parameters, "2024-07-16T12:00:00Z".parse()?)?;
//! assert_eq!(query.results.number, 10);
//! assert_eq!(query.filters[1].condition, Condition::Contains("JS::".into()));
//! assert!(query.filters[1].negated);
//! assert_eq!(query.dates.from.moment.to_string(), "2024-07-09T12:00:00Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The language is that of Mozilla's Crash Stats, its limits and error texts included.

mod aggregation;
mod dates;
mod error;
mod fields;
mod filter;
mod parameters;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use socorro_core::schema::Permission;

pub use aggregation::{Aggregation, Count, Interval};
pub use dates::{Bound, Dates, moment};
pub use error::QueryError;
pub use fields::{Field, FieldType};
pub use filter::{Comparison, Condition, Filter, Operand};
pub use parameters::Parameters;

/// How far into the results of one search anybody gets.
pub const MOST_RESULTS: u64 = 10_000;
/// How many results one answer has at most.
pub const MOST_RESULTS_AT_ONCE: u64 = 1_000;
/// How many values of a facet are told at most.
const MOST_FACETS: u64 = 10_000;

/// The columns, when a search names none.
const COLUMNS: [&str; 5] = ["uuid", "date", "signature", "product", "version"];

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// When the crashes were received.
    pub dates: Dates,
    /// What they have to be like; filters of one field stand beside each other.
    pub filters: Vec<Filter>,
    /// What to tell of each: `_columns`.
    pub columns: Vec<&'static Field>,
    /// Which of the results: `_results_offset`, `_results_number`.
    pub results: Results,
    /// In which order: `_sort`.
    pub sort: Vec<Sort>,
    /// What to count over all of them: `_facets`.
    pub facets: Vec<Count>,
    /// How many values of each facet: `_facets_size`; with 0 nothing is counted.
    pub facets_size: u64,
    /// What to count within groups: `_aggs.…`, `_histogram.…`.
    pub aggregations: Vec<Aggregation>,
    /// How wide the intervals of histograms are, where it was said: `_histogram_interval.…`.
    pub intervals: Vec<(&'static Field, Interval)>,
    /// Whether to tell the query instead of its results: `_return_query`.
    pub return_query: bool,
}

/// A part of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Results {
    /// How many to leave out first.
    pub offset: u64,
    /// How many to give at most.
    pub number: u64,
}

/// A step of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By which field.
    pub field: &'static Field,
    /// From the greatest to the least: `-field`.
    pub descending: bool,
}

impl Query {
    /// Reads parameters. Those that nobody knows are left aside, as Crash Stats does.
    ///
    /// # Errors
    ///
    /// What Crash Stats answers 400 to.
    pub fn parse(parameters: &Parameters, now: Timestamp) -> Result<Self, QueryError> {
        let mut filters = Vec::new();
        let mut bounds = Vec::new();
        let mut aggregations = Vec::new();
        let mut intervals = Vec::new();
        for name in parameters.names() {
            if let Some(aggregation) = Aggregation::read(name, parameters)? {
                aggregations.push(aggregation);
            } else if let Some(field) = name.strip_prefix("_histogram_interval.") {
                let field = Field::named(field)?;
                for value in parameters.values(name) {
                    intervals.push((field, Interval::read(name, field, value)?));
                }
            } else if let Ok(field) = Field::named(name) {
                let values: Vec<&str> = parameters.values(name).collect();
                if field.kind() == FieldType::Date {
                    bounds = filter::date_bounds(name, &values)?;
                } else {
                    filters.extend(filter::read(field, &values)?);
                }
            }
        }
        Ok(Self {
            dates: Dates::between(bounds, now)?,
            filters,
            columns: columns(parameters)?,
            results: Results::read(parameters)?,
            sort: sort(parameters)?,
            facets: facets(parameters)?,
            facets_size: facets_size(parameters)?,
            aggregations,
            intervals,
            return_query: flag(parameters, "_return_query"),
        })
    }

    /// How wide the intervals of a field's histogram are.
    #[must_use]
    pub fn interval_of(&self, field: &Field) -> Interval {
        let said = self
            .intervals
            .iter()
            .rev()
            .find(|(known, _)| *known == field);
        said.map_or_else(|| Interval::default_of(field), |(_, interval)| *interval)
    }

    /// The protected fields that it names, which not everybody may see.
    #[must_use]
    pub fn protected_fields(&self) -> Vec<&'static Field> {
        let filters = self.filters.iter().map(|filter| filter.field);
        let columns = self.columns.iter().copied();
        let sort = self.sort.iter().map(|step| step.field);
        let facets = self.facets.iter().map(Count::field);
        let groups = self.aggregations.iter().flat_map(Aggregation::fields);
        let named = filters
            .chain(columns)
            .chain(sort)
            .chain(facets)
            .chain(groups);
        let mut fields: Vec<_> = named.filter(|field| is_protected(field)).collect();
        fields.sort_by_key(|field| field.name());
        fields.dedup();
        fields
    }

    /// The same without everything that names a protected field. With a filter less it finds
    /// *more*.
    #[must_use]
    pub fn without_protected_fields(mut self) -> Self {
        self.filters.retain(|filter| !is_protected(filter.field));
        self.columns.retain(|field| !is_protected(field));
        self.sort.retain(|step| !is_protected(step.field));
        self.facets.retain(|count| !is_protected(count.field()));
        self.aggregations
            .retain(|aggregation| !aggregation.fields().any(is_protected));
        self
    }
}

fn is_protected(field: &Field) -> bool {
    field.permission() == Permission::Protected
}

impl Results {
    fn read(parameters: &Parameters) -> Result<Self, QueryError> {
        let offset = number(parameters, "_results_offset", 0)?;
        let number = number(parameters, "_results_number", 100)?;
        if number > MOST_RESULTS_AT_ONCE {
            return Err(QueryError::TooGreat {
                parameter: "_results_number",
                limit: "1,000",
            });
        }
        if offset.saturating_add(number) > MOST_RESULTS {
            return Err(QueryError::TooGreat {
                parameter: "_results_offset + _results_number",
                limit: "10,000",
            });
        }
        Ok(Self { offset, number })
    }
}

/// The number that a parameter has, which must not be negative.
fn number(parameters: &Parameters, name: &'static str, default: u64) -> Result<u64, QueryError> {
    let Some(text) = parameters.values(name).next() else {
        return Ok(default);
    };
    let number: i64 = text
        .trim()
        .parse()
        .map_err(|_| QueryError::bad_value(name, "int"))?;
    u64::try_from(number).map_err(|_| QueryError::Negative(name))
}

fn flag(parameters: &Parameters, name: &str) -> bool {
    let truth = |value: &str| ["1", "true"].contains(&&*value.to_ascii_lowercase());
    parameters.values(name).any(truth)
}

/// The values of a list, without empty ones.
fn list<'a>(parameters: &'a Parameters, name: &str) -> Vec<&'a str> {
    let values = parameters.values(name);
    values.filter(|value| !value.is_empty()).collect()
}

fn columns(parameters: &Parameters) -> Result<Vec<&'static Field>, QueryError> {
    let named = list(parameters, "_columns");
    let names = if named.is_empty() {
        &COLUMNS[..]
    } else {
        &named
    };
    names.iter().map(|name| Field::named(name)).collect()
}

fn sort(parameters: &Parameters) -> Result<Vec<Sort>, QueryError> {
    let steps = list(parameters, "_sort").into_iter().map(|step| {
        let name = step.strip_prefix('-');
        Ok(Sort {
            field: Field::named(name.unwrap_or(step))?,
            descending: name.is_some(),
        })
    });
    steps.collect()
}

fn facets(parameters: &Parameters) -> Result<Vec<Count>, QueryError> {
    let named = list(parameters, "_facets");
    if named.is_empty() {
        return Count::read_all(["signature"].into_iter());
    }
    Count::read_all(named.into_iter())
}

fn facets_size(parameters: &Parameters) -> Result<u64, QueryError> {
    let size = number(parameters, "_facets_size", 50)?;
    if size > MOST_FACETS {
        return Err(QueryError::TooGreat {
            parameter: "_facets_size",
            limit: "10,000",
        });
    }
    Ok(size)
}
