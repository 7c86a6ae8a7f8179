//! Which reports are kept.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use socorro_collector::throttle::{FixedDraws, Rules, Subject, Throttler as _};

use crate::Verdict;

pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let annotations = case["annotations"].as_object().context("no annotations")?;
    let draws = case["draws"].as_array().context("no draws")?;
    let mut draws = FixedDraws::new(draws.iter().filter_map(Value::as_f64).collect());
    let now = case["now"].as_str().context("no time")?;
    let subject = Subject {
        annotations,
        main_dump_size: None,
        main_dump_sha256: None,
        user_agent: None,
        now: now.parse()?,
    };
    let verdict = rules(case)?.throttle(&subject, &mut draws);

    let (upstream, want) = (&case["upstream"], &case["want"]);
    let decided = if want.is_null() { upstream } else { want };
    let mut differences = Vec::new();
    let mut compare = |name: &str, ours: Value, theirs: &Value| {
        if ours != *theirs {
            differences.push(format!("{name} is {ours} instead of {theirs}"));
        }
    };
    compare("rule", (&*verdict.rule).into(), &decided["rule"]);
    compare("result", verdict.result.name().into(), &decided["result"]);
    if want.is_null() {
        compare("draws_used", draws.used().into(), &upstream["draws_used"]);
        let percentage = upstream["percentage"].as_f64().context("no percentage")?;
        compare("percentage", verdict.percentage.into(), &percentage.into());
    }
    Ok(match &differences[..] {
        [] => Verdict::Matched,
        _ => Verdict::Differs(differences.join(", ")),
    })
}

/// The rules of a case.
fn rules(case: &Value) -> Result<Rules> {
    let rules = match &case["rules"] {
        Value::String(name) => Rules::preset(name).with_context(|| format!("no preset {name}"))?,
        Value::Array(rules) => {
            let text: Vec<_> = rules.iter().map(rule).collect::<Result<_>>()?;
            Rules::parse(&text.concat())?
        }
        other => bail!("unknown rules {other}"),
    };
    Ok(match &case["products"] {
        Value::String(name) if name == "mozilla" => rules,
        Value::String(name) if name == "all" => rules.with_products([""; 0]),
        Value::Array(products) => rules.with_products(products.iter().filter_map(Value::as_str)),
        other => bail!("unknown products {other}"),
    })
}

/// A rule of a case, which matches when its key is there, as TOML.
fn rule(rule: &Value) -> Result<String> {
    let text = |value: &Value| value.as_str().map(str::to_lowercase).context("no text");
    let action = match &rule["result"] {
        Value::Array(sample) => format!(
            "sample = {{ percent = {}, below = '{}', above = '{}' }}",
            sample[0],
            text(&sample[1])?,
            text(&sample[2])?
        ),
        result => format!("do = '{}'", text(result)?),
    };
    let when = match rule["key"].as_str().context("no key")? {
        "*" => String::new(),
        key => format!("when = {{ field = '{key}', op = 'exists' }}\n"),
    };
    let name = &rule["name"];
    Ok(format!("[[rule]]\nname = {name}\n{when}{action}\n"))
}
