//! The vectors of small functions around crash ids, messages and dates.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use socorro::{
    core::time::{self, Timestamp},
    prelude::*,
    processor::values::moment,
    queue::Message,
};

use crate::{Verdict, compare::difference};

pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let input = &case["input"];
    let text = || input.as_str().context("the input is not text");
    let found = match case["fn"].as_str().context("a case without fn")? {
        "is_crash_id_valid" => json!(CrashId::parse(text()?).is_ok()),
        "depth_from_crash_id" => json!(CrashId::parse(text()?).ok().map(|id| id.depth())),
        "date_from_crash_id" => json!(CrashId::parse(text()?).ok().map(|id| id.date().to_string())),
        "new_crash_id_suffix" => suffix(input)?,
        "date_to_string_utc" => {
            let seconds = input.as_i64().context("the input is not an integer")?;
            json!(time::isoformat(Timestamp::from_second(seconds)?))
        }
        "isoformat_to_time" => json!(moment(text()?).map_or(0.0, seconds)),
        "parse_task" => match Message::parse(text()?.as_bytes()) {
            Ok(Message::Process(job)) => json!([job.crash_id.as_str(), job.ruleset.as_str()]),
            _ => Value::Null,
        },
        name => bail!("there is no function {name}"),
    };
    if case["level"] == "fails" {
        return Ok(Verdict::Matched);
    }
    let differs = difference("result", &case["expected"]["result"], &found);
    Ok(differs.map_or(Verdict::Matched, Verdict::Differs))
}

/// Seconds since 1970 with their fraction.
#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of our time fit a float"
)]
fn seconds(moment: Timestamp) -> f64 {
    moment.as_microsecond() as f64 / 1e6
}

/// The last seven characters of a new id.
fn suffix(input: &Value) -> Result<Value> {
    let number = |value: &Value| value.as_i64().context("not an integer");
    let date = &input["date"];
    let date = Date::new(
        i16::try_from(number(&date[0])?)?,
        i8::try_from(number(&date[1])?)?,
        i8::try_from(number(&date[2])?)?,
    )?;
    let id = CrashId::mint(date, u8::try_from(number(&input["depth"])?)?);
    Ok(json!(id.as_str()[29..]))
}
