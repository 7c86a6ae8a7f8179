//! What the fuzz targets begin with is still what it should be: sound minidumps and a sound index.
//!
//! With `SOCORRO_UPDATE_SEEDS=1` the files are made again.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use std::fs;
use std::path::Path;

use common::machine::{MACHINES, Report, SYSTEMS};
use common::synthetic::Crash;
use socorro_stackwalk::testkit::symbols::sound_index;

fn is_current(target: &str, name: &str, expected: &[u8]) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let path = seeds.join(target).join(name);
    if std::env::var_os("SOCORRO_UPDATE_SEEDS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    assert!(
        fs::read(&path).unwrap() == expected,
        "{} is old: run with SOCORRO_UPDATE_SEEDS=1",
        path.display()
    );
}

#[test]
fn an_index() {
    is_current("symbol_index", "small.index", &sound_index());
}

#[test]
fn minidumps_of_all_processors() {
    is_current("minidump", "crash.dmp", &Crash::new(1).dump());
    for (machine, system) in MACHINES.iter().zip(SYSTEMS.iter().cycle()) {
        let dump = Report::new(machine, system.platform, 1).dump();
        let name = format!("{} {}", machine.name, system.name);
        let words: Vec<_> = name
            .split(|letter: char| !letter.is_alphanumeric())
            .collect();
        let name = words.join("-").to_lowercase();
        is_current("minidump", &format!("{name}.dmp"), &dump);
    }
}
