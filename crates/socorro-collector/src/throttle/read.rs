//! Reading rules from TOML.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use regex::{Regex, RegexBuilder};
use toml::Table;

use super::{
    Problem, ThrottleResult,
    condition::{Condition, Field, Test},
    node::{Fields, Node},
    rules::{Action, NO_MATCH, Rule, Rules, Sampling, Scope},
    warnings,
};

/// How many rules a file may have.
const MAX_RULES: usize = 1000;
/// How deep conditions may nest.
const MAX_DEPTH: usize = 16;
/// How large a compiled regular expression may be, in bytes.
const MAX_REGEX: usize = 1 << 20;
/// How long the name of a rule may be.
const MAX_NAME: usize = 100;

const RESULTS: [(&str, Option<ThrottleResult>); 5] = [
    ("accept", Some(ThrottleResult::Accept)),
    ("defer", Some(ThrottleResult::Defer)),
    ("reject", Some(ThrottleResult::Reject)),
    ("fake_accept", Some(ThrottleResult::FakeAccept)),
    ("continue", None),
];

const SAMPLINGS: [(&str, Sampling); 2] = [("random", Sampling::Random), ("hash", Sampling::Hash)];

/// What a condition asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Exists,
    Missing,
    Equal,
    EqualIgnoringCase,
    NotEqual,
    In,
    NotIn,
    StartsWith,
    LessThan,
    GreaterThan,
    IntegerBetween,
    Matches,
    BuildDate,
    ProductSupported,
    PackageSupported,
    ProductListed,
    MinDumpBytes,
    MaxDumpBytes,
    UserAgent,
}

const OPERATORS: [(&str, Operator); 19] = [
    ("exists", Operator::Exists),
    ("missing", Operator::Missing),
    ("eq", Operator::Equal),
    ("eq_ignore_case", Operator::EqualIgnoringCase),
    ("ne", Operator::NotEqual),
    ("in", Operator::In),
    ("not_in", Operator::NotIn),
    ("starts_with", Operator::StartsWith),
    ("lt", Operator::LessThan),
    ("gt", Operator::GreaterThan),
    ("int_between", Operator::IntegerBetween),
    ("matches", Operator::Matches),
    ("build_date_older_than_days", Operator::BuildDate),
    ("product_supported", Operator::ProductSupported),
    ("package_supported", Operator::PackageSupported),
    ("product_listed", Operator::ProductListed),
    ("min_dump_bytes", Operator::MinDumpBytes),
    ("max_dump_bytes", Operator::MaxDumpBytes),
    ("user_agent", Operator::UserAgent),
];

/// Reads all rules.
pub(super) fn rules(text: &str) -> Result<Rules, Problem> {
    let document: Table = text.parse().map_err(|error| syntax(text, &error))?;
    let document = Fields::new(&document, "", &["products", "packages", "sampling", "rule"])?;
    let products = document.get("products").map(|node| node.texts());
    let sampling = document
        .get("sampling")
        .map(|node| node.one_of("sampling", &SAMPLINGS));
    let items = document.get("rule").map(|node| node.items());
    let items = items.transpose()?.unwrap_or_default();
    if items.len() > MAX_RULES {
        return Err(Problem::TooLarge {
            limit: MAX_RULES,
            of: "rules",
        });
    }
    let scope = Scope {
        products: products
            .transpose()?
            .unwrap_or_default()
            .into_iter()
            .collect(),
        packages: packages(document.get("packages").as_ref())?,
    };
    let mut names = BTreeSet::new();
    let mut rules = Vec::with_capacity(items.len());
    for item in &items {
        let rule = rule(item)?;
        if !names.insert(Arc::clone(&rule.name)) {
            let reason = format!("there is another rule of the name {:?}", rule.name);
            return Err(item.wrong(reason));
        }
        rules.push(rule);
    }
    Ok(Rules {
        warnings: warnings::of(&rules, &scope),
        scope,
        sampling: sampling.transpose()?.unwrap_or_default(),
        rules,
        no_match: NO_MATCH.into(),
    })
}

fn syntax(text: &str, error: &toml::de::Error) -> Problem {
    let offset = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Problem::Syntax {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        reason: error.message().replace('\n', " "),
    }
}

fn packages(node: Option<&Node<'_>>) -> Result<BTreeMap<String, BTreeSet<String>>, Problem> {
    let mut packages = BTreeMap::new();
    let entries = node.map(Node::entries).transpose()?;
    for (product, names) in entries.into_iter().flatten() {
        packages.insert(product.to_owned(), names.texts()?.into_iter().collect());
    }
    Ok(packages)
}

fn rule(node: &Node<'_>) -> Result<Rule, Problem> {
    let fields = node.table(&["name", "when", "do", "sample", "stop_sending"])?;
    let name = fields.require("name")?;
    let text = name.text()?;
    let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if text.is_empty() || text.len() > MAX_NAME || !text.bytes().all(well_formed) {
        return Err(name.wrong(format!(
            "the name of a rule has 1 to {MAX_NAME} ASCII letters, digits and '_'; clients see it"
        )));
    }
    // From here on the name tells the place better than a number.
    let fields = fields.at(format!("rule {text:?}"));
    let when = fields.get("when").map(|when| condition(&when, 0));
    let action = match (fields.get("do"), fields.get("sample")) {
        (Some(result), None) => Action::Do(result.one_of("outcome", &RESULTS)?),
        (None, Some(sample)) => sampled(&sample)?,
        (None, None) => {
            return Err(fields.wrong("`do` is missing: what to do with the reports that match"));
        }
        (Some(_), Some(_)) => return Err(fields.wrong("`do` and `sample` exclude each other")),
    };
    let stop_sending = fields.get("stop_sending");
    Ok(Rule {
        name: text.into(),
        condition: when.transpose()?.unwrap_or(Condition::Always),
        action,
        stop_sending: stop_sending.map(|node| one_line(&node)).transpose()?,
    })
}

fn sampled(node: &Node<'_>) -> Result<Action, Problem> {
    let sample = node.table(&["percent", "below", "above"])?;
    let result = |key: &str| sample.require(key)?.one_of("outcome", &RESULTS);
    Ok(Action::Sample {
        percent: sample.require("percent")?.percent()?,
        below: result("below")?,
        above: result("above")?,
    })
}

/// Text that goes into a line of the answer.
fn one_line(node: &Node<'_>) -> Result<Arc<str>, Problem> {
    let text = node.text()?;
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(node.wrong("it must be one line of text; it becomes one of the answer"));
    }
    Ok(text.into())
}

fn condition(node: &Node<'_>, depth: usize) -> Result<Condition, Problem> {
    if depth > MAX_DEPTH {
        return Err(node.wrong(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    let fields = node.table(&[
        "all", "any", "not", "field", "json", "default", "op", "value",
    ])?;
    let several = |key: &str| -> Result<Vec<Condition>, Problem> {
        let items = fields.require(key)?.items()?;
        items
            .iter()
            .map(|item| condition(item, depth + 1))
            .collect()
    };
    match *fields.present(&[
        "all", "any", "not", "op", "field", "json", "default", "value",
    ]) {
        ["all"] => Ok(Condition::All(several("all")?)),
        ["any"] => Ok(Condition::Any(several("any")?)),
        ["not"] => Ok(Condition::Not(Box::new(condition(
            &fields.require("not")?,
            depth + 1,
        )?))),
        [combinator @ ("all" | "any" | "not"), ..] => {
            Err(fields.wrong(format!("`{combinator}` stands alone")))
        }
        _ => comparison(&fields),
    }
}

fn comparison(fields: &Fields<'_>) -> Result<Condition, Problem> {
    let operator_node = fields.require("op")?;
    let operator = operator_node.one_of("operator", &OPERATORS)?;
    let needs_value = !matches!(
        operator,
        Operator::Exists
            | Operator::Missing
            | Operator::ProductSupported
            | Operator::PackageSupported
    );
    let word = operator_node.text()?;
    match fields.get("value") {
        Some(value) if !needs_value => Err(value.wrong(format!("`{word}` takes no value"))),
        None if needs_value => Err(fields.wrong(format!("`{word}` needs a `value`"))),
        value => match special(operator, value.as_ref())? {
            Some(condition) => match fields.present(&["field", "json", "default"])[..] {
                [] => Ok(condition),
                [key, ..] => Err(fields.wrong(format!("`{word}` takes no `{key}`"))),
            },
            None => Ok(Condition::Field(
                field(fields, operator)?,
                test(operator, value.as_ref(), fields)?,
            )),
        },
    }
}

/// Operators that look at something else than one annotation.
fn special(operator: Operator, value: Option<&Node<'_>>) -> Result<Option<Condition>, Problem> {
    Ok(Some(match (operator, value) {
        (Operator::ProductSupported, _) => Condition::ProductSupported,
        (Operator::PackageSupported, _) => Condition::PackageSupported,
        (Operator::ProductListed, Some(value)) => Condition::ProductListed(value.text()?.into()),
        (Operator::MinDumpBytes, Some(value)) => Condition::MinDumpBytes(value.count()?),
        (Operator::MaxDumpBytes, Some(value)) => Condition::MaxDumpBytes(value.count()?),
        (Operator::UserAgent, Some(value)) => Condition::UserAgent(regex(value)?),
        _ => return Ok(None),
    }))
}

fn field(fields: &Fields<'_>, operator: Operator) -> Result<Field, Problem> {
    let text = |key: &str| {
        let node = fields.get(key);
        node.map(|node| node.text().map(str::to_owned)).transpose()
    };
    let Some(name) = text("field")? else {
        return Err(fields.wrong("`field` is missing: which annotation to look at"));
    };
    let pointer = text("json")?;
    if let Some(pointer) = &pointer
        && !pointer.is_empty()
        && !pointer.starts_with('/')
    {
        let reason = "a JSON pointer begins with '/', as \"/system/os/name\" does";
        return Err(fields.require("json")?.wrong(reason));
    }
    let default = text("default")?;
    if default.is_some() && matches!(operator, Operator::Exists | Operator::Missing) {
        return Err(fields.wrong("with a `default`, the annotation is never missing"));
    }
    Ok(Field {
        name,
        pointer,
        default,
    })
}

fn test(
    operator: Operator,
    value: Option<&Node<'_>>,
    fields: &Fields<'_>,
) -> Result<Test, Problem> {
    let Some(value) = value else {
        return Ok(match operator {
            Operator::Missing => Test::Missing,
            _ => Test::Exists,
        });
    };
    let text = || value.text().map(str::to_owned);
    Ok(match operator {
        Operator::Equal => Test::Equal(text()?),
        Operator::EqualIgnoringCase => Test::EqualIgnoringCase(text()?),
        Operator::NotEqual => Test::NotEqual(text()?),
        Operator::In => Test::In(value.texts()?),
        Operator::NotIn => Test::NotIn(value.texts()?),
        Operator::StartsWith => Test::StartsWith(value.text_or_texts()?),
        Operator::LessThan => Test::LessThan(text()?),
        Operator::GreaterThan => Test::GreaterThan(text()?),
        Operator::IntegerBetween => range(value)?,
        Operator::Matches => Test::Matches(regex(value)?),
        Operator::BuildDate => Test::BuildDateOlderThanDays(value.count()?),
        _ => return Err(fields.wrong("the operator looks at no annotation")),
    })
}

fn range(value: &Node<'_>) -> Result<Test, Problem> {
    let [low, high] = &value.items()?[..] else {
        return Err(value.wrong("expected two integers: the least and the greatest"));
    };
    let (low, high) = (low.integer()?, high.integer()?);
    if low > high {
        return Err(value.wrong(format!("nothing lies between {low} and {high}")));
    }
    Ok(Test::IntegerBetween(low, high))
}

/// A regular expression. The engine takes linear time: there is no look-around, and there are no
/// back-references.
fn regex(value: &Node<'_>) -> Result<Regex, Problem> {
    RegexBuilder::new(value.text()?)
        .size_limit(MAX_REGEX)
        .dfa_size_limit(MAX_REGEX)
        .build()
        .map_err(|error| {
            let lines: Vec<_> = error
                .to_string()
                .lines()
                .map(str::trim)
                .map(str::to_owned)
                .collect();
            value.wrong(lines.join(" "))
        })
}
