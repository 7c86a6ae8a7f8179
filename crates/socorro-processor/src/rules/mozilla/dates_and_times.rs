//! When it crashed.

use serde_json::{Number, Value};
use socorro_core::{
    json::type_name,
    time::{Timestamp, isoformat},
};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::{as_integer, integer, moment},
};

/// How many characters of `CrashTime` count: seconds since 1970 until the year 2286.
const CRASH_TIME_LENGTH: usize = 10;

/// Says when the report came, when the program crashed, how long it had been running and since when
/// it was installed.
///
/// The clock of the client may be wrong, so its times show only in relation to each other. A report
/// without the time at which it came gets the day of its crash id. Source: Socorro
/// `DatesAndTimesRule`, which fails then.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatesAndTimes;

impl Rule for DatesAndTimes {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "DatesAndTimesRule",
            purpose: "say when it crashed and how long the program had been running",
            reads: &[
                Item::Annotation("submitted_timestamp"),
                Item::Annotation("CrashTime"),
                Item::Annotation("InstallTime"),
                Item::Annotation("SecondsSinceLastCrash"),
                Item::Field("startup_time"),
            ],
            writes: &[
                Item::Field("submitted_timestamp"),
                Item::Field("date_processed"),
                Item::Field("crash_time"),
                Item::Field("client_crash_date"),
                Item::Field("install_age"),
                Item::Field("uptime"),
                Item::Field("last_crash"),
            ],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let submitted = submitted(crash);
        let came = moment(&submitted).map_or(0, Timestamp::as_second);
        let crashed = crash_time(crash, came);
        let started = startup_time(crash).unwrap_or(crashed.into());
        let installed = install_time(crash).unwrap_or(started);
        let last = last_crash(crash);

        let processed = &mut crash.processed;
        processed.set("submitted_timestamp", submitted.clone());
        processed.set("date_processed", submitted);
        processed.set("crash_time", crashed);
        let date = Timestamp::from_second(crashed).unwrap_or_default();
        processed.set("client_crash_date", isoformat(date));
        processed.set("install_age", number(i128::from(crashed) - installed));
        processed.set("uptime", number((i128::from(crashed) - started).max(0)));
        processed.set("last_crash", last.map_or(Value::Null, Value::Number));
        Ok(())
    }
}

/// When the report came, as the collector wrote it, or else the day in the crash id.
fn submitted(crash: &mut Crash) -> String {
    if !crash.raw.contains("submitted_timestamp") {
        crash.note("DatesAndTimesRule: submitted_timestamp is missing");
    }
    let day = crash.id.date();
    crash
        .text_annotation("submitted_timestamp")
        .unwrap_or_else(|| format!("{day}T00:00:00+00:00"))
}

/// Seconds since 1970 at which the program crashed by its own clock; `came` if that is not known.
fn crash_time(crash: &mut Crash, came: i64) -> i64 {
    let time = match crash.raw.get("CrashTime") {
        None => {
            crash.note("WARNING: raw_crash missing CrashTime");
            came
        }
        Some(Value::String(text)) => {
            let digits: String = text.chars().take(CRASH_TIME_LENGTH).collect();
            let time = integer(&digits).and_then(|time| time.as_i64());
            if time.is_none() {
                crash.note("non-integer value of \"CrashTime\"");
            }
            time.unwrap_or(0)
        }
        Some(other) => {
            // Its type only: notes are public.
            let found = type_name(other);
            crash.note(format!(
                "WARNING: raw_crash[CrashTime] contains unexpected value: {found}"
            ));
            came
        }
    };
    if time == came {
        crash.note("client_crash_date is unknown");
    }
    time
}

fn startup_time(crash: &mut Crash) -> Option<i128> {
    let time = as_integer(crash.processed.get("startup_time")?);
    if time.is_none() {
        crash.wrong_type("startup_time", "an integer");
    }
    time.as_ref().and_then(wide)
}

fn install_time(crash: &mut Crash) -> Option<i128> {
    let time = as_integer(crash.raw.get("InstallTime")?);
    if time.is_none() {
        crash.note("non-integer value of \"InstallTime\"");
    }
    Some(time.as_ref().and_then(wide).unwrap_or(0))
}

/// Seconds since the crash before this one.
fn last_crash(crash: &mut Crash) -> Option<Number> {
    let Some(seconds) = as_integer(crash.raw.get("SecondsSinceLastCrash")?) else {
        crash.note("non-integer value of \"SecondsSinceLastCrash\"");
        return None;
    };
    if seconds.as_i64().is_none() {
        crash.note("\"SecondsSinceLastCrash\" larger than MAXINT - set to NULL");
        return None;
    }
    Some(seconds)
}

fn wide(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
}

/// Differences of 64-bit numbers may need a bit more.
fn number(value: i128) -> Value {
    Number::from_i128(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    const CAME: &str = "2022-09-20T14:35:25+00:00";

    #[test]
    fn times_show_in_relation_to_each_other() {
        let raw = json!({
            "submitted_timestamp": CAME, "CrashTime": "16636845009999", "InstallTime": "1660000000",
            "SecondsSinceLastCrash": "86985",
        });
        assert_eq!(
            added(DatesAndTimes, raw, json!({"startup_time": 1_663_684_000})),
            json!({
                "submitted_timestamp": CAME, "date_processed": CAME, "crash_time": 1_663_684_500,
                "client_crash_date": "2022-09-20T14:35:00+00:00", "install_age": 3_684_500, "uptime": 500,
                "last_crash": 86985,
            })
        );
    }

    #[test]
    fn without_times_of_the_client_it_crashed_when_the_report_came() {
        let crash = apply(
            DatesAndTimes,
            json!({"submitted_timestamp": "2022-09-20 14:35:25.999999"}),
            json!({}),
        );
        assert_eq!(
            crash.processed.text("client_crash_date"),
            Some("2022-09-20T14:35:25+00:00")
        );
        assert_eq!(crash.processed.get("uptime"), Some(&json!(0)));
        assert_eq!(crash.processed.get("last_crash"), Some(&json!(null)));
        assert_eq!(
            crash.notes(),
            [
                "WARNING: raw_crash missing CrashTime",
                "client_crash_date is unknown"
            ]
        );
    }

    #[test]
    fn a_report_without_the_time_it_came_gets_the_day_of_its_id() {
        let crash = apply(DatesAndTimes, json!({"CrashTime": "5"}), json!({}));
        assert_eq!(
            crash.processed.text("date_processed"),
            Some("2026-01-02T00:00:00+00:00")
        );
        assert_eq!(
            crash.notes(),
            ["DatesAndTimesRule: submitted_timestamp is missing"]
        );
    }

    #[test]
    fn bad_numbers_are_noted_without_their_value() {
        let raw = json!({
            "submitted_timestamp": CAME, "CrashTime": ["secret"], "InstallTime": "secret",
            "SecondsSinceLastCrash": "9223372036854775808",
        });
        let crash = apply(DatesAndTimes, raw, json!({"startup_time": []}));
        assert_eq!(
            crash.notes(),
            [
                "WARNING: raw_crash[CrashTime] contains unexpected value: array",
                "client_crash_date is unknown",
                "DatesAndTimesRule: startup_time is not an integer",
                "non-integer value of \"InstallTime\"",
                "\"SecondsSinceLastCrash\" larger than MAXINT - set to NULL",
            ]
        );
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let raw = json!({"submitted_timestamp": CAME, "CrashTime": "-999999999", "InstallTime": "18446744073709551615"});
        let fields = added(DatesAndTimes, raw, json!({"startup_time": i64::MIN}));
        assert_eq!(fields["install_age"].to_string(), "-18446744074709551614");
        assert_eq!(fields["uptime"].to_string(), "9223372035854775809");
    }
}
