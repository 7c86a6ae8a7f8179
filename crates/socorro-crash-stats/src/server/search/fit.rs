//! Whether a crash fits a query.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::datum::Datum;
use crate::query::{Comparison, Condition, Dates, Field, Filter, Operand, Query, QueryError};

/// How large a compiled expression may be, in bytes.
const EXPRESSION: usize = 1 << 20;

/// The filters of a query, ready to be used.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    dates: Dates,
    /// The filters of each field.
    fields: Vec<(&'static Field, Vec<Test<'a>>)>,
}

#[derive(Debug)]
struct Test<'a> {
    filter: &'a Filter,
    /// For conditions that text has to match.
    expression: Option<Regex>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(query: &'a Query) -> Result<Self, QueryError> {
        let mut fields: Vec<(&'static Field, Vec<Test<'a>>)> = Vec::new();
        for filter in &query.filters {
            let test = Test {
                filter,
                expression: expression(filter)?,
            };
            match fields.iter_mut().find(|(field, _)| *field == filter.field) {
                Some((_, tests)) => tests.push(test),
                None => fields.push((filter.field, vec![test])),
            }
        }
        Ok(Self {
            dates: query.dates,
            fields,
        })
    }

    pub(super) fn fit(&self, document: &Map<String, Value>) -> bool {
        self.is_in_window(document)
            && self.fields.iter().all(|(field, tests)| {
                let data = Datum::all_of(document, field);
                alternatives(tests, &data)
            })
    }

    fn is_in_window(&self, document: &Map<String, Value>) -> bool {
        Field::named("date").is_ok_and(|field| {
            Datum::all_of(document, field)
                .iter()
                .any(|datum| matches!(datum, Datum::Date(moment) if self.dates.contain(*moment)))
        })
    }
}

/// Filters of one field are alternatives, from first to last; ranges narrow what is before them.
fn alternatives(tests: &[Test<'_>], data: &[Datum]) -> bool {
    let fits = tests.iter().fold(None, |before: Option<bool>, test| {
        let fits = test.fits(data);
        Some(match (before, &test.filter.condition) {
            (None, _) => fits,
            (Some(before), Condition::Compared(..)) => before && fits,
            (Some(before), _) => before || fits,
        })
    });
    fits.unwrap_or(true)
}

impl Test<'_> {
    fn fits(&self, data: &[Datum]) -> bool {
        let any = |test: &dyn Fn(&Datum) -> bool| data.iter().any(test);
        let fits = match &self.filter.condition {
            Condition::Missing => data.is_empty(),
            Condition::True => any(&|datum| *datum == Datum::Bool(true)),
            Condition::AnyOf(operands) => any(&|datum| {
                operands
                    .iter()
                    .any(|operand| is(datum, operand, self.filter.field))
            }),
            Condition::Compared(comparison, operand) => {
                any(&|datum| compares(datum, *comparison, operand))
            }
            Condition::Exactly(text) => {
                any(&|datum| matches!(datum, Datum::Text(own) if own == text))
            }
            Condition::Contains(_)
            | Condition::StartsWith(_)
            | Condition::EndsWith(_)
            | Condition::Matches(_) => any(&|datum| self.matches(datum)),
        };
        fits != self.filter.negated
    }

    fn matches(&self, datum: &Datum) -> bool {
        match (datum, &self.expression) {
            (Datum::Text(text), Some(expression)) => expression.is_match(text),
            _ => false,
        }
    }
}

/// The expression for the whole of a text.
fn expression(filter: &Filter) -> Result<Option<Regex>, QueryError> {
    let pattern = match &filter.condition {
        Condition::Contains(text) => format!(".*{}.*", wildcards(text)),
        Condition::StartsWith(text) => format!("{}.*", wildcards(text)),
        Condition::EndsWith(text) => format!(".*{}", wildcards(text)),
        Condition::Matches(expression) => expression.clone(),
        _ => return Ok(None),
    };
    let expression = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .dot_matches_new_line(true)
        .size_limit(EXPRESSION)
        .build();
    expression.map(Some).map_err(|_| QueryError::BadValue {
        parameter: filter.field.name().to_owned(),
        kind: "regular expression",
    })
}

/// An expression for text in which `*` and `?` stand for any characters.
fn wildcards(text: &str) -> String {
    regex::escape(text).replace(r"\*", ".*").replace(r"\?", ".")
}

fn is(datum: &Datum, operand: &Operand, field: &Field) -> bool {
    match (datum, operand) {
        (Datum::Text(text), Operand::Text(wanted)) => {
            let whole = text.to_lowercase() == wanted.to_lowercase();
            whole || (has_words(field) && words_are_in(wanted, text))
        }
        (Datum::Integer(number), Operand::Integer(wanted)) => number == wanted,
        (Datum::Float(number), Operand::Float(wanted)) => number == wanted,
        (Datum::Bool(truth), Operand::Bool(wanted)) => truth == wanted,
        _ => false,
    }
}

/// Whether single words of a field are found: of text, and of platforms, so that `Windows` finds
/// `Windows NT`.
fn has_words(field: &Field) -> bool {
    field.kind() == crate::query::FieldType::String || field.name() == "platform"
}

fn words_are_in(wanted: &str, text: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
        words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (wanted, text) = (words(wanted), words(text));
    !wanted.is_empty() && wanted.iter().all(|word| text.contains(word))
}

fn compares(datum: &Datum, comparison: Comparison, operand: &Operand) -> bool {
    let order = match (datum, operand) {
        (Datum::Integer(number), Operand::Integer(limit)) => number.cmp(limit),
        (Datum::Float(number), Operand::Float(limit)) => number.total_cmp(limit),
        _ => return false,
    };
    match order {
        Ordering::Equal => comparison.takes_equal(),
        Ordering::Greater => comparison.wants_greater(),
        Ordering::Less => !comparison.wants_greater(),
    }
}
