//! The parameters of Super Search.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use socorro_crash_stats::query::{
    Bound, Comparison, Condition, Field, FieldType, Filter, Operand, Parameters, Query, moment,
};

use crate::Verdict;

/// The time at which the cases were recorded.
const NOW: &str = "2024-07-16T12:00:00Z";

/// Filters by field, each as JSON.
type Filters = BTreeMap<String, Vec<Value>>;

/// Runs a case: the same filters, or the same error.
pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let parameters = parameters(case)?;
    let parsed = Query::parse(&parameters, NOW.parse()?);
    if let Some(error) = case["error"].as_str() {
        let own = parsed.map_err(|error| format!("BadArgumentError: {error}"));
        return Ok(match own {
            Err(own) if own == error => Verdict::Matched,
            other => Verdict::Differs(format!("{other:?} instead of {error}")),
        });
    }
    let query = match parsed {
        Ok(query) => query,
        Err(error) => return Ok(Verdict::Differs(error.to_string())),
    };
    let expected = expected(&case["filters"])?;
    let own = filters(&query, expected.keys());
    Ok(if own == expected {
        Verdict::Matched
    } else {
        Verdict::Differs(format!("{own:?} instead of {expected:?}"))
    })
}

fn parameters(case: &Value) -> Result<Parameters> {
    let given = case["params"].as_object().context("no parameters")?;
    let mut parameters = Parameters::default();
    for (name, value) in given {
        match value {
            Value::String(text) => parameters.push(name, text),
            Value::Array(items) => {
                for item in items {
                    parameters.push(name, item.as_str().context("no text")?);
                }
            }
            other => bail!("a parameter that is neither text nor a list: {other}"),
        }
    }
    Ok(parameters)
}

/// The recorded filters in one form: moments without their zone, no operand where it means
/// nothing, in no particular order.
fn expected(recorded: &Value) -> Result<Filters> {
    let mut filters = Filters::new();
    for (name, recorded) in recorded.as_object().context("no filters")? {
        for filter in recorded.as_array().context("no list")? {
            let mut filter = filter.clone();
            let operator = filter["operator"].as_str().unwrap_or_default();
            if operator.starts_with("__") {
                filter["value"] = Value::Null;
            }
            if filter["type"] == "datetime" {
                let text = filter["value"].as_str().context("no moment")?;
                filter["value"] = json!(moment(text).context("no moment")?.to_string());
            }
            insert(&mut filters, name, filter);
        }
    }
    Ok(filters)
}

/// The filters of a query in that form, and those of the named other parameters.
fn filters<'a>(query: &Query, names: impl Iterator<Item = &'a String>) -> Filters {
    let mut filters = Filters::new();
    for (bound, inclusive, exclusive) in [
        (query.dates.from, Comparison::AtLeast, Comparison::Greater),
        (query.dates.to, Comparison::AtMost, Comparison::Less),
    ] {
        let Bound {
            moment,
            inclusive: takes,
        } = bound;
        let operator = if takes { inclusive } else { exclusive }.operator();
        let filter = described(operator, false, &json!(moment.to_string()), FieldType::Date);
        insert(&mut filters, "date", filter);
    }
    for filter in &query.filters {
        insert(&mut filters, filter.field.name(), of_field(filter));
    }
    for name in names {
        let (value, kind) = match &**name {
            "_results_number" => (json!([query.results.number]), FieldType::Integer),
            "_facets_size" => (json!([query.facets_size]), FieldType::Integer),
            "_columns" => {
                let names: Vec<&str> = query.columns.iter().map(|field| field.name()).collect();
                (json!(names), FieldType::Enum)
            }
            _ => continue,
        };
        insert(&mut filters, name, described("", false, &value, kind));
    }
    filters
}

fn of_field(filter: &Filter) -> Value {
    let Filter {
        field,
        negated,
        condition,
    } = filter;
    let value = match condition {
        Condition::AnyOf(operands) => operands.iter().map(operand).collect(),
        Condition::Exactly(text)
        | Condition::Contains(text)
        | Condition::StartsWith(text)
        | Condition::EndsWith(text)
        | Condition::Matches(text) => json!(text),
        Condition::Compared(_, value) => operand(value),
        Condition::Missing | Condition::True => Value::Null,
    };
    described(
        condition.operator(),
        *negated,
        &value,
        kind(field, condition),
    )
}

/// The type of the recorded value: a text operator makes text of an enum.
fn kind(field: &Field, condition: &Condition) -> FieldType {
    match condition {
        Condition::StartsWith(_) => FieldType::String,
        _ => field.kind(),
    }
}

fn operand(operand: &Operand) -> Value {
    match operand {
        Operand::Text(text) => json!(text),
        Operand::Integer(number) => json!(number),
        Operand::Float(number) => json!(number),
        Operand::Bool(truth) => json!(truth),
    }
}

fn described(operator: &str, negated: bool, value: &Value, kind: FieldType) -> Value {
    json!({"operator": operator, "not": negated, "value": value, "type": kind.name()})
}

fn insert(filters: &mut Filters, name: &str, filter: Value) {
    let of_name = filters.entry(name.to_owned()).or_default();
    of_name.push(filter);
    of_name.sort_by_key(Value::to_string);
}
