//! The signature vectors, from the directory that `SOCORRO_CONFORMANCE` names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use socorro_signature::testkit::{Outcome, VectorRunner, case_id};

/// Cases that differ on purpose: file, numbers, reason.
const DEVIATIONS: [(&str, &[u32], &str); 9] = [
    (
        "siglist_loading",
        &[4, 8, 9, 10, 15, 16, 18, 20],
        "an empty list matches nothing; upstream's matches everything",
    ),
    (
        "siglist_loading",
        &[122, 123, 124, 125, 126, 127, 140, 141],
        "back-references and look-around are refused at load: matching must take linear time",
    ),
    (
        "siglist_loading",
        &[147],
        "characters by name are refused at load with the advice to write the character",
    ),
    (
        "siglist_loading",
        &[183],
        "the watchdog rule uses the configured lists, not the included ones",
    ),
    (
        "malformed",
        &[0, 3, 4, 5, 6, 7, 11, 28, 29, 31, 32, 33, 34, 66, 68],
        "a container of the wrong type counts as missing; upstream's rule fails or reads it by key",
    ),
    (
        "malformed",
        &[13, 14, 15, 16, 18, 19, 24],
        "a frame field of the wrong type counts as missing; upstream's rule fails",
    ),
    (
        "malformed",
        &[20, 21, 30, 35, 54, 55, 56, 58],
        "an array or object where a number or text belongs counts as missing; upstream prints it",
    ),
    (
        "malformed",
        &[40, 42, 51, 52, 60],
        "a value of the wrong type that Python can search or index counts as missing",
    ),
    (
        "malformed",
        &[63, 64, 65],
        "a Java exception of the wrong type counts as not in the expected format; upstream's rule fails",
    ),
];

fn deviating_ids() -> impl Iterator<Item = String> {
    DEVIATIONS.iter().flat_map(|(file, numbers, _)| {
        numbers
            .iter()
            .map(move |number| format!("{file}-{number:05}"))
    })
}

fn signature_vectors() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let conformance = std::env::var_os("SOCORRO_CONFORMANCE").map_or_else(
        || root.join("../shared/conformance"),
        |path| root.join(path),
    );
    let directory = conformance.join("signature");
    if directory.is_dir() {
        return Some(directory);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "no signature vectors in {}; set SOCORRO_CONFORMANCE",
        directory.display()
    );
    eprintln!(
        "SKIPPED: no signature vectors in {}; set SOCORRO_CONFORMANCE",
        directory.display()
    );
    None
}

/// How the cases of one file fared.
#[derive(Default)]
struct Tally {
    matched: usize,
    listed: usize,
    elsewhere: usize,
    failures: Vec<String>,
}

impl Tally {
    fn count(&mut self, id: &str, outcome: Result<Outcome, String>, deviates: bool) {
        let problem = match (outcome, deviates) {
            (Ok(Outcome::Matched), false) => {
                self.matched += 1;
                return;
            }
            (Ok(Outcome::Mismatched(_)), true) => {
                self.listed += 1;
                return;
            }
            (Ok(Outcome::Elsewhere(_)), _) => {
                self.elsewhere += 1;
                return;
            }
            (Ok(Outcome::Matched), true) => "matches, yet is listed as deviating".to_owned(),
            (Ok(Outcome::Mismatched(difference)), false) => difference,
            (Err(problem), _) => format!("cannot be run: {problem}"),
        };
        self.failures.push(format!("{id}: {problem}"));
    }
}

#[test]
fn results_are_the_recorded_ones() {
    let Some(directory) = signature_vectors() else {
        return;
    };
    let runner = VectorRunner::new(&directory.join("siglists")).unwrap();
    let deviating: BTreeSet<String> = deviating_ids().collect();
    let mut failures = Vec::new();
    for file in VectorRunner::FILES {
        let path = directory.join(file);
        if !path.is_file() {
            eprintln!("SKIPPED: {file} is not in {}", directory.display());
            continue;
        }
        let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut tally = Tally::default();
        for case in &cases {
            let id = case_id(case);
            tally.count(id, runner.run_case(file, case), deviating.contains(id));
        }
        println!(
            "{file}: {} cases, {} matched, {} deviating (listed), {} elsewhere, {} failed",
            cases.len(),
            tally.matched,
            tally.listed,
            tally.elsewhere,
            tally.failures.len(),
        );
        failures.extend(tally.failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
