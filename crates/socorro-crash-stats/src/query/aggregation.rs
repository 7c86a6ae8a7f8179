//! What is counted beside the results.

use jiff::{SignedDuration, Span};

use super::{Field, FieldType, Parameters, QueryError};

/// How deep aggregations go.
const DEEPEST: usize = 3;

/// Something that is counted: over all results, or over those of one value of something else.
#[derive(Debug, Clone, PartialEq)]
pub enum Count {
    /// How many there are of each value.
    Terms(&'static Field),
    /// How many values there are: `_cardinality.{field}`.
    Cardinality(&'static Field),
    /// How many there are in each interval of values: `_histogram.{field}`.
    Histogram(&'static Field),
}

impl Count {
    fn read(text: &str) -> Result<Self, QueryError> {
        if let Some(field) = text.strip_prefix("_cardinality.") {
            return Ok(Self::Cardinality(Field::named(field)?));
        }
        if let Some(field) = text.strip_prefix("_histogram.") {
            return Ok(Self::Histogram(measured("_facets", Field::named(field)?)?));
        }
        Ok(Self::Terms(Field::named(text)?))
    }

    /// Reads all of a list of values.
    pub(super) fn read_all<'a>(
        values: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<Self>, QueryError> {
        values
            .filter(|value| !value.is_empty())
            .map(Self::read)
            .collect()
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> &'static Field {
        match self {
            Self::Terms(field) | Self::Cardinality(field) | Self::Histogram(field) => field,
        }
    }

    /// What the result is called.
    #[must_use]
    pub fn name(&self) -> String {
        let field = self.field().name();
        match self {
            Self::Terms(_) => field.to_owned(),
            Self::Cardinality(_) => format!("cardinality_{field}"),
            Self::Histogram(_) => format!("histogram_{field}"),
        }
    }
}

/// Counts within the values of a field: `_aggs.{field}`, `_aggs.{field}.{field}`,
/// `_histogram.{field}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// What makes the groups, from the outermost; at least one.
    pub groups: Vec<Count>,
    /// What is counted in each of the innermost groups.
    pub counts: Vec<Count>,
}

impl Aggregation {
    /// Reads a parameter, if it is one of those.
    pub(super) fn read(name: &str, parameters: &Parameters) -> Result<Option<Self>, QueryError> {
        let groups = if let Some(fields) = name.strip_prefix("_aggs.") {
            let fields: Vec<&str> = fields.split('.').collect();
            if fields.len() > DEEPEST {
                return Err(QueryError::UnknownField(fields.join(".")));
            }
            let terms = |field: &&str| Ok(Count::Terms(Field::named(field)?));
            fields
                .iter()
                .map(terms)
                .collect::<Result<_, QueryError>>()?
        } else if let Some(field) = name.strip_prefix("_histogram.") {
            vec![Count::Histogram(measured(name, Field::named(field)?)?)]
        } else {
            return Ok(None);
        };
        let counts = Count::read_all(parameters.values(name))?;
        Ok(Some(Self { groups, counts }))
    }

    /// All fields in it.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.groups.iter().chain(&self.counts).map(Count::field)
    }
}

/// How wide the intervals of a histogram are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Interval {
    /// Of a number.
    Number(f64),
    /// Of a date, the same everywhere.
    Duration(SignedDuration),
    /// Of a date, by the calendar: a month, a quarter, a year.
    Months(i64),
}

impl Interval {
    /// What holds for a field unless a search says otherwise.
    #[must_use]
    pub fn default_of(field: &Field) -> Self {
        match field.kind() {
            FieldType::Date => Self::Duration(SignedDuration::from_hours(24)),
            _ => Self::Number(1.0),
        }
    }

    /// Reads an interval: a number above zero; for dates `day`, `hour` and so on, or a number with
    /// the first letter of a unit, `12h`.
    pub(super) fn read(parameter: &str, field: &Field, text: &str) -> Result<Self, QueryError> {
        let bad = || QueryError::bad_value(parameter, "interval");
        if field.kind() == FieldType::Date {
            return date_interval(text).ok_or_else(bad);
        }
        let number: f64 = text.trim().parse().map_err(|_| bad())?;
        if number.is_finite() && number > 0.0 {
            Ok(Self::Number(number))
        } else {
            Err(bad())
        }
    }
}

fn date_interval(text: &str) -> Option<Interval> {
    let months = match text {
        "month" | "1M" => 1,
        "quarter" | "1q" => 3,
        "year" | "1y" => 12,
        _ => 0,
    };
    if months > 0 {
        return Some(Interval::Months(months));
    }
    let (number, unit) = match text {
        "second" => (1, "s"),
        "minute" => (1, "m"),
        "hour" => (1, "h"),
        "day" => (1, "d"),
        "week" => (1, "w"),
        _ => {
            let unit = text.get(text.len().checked_sub(1)?..)?;
            (text.strip_suffix(unit)?.parse().ok()?, unit)
        }
    };
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let seconds = i64::from(Some(number).filter(|number| *number > 0_u32)?) * seconds;
    Some(Interval::Duration(SignedDuration::from_secs(seconds)))
}

/// The field, if it has values that intervals can be made of.
fn measured(parameter: &str, field: &'static Field) -> Result<&'static Field, QueryError> {
    match field.kind() {
        FieldType::Date | FieldType::Integer | FieldType::Float => Ok(field),
        _ => Err(QueryError::bad_value(parameter, "field for a histogram")),
    }
}

impl Interval {
    /// The calendar span of months, where it is one.
    #[must_use]
    pub fn months(self) -> Option<Span> {
        match self {
            Self::Months(months) => Some(Span::new().months(months)),
            _ => None,
        }
    }
}
