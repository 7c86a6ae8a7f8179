//! The recorded cases in `$SOCORRO_CONFORMANCE/storage`.

use std::path::PathBuf;

use serde_json::Value;
use socorro_storage::testkit::vectors;

const VARIABLE: &str = "SOCORRO_CONFORMANCE";

/// The directory, or `None` when there is none, said loudly.
fn directory() -> Option<PathBuf> {
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let directory = std::env::var_os(VARIABLE).map_or_else(
        || PathBuf::from(repository).join("../shared/conformance"),
        PathBuf::from,
    );
    let directory = directory.join("storage");
    if directory.is_dir() {
        return Some(directory);
    }
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(
        !in_ci,
        "{} is missing, and CI must not skip tests",
        directory.display()
    );
    eprintln!("SKIPPED: set {VARIABLE} to the directory of the recorded cases to run them");
    None
}

#[test]
fn recorded_cases_match() {
    let Some(directory) = directory() else {
        return;
    };
    let mut failures = Vec::new();
    for file in vectors::FILES {
        let path = directory.join(file);
        if !path.exists() {
            println!("{file}: not there");
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let cases = document["cases"].as_array().unwrap();
        assert!(!cases.is_empty(), "{file} has cases");
        for case in cases {
            if let Err(difference) = vectors::run_case(file, case).unwrap() {
                failures.push(format!("{file}: {}: {difference}", case["name"]));
            }
        }
        println!("{file}: {} cases", cases.len());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_case_that_differs_fails_and_an_unknown_file_is_not_ours() {
    let case = serde_json::json!({"input": "a b", "sanitised": "a_b", "storage_segment": "ab"});
    let result = vectors::run_case("storage/dump_names.json", &case);
    assert!(result.is_some_and(|result| result.is_err()));
    assert!(vectors::run_case("queue/lifecycle.json", &case).is_none());
}
