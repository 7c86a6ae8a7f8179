//! Adding up a memory report.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

/// Paths that are measures by themselves.
const WHOLE: [&str; 10] = [
    "gfx-textures",
    "ghost-windows",
    "heap-allocated",
    "host-object-urls",
    "private",
    "resident",
    "resident-unique",
    "system-heap-allocated",
    "vsize",
    "vsize-max-contiguous",
];
/// Parts of `explicit/` that are measures as well.
const PARTS: [&str; 3] = ["images", "top-none-detached", "heap-overhead"];
const JS_MAIN_RUNTIME: &str = "js-main-runtime";

/// Units of an entry that are bytes.
const BYTES: i64 = 0;
/// Kinds of an entry: memory outside of the heap, and on it.
const NON_HEAP: i64 = 0;
const HEAP: i64 = 1;

/// Why a report cannot be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// It contradicts itself or does not have what is looked for.
    Unusable(&'static str),
    /// A value is of the wrong type: where, and what it should be.
    WrongType(&'static str, &'static str),
}

/// The sums over the entries of one process.
#[derive(Debug, Default)]
struct Sums {
    heap: i128,
    non_heap: i128,
    measures: BTreeMap<&'static str, i128>,
}

/// All measures of one process, by name with `_` for `-`; those the report does not mention are 0.
///
/// Sums are exact: entries are 64-bit numbers.
pub(super) fn measures(reports: &[Value], pid: &str) -> Result<Map<String, Value>, Problem> {
    let process = format!("(pid {pid})");
    let mut sums = Sums::default();
    let mut found = false;
    for report in reports {
        let report = report
            .as_object()
            .ok_or(Problem::WrongType("memory_report.reports[]", "an object"))?;
        if text(report, "process")?.contains(&process) {
            found = true;
            sums.add(report)?;
        }
    }
    if found {
        Ok(sums.into_measures())
    } else {
        Err(Problem::Unusable("no entry for the process"))
    }
}

impl Sums {
    fn add(&mut self, report: &Map<String, Value>) -> Result<(), Problem> {
        let path = text(report, "path")?;
        let kind = member(report, "kind")?.as_i64();
        let units = member(report, "units")?.as_i64();
        let amount = amount(member(report, "amount")?)?;
        if path.starts_with("explicit/") {
            if units != Some(BYTES) {
                return Err(Problem::Unusable("an explicit entry that is not in bytes"));
            }
            match kind {
                Some(NON_HEAP) => self.non_heap += amount,
                Some(HEAP) => self.heap += amount,
                _ => return Err(Problem::Unusable("an explicit entry of unknown kind")),
            }
            if let Some(part) = part(path) {
                *self.measures.entry(part).or_default() += amount;
            }
        } else if path.starts_with("js-main-runtime/") {
            *self.measures.entry(JS_MAIN_RUNTIME).or_default() += amount;
        } else if let Some(measure) = WHOLE.iter().find(|measure| **measure == path) {
            *self.measures.entry(measure).or_default() += amount;
        }
        Ok(())
    }

    fn into_measures(self) -> Map<String, Value> {
        let sum = |measure: &str| self.measures.get(measure).copied().unwrap_or(0);
        let allocated = sum("heap-allocated");
        let derived = [
            ("explicit", allocated + self.non_heap),
            ("heap-unclassified", allocated - self.heap),
        ];
        let named = WHOLE
            .into_iter()
            .chain(PARTS)
            .chain([JS_MAIN_RUNTIME])
            .map(|measure| (measure, sum(measure)));
        let number = |value| Number::from_i128(value).map_or(Value::Null, Value::Number);
        named
            .chain(derived)
            .map(|(measure, value)| (measure.replace('-', "_"), number(value)))
            .collect()
    }
}

/// Which measure of its own a part of `explicit/` is; the first that fits counts.
fn part(path: &str) -> Option<&'static str> {
    let [images, detached, overhead] = PARTS;
    match path {
        _ if path.starts_with("explicit/images/") => Some(images),
        _ if path.contains("top(none)/detached") => Some(detached),
        _ if path.starts_with("explicit/heap-overhead/") => Some(overhead),
        _ => None,
    }
}

fn member<'a>(report: &'a Map<String, Value>, name: &'static str) -> Result<&'a Value, Problem> {
    report
        .get(name)
        .ok_or(Problem::Unusable("an entry without one of its members"))
}

fn text<'a>(report: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Problem> {
    member(report, name)?.as_str().ok_or(Problem::WrongType(
        "memory_report.reports[].process or path",
        "text",
    ))
}

fn amount(value: &Value) -> Result<i128, Problem> {
    value
        .as_i64()
        .map(i128::from)
        .or_else(|| value.as_u64().map(i128::from))
        .ok_or(Problem::WrongType(
            "memory_report.reports[].amount",
            "an integer",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(path: &str, kind: u8, amount: &Value) -> Value {
        json!({"process": "Main (pid 7)", "path": path, "kind": kind, "units": 0, "amount": amount})
    }

    #[test]
    fn entries_are_added_up_by_measure() {
        let mut other = entry("resident", 1, &json!(1000));
        other["process"] = json!("web (pid 70)");
        let reports = [
            entry("explicit/a/b", 1, &json!(100)),
            entry("explicit/nonheap", 0, &json!(40)),
            entry("explicit/images/top(none)/detached", 1, &json!(5)),
            entry("explicit/heap-overhead/top(none)/detached", 1, &json!(6)),
            entry("heap-allocated", 2, &json!(200)),
            entry("resident", 1, &json!(3)),
            entry("resident", 1, &json!(u64::MAX)),
            entry("js-main-runtime/x", 1, &json!(8)),
            entry("images", 1, &json!(9)),
            other,
        ];
        let measures = measures(&reports, "7").unwrap();
        assert_eq!(measures.len(), 16);
        for (name, value) in [
            ("heap_unclassified", "89"),
            ("explicit", "240"),
            ("images", "5"),
            ("top_none_detached", "6"),
            ("heap_overhead", "0"),
            ("resident", "18446744073709551618"),
            ("js_main_runtime", "8"),
            ("vsize", "0"),
        ] {
            assert_eq!(measures[name].to_string(), value, "{name}");
        }
    }

    #[test]
    fn a_report_that_contradicts_itself_has_no_measures() {
        let mut pages = entry("explicit/a", 1, &json!(1));
        pages["units"] = json!(1);
        for (reports, wrong_type) in [
            (vec![], false),
            (vec![pages], false),
            (vec![entry("explicit/a", 2, &json!(1))], false),
            (vec![json!({"process": "Main (pid 7)"})], false),
            (vec![entry("resident", 1, &json!("5"))], true),
            (vec![json!({"process": 5})], true),
            (vec![json!(5)], true),
        ] {
            let problem = measures(&reports, "7").unwrap_err();
            assert_eq!(
                matches!(problem, Problem::WrongType(..)),
                wrong_type,
                "{problem:?}"
            );
        }
    }
}
