//! Damaged dumps and symbol files: every one has to end, quickly, in a processed crash.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use socorro::prelude::*;

use crate::{json, lists};

/// How long one case may take; generous, since other tests run beside it.
const LIMIT: Duration = Duration::from_secs(10);

/// What the reference's outcome has to share with ours where it did not fail.
const SAME: [&str; 7] = [
    "signature",
    "reason",
    "address",
    "crashing_thread",
    "thread_count",
    "os_name",
    "cpu_arch",
];

/// Runs all cases of the manifest; gives how many there are, and what is wrong.
pub(crate) async fn run(directory: &Path) -> Result<(usize, Vec<String>)> {
    let manifest = json(&directory.join("manifest.json"))?;
    let recorded = fs::read_to_string(directory.join("expected.processed.jsonl"))?;
    let recorded: Vec<Value> = recorded
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let cases = manifest["cases"]
        .as_array()
        .context("the manifest has no array named cases")?;
    let generator = Arc::new(SignatureGenerator::new(lists()?.0));
    let mut problems = Vec::new();
    for case in cases {
        let name = case["name"].as_str().context("a case without name")?;
        let started = Instant::now();
        let (dump, symbols) = input(directory, case)?;
        let stackwalker = Arc::new(InProcessStackwalker::new().symbols(symbols));
        let pipeline =
            Pipeline::new(Environment::system()).with_default_rulesets(stackwalker, &generator);
        let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(dump))]);
        let id = CrashId::mint(Date::constant(2026, 11, 15), 0);
        let crash = pipeline
            .run("default", Crash::new(id, RawCrash::new(), dumps))
            .await?;
        let expected = recorded.iter().find(|expected| expected["name"] == name);
        let mut found =
            expected.map_or_else(Vec::new, |expected| compare(&crash.processed, expected));
        if started.elapsed() > LIMIT {
            found.push(format!("took {:?}", started.elapsed()));
        }
        if crash.processed.contains("processor_failed_rules") {
            found.push("a rule failed".to_owned());
        }
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{name}: {problem}")),
        );
    }
    Ok((cases.len(), problems))
}

/// The minidump and the symbols of a case: one of both is damaged.
fn input(directory: &Path, case: &Value) -> Result<(Vec<u8>, SymbolStore)> {
    if let Some(symbols) = case["symbols"].as_str() {
        let good = case["dump"].as_str().context("a case without dump")?;
        let dump = fs::read(directory.join(format!("../dumps/{good}.dmp")))?;
        let source = SymbolSource::directory(directory.join(symbols))?;
        return Ok((dump, SymbolStore::new([source])));
    }
    let file = case["file"].as_str().context("a case without file")?;
    let source = SymbolSource::directory(directory.join("../symbols"))?;
    Ok((fs::read(directory.join(file))?, SymbolStore::new([source])))
}

fn compare(found: &ProcessedCrash, expected: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut same = |name: &str| {
        let value = found.get(name).unwrap_or(&Value::Null);
        if *value != expected[name] {
            problems.push(format!(
                "{name}: expected {}, found {value}",
                expected[name]
            ));
        }
    };
    match expected["mdsw_return_code"].as_i64() {
        // The reference aborted. Anything that tells the truth is better.
        Some(code) if code < 0 => {}
        Some(0) => SAME.into_iter().for_each(&mut same),
        _ => same("mdsw_status_string"),
    }
    if found.get("success") != Some(&json!(true)) {
        problems.push("the crash was not processed".to_owned());
    }
    problems
}
