//! Runs the conformance vectors: recorded results of Mozilla Socorro and its collector.
//!
//! `cargo test --test conformance` takes them from the directory in `SOCORRO_CONFORMANCE`, or from
//! `../shared/conformance`. One line per file; any failed case fails the run. Deviations on
//! purpose are listed in `deviations.txt` beside this file; one that no longer deviates is a
//! failure too.

mod collector;
mod compare;
mod deviations;
mod lifecycle;
mod rules;
mod storage_faults;
mod supersearch;
mod telemetry;
mod world;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail, ensure};
use deviations::Deviations;
use serde_json::Value;
use socorro::signature::testkit::{Outcome, VectorRunner};

/// What one case of a file showed.
enum Verdict {
    Matched,
    /// The difference.
    Differs(String),
    /// The case is about something that does not exist yet, or exists elsewhere.
    NotRun,
}

impl From<Result<(), String>> for Verdict {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Differs, |()| Self::Matched)
    }
}

/// Runs a case of the file it was made for.
type Runner = Box<dyn Fn(&Value) -> Result<Verdict>>;

/// Vector files that tests of single crates run.
const ELSEWHERE: [&str; 3] = [
    "collector/requests.jsonl",
    "collector/sanitize.jsonl",
    "collector/wire.jsonl",
];

fn main() -> ExitCode {
    // Test runners ask for the list of tests first.
    if env::args().any(|argument| argument == "--list") {
        println!("conformance: test");
        return ExitCode::SUCCESS;
    }
    lifecycle::silence_wanted_panics();
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all files passed.
fn run() -> Result<bool> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let directory = env::var_os("SOCORRO_CONFORMANCE").map_or(default, PathBuf::from);
    if !directory.is_dir() {
        let message = format!(
            "no conformance vectors in {}: set SOCORRO_CONFORMANCE to their directory",
            directory.display()
        );
        ensure!(env::var_os("CI").is_none(), message);
        println!("SKIPPED: {message}");
        return Ok(true);
    }
    let deviations = Deviations::read(include_str!("deviations.txt"))?;
    let mut passed = true;
    let mut cases = 0;
    for file in vector_files(&directory)? {
        let name = file
            .strip_prefix(&directory)?
            .to_string_lossy()
            .replace('\\', "/");
        let Some(runner) = runner(&directory, &name)? else {
            let why = if ELSEWHERE.contains(&name.as_str()) {
                "the tests of its crate run it"
            } else {
                "unknown file"
            };
            println!("{name}: not run, {why}");
            continue;
        };
        let (count, good) = run_file(&file, &name, &runner, &deviations)
            .with_context(|| format!("in {}", file.display()))?;
        cases += count;
        passed &= good;
    }
    let result = if passed { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {cases} cases");
    Ok(passed)
}

/// All vector files below a directory, in order.
fn vector_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in directory
            .read_dir()
            .with_context(|| format!("cannot read {}", directory.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json" || extension == "jsonl")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What runs the cases of a file; `None` when nothing does.
fn runner(directory: &Path, name: &str) -> Result<Option<Runner>> {
    let (folder, file) = name.split_once('/').unwrap_or(("", name));
    let file = file.to_owned();
    let signatures = || {
        VectorRunner::new(&directory.join("signature/siglists"))
            .context("the vectors for signatures need the lists in signature/siglists")
    };
    Ok(match folder {
        "storage" if file == "faults.json" => Some(Box::new(move |case| {
            let reading = run_with(socorro::storage::testkit::vectors::run_case, &file, case)?;
            match reading {
                Verdict::Matched => storage_faults::run(case),
                verdict => Ok(verdict),
            }
        })),
        "storage" if socorro::storage::testkit::vectors::FILES.contains(&file.as_str()) => {
            Some(Box::new(move |case| {
                run_with(socorro::storage::testkit::vectors::run_case, &file, case)
            }))
        }
        "storage" if file == "telemetry.json" => Some(Box::new(telemetry::run)),
        "queue" if ["messages.json", "poll_order.json"].contains(&file.as_str()) => {
            Some(Box::new(move |case| {
                run_with(socorro::queue::testkit::run_case, &file, case)
            }))
        }
        "queue" if file == "lifecycle.json" => Some(Box::new(lifecycle::run)),
        "signature" if VectorRunner::FILES.contains(&file.as_str()) => {
            let signatures = signatures()?;
            Some(Box::new(move |case| {
                match signatures.run_case(&file, case) {
                    Ok(Outcome::Matched) => Ok(Verdict::Matched),
                    Ok(Outcome::Mismatched(difference)) => Ok(Verdict::Differs(difference)),
                    Ok(Outcome::Elsewhere(_)) => Ok(Verdict::NotRun),
                    Err(problem) => bail!(problem),
                }
            }))
        }
        "collector" if file == "crash_ids.jsonl" => Some(Box::new(collector::crash_ids::run)),
        "collector" if file == "storage_keys.jsonl" => Some(Box::new(collector::storage_keys::run)),
        "collector" if file == "throttle.jsonl" => Some(Box::new(collector::throttle::run)),
        "api" if file == "supersearch_params.json" => Some(Box::new(supersearch::run)),
        "rules" if file == "functions.json" => Some(Box::new(rules::functions::run)),
        "rules" => Some(rules::runner(directory, file.trim_end_matches(".json"))?),
        _ => None,
    })
}

fn run_with(
    run_case: fn(&str, &Value) -> Option<Result<(), String>>,
    file: &str,
    case: &Value,
) -> Result<Verdict> {
    Ok(run_case(file, case).map_or(Verdict::NotRun, Verdict::from))
}

/// Runs all cases of a file and prints its line; gives their number and whether all passed.
fn run_file(
    path: &Path,
    name: &str,
    runner: &Runner,
    deviations: &Deviations,
) -> Result<(usize, bool)> {
    let cases = read_cases(path)?;
    let (mut matched, mut deviating, mut failed, mut not_run) = (0, 0, 0, 0);
    for case in &cases {
        let id = case_id(name, case)?;
        let listed = deviations.contains(&id);
        match runner(case).with_context(|| format!("case {id}"))? {
            Verdict::Matched if listed => {
                failed += 1;
                println!("  {id}: listed as deviating, but it matches: take it off the list");
            }
            Verdict::Matched => matched += 1,
            Verdict::Differs(_) if listed => deviating += 1,
            Verdict::Differs(difference) => {
                failed += 1;
                println!("  {id}: {difference}");
            }
            Verdict::NotRun => not_run += 1,
        }
    }
    let count = cases.len() - not_run;
    let not_run = if not_run > 0 {
        format!(" ({not_run} not run)")
    } else {
        String::new()
    };
    println!(
        "{name}: {count} cases, {matched} matched, {deviating} deviating (listed), {failed} failed{not_run}"
    );
    Ok((count, failed == 0))
}

/// The cases of a file: a JSON array, an object with `cases`, or one per line.
fn read_cases(path: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(path)?;
    if path
        .extension()
        .is_some_and(|extension| extension == "jsonl")
    {
        return text
            .lines()
            .map(|line| Ok(serde_json::from_str(line)?))
            .collect();
    }
    match serde_json::from_str(&text)? {
        Value::Array(cases) => Ok(cases),
        Value::Object(mut file) => match file.remove("cases") {
            Some(Value::Array(cases)) => Ok(cases),
            _ => bail!("the file has no array named cases"),
        },
        _ => bail!("neither an array nor an object"),
    }
}

/// The name of a case in the list of deviations: its id, or `file/name`.
fn case_id(file: &str, case: &Value) -> Result<String> {
    if let Some(id) = case["id"].as_str() {
        return Ok(id.to_owned());
    }
    let stem = Path::new(file)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let name = case["name"]
        .as_str()
        .context("a case without id and name")?;
    Ok(format!("{stem}/{name}"))
}
