//! The walls of the house: which crate may lean on which.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// The socorro crates that each may depend on. A crate that is not here may not exist.
const ARROWS: [(&str, &[&str]); 11] = [
    ("socorro-core", &[]),
    (
        "socorro-collector",
        &[
            "socorro-core",
            "socorro-queue",
            "socorro-stackwalk",
            "socorro-storage",
        ],
    ),
    ("socorro-crash-stats", &["socorro-core"]),
    ("socorro-queue", &["socorro-core"]),
    ("socorro-report", &["socorro-core", "socorro-stackwalk"]),
    ("socorro-signature", &["socorro-core"]),
    ("socorro-stackwalk", &["socorro-core"]),
    ("socorro-storage", &["socorro-core"]),
    (
        "socorro-processor",
        &[
            "socorro-core",
            "socorro-queue",
            "socorro-signature",
            "socorro-stackwalk",
            "socorro-storage",
        ],
    ),
    (
        "socorro-cli",
        &[
            "socorro-collector",
            "socorro-core",
            "socorro-crash-stats",
            "socorro-processor",
            "socorro-queue",
            "socorro-report",
            "socorro-signature",
            "socorro-stackwalk",
            "socorro-storage",
        ],
    ),
    (
        "socorro",
        &[
            "socorro-collector",
            "socorro-core",
            "socorro-crash-stats",
            "socorro-processor",
            "socorro-queue",
            "socorro-report",
            "socorro-signature",
            "socorro-stackwalk",
            "socorro-storage",
        ],
    ),
];

/// What the vocabulary must not bring into a program that only speaks it.
const NOT_IN_CORE: [&str; 6] = [
    "tokio",
    "reqwest",
    "hyper",
    "ureq",
    "rusqlite",
    "object_store",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// For each package, by id, the packages it needs in a program: no dev- or build-dependencies.
fn needed(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind["kind"].is_null())
    };
    nodes
        .iter()
        .map(|node| {
            let dependencies = node["deps"].as_array().unwrap().iter().filter(is_normal);
            (
                node["id"].as_str().unwrap(),
                dependencies.map(|it| it["pkg"].as_str().unwrap()).collect(),
            )
        })
        .collect()
}

#[test]
fn crates_lean_only_where_they_may() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let members = packages
        .iter()
        .filter(|package| package["source"].is_null());
    for package in members {
        let name = package["name"].as_str().unwrap();
        let allowed = ARROWS.iter().find(|(crate_name, _)| *crate_name == name);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{name} is not on the plan"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let dependency_name = dependency["name"].as_str().unwrap();
            if dependency["kind"].is_null() && dependency_name.starts_with("socorro") {
                assert!(
                    allowed.contains(&dependency_name),
                    "{name} must not lean on {dependency_name}"
                );
            }
        }
    }
}

#[test]
fn the_vocabulary_brings_no_runtime_and_no_network() {
    let metadata = metadata();
    let needed = needed(&metadata);
    let packages = metadata["packages"].as_array().unwrap();
    let name_of: BTreeMap<&str, &str> = packages
        .iter()
        .map(|package| {
            (
                package["id"].as_str().unwrap(),
                package["name"].as_str().unwrap(),
            )
        })
        .collect();
    let core = *name_of
        .iter()
        .find(|(_, name)| **name == "socorro-core")
        .unwrap()
        .0;

    let mut reached = BTreeSet::from([core]);
    let mut pending = vec![core];
    while let Some(package) = pending.pop() {
        pending.extend(needed[package].iter().filter(|it| reached.insert(*it)));
    }
    let names: BTreeSet<&str> = reached.iter().map(|package| name_of[package]).collect();
    assert!(
        names.contains("serde_json"),
        "the test looks at the wrong graph: {names:?}"
    );
    for name in NOT_IN_CORE {
        assert!(!names.contains(name), "socorro-core brings {name} along");
    }
}
