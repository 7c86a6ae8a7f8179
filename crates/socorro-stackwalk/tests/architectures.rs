//! Dumps of all processors and systems that the published crates walk, against what those crates make of them.
//!
//! The stacks are random: return addresses into code with and without unwind rules, into a module without symbols and
//! into nowhere, frame pointers, and numbers that are neither.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use std::path::Path;

use breakpad_symbols::{SimpleSymbolSupplier, Symbolizer};
use common::machine::{MACHINES, Machine, Report, SYSTEMS};
use minidump::Minidump;
use serde_json::{Map, Value};
use socorro_stackwalk::testkit::differences;
use socorro_stackwalk::{InProcessStackwalker, SymbolSource, SymbolStore};

/// Random stacks for each pair of processor and system.
const STACKS: u64 = 24;

async fn ours(dump: Vec<u8>, symbols: &Path) -> Value {
    let store = SymbolStore::new([SymbolSource::directory(symbols).unwrap()]);
    let walker = InProcessStackwalker::new().symbols(store);
    let annotations = Map::new();
    walker
        .stackwalk(dump, &annotations)
        .await
        .unwrap()
        .into_json()
}

async fn reference(dump: Vec<u8>, symbols: &Path) -> Value {
    let dump = Minidump::read(dump).unwrap();
    let symbolizer = Symbolizer::new(SimpleSymbolSupplier::new(vec![symbols.to_owned()]));
    let state = minidump_processor::process_minidump(&dump, &symbolizer)
        .await
        .unwrap();
    let mut text = Vec::new();
    state.print_json(&mut text, false).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[tokio::test]
async fn all_processors_and_systems_are_walked_as_by_the_reference() {
    for machine in MACHINES {
        let symbols = tempfile::tempdir().unwrap();
        machine.write_symbols(symbols.path());
        let mut ways = Ways::default();
        for system in SYSTEMS {
            for seed in 0..STACKS {
                let dump = Report::new(machine, system.platform, seed).dump();
                let expected = reference(dump.clone(), symbols.path()).await;
                let actual = ours(dump, symbols.path()).await;
                let found = differences(&actual, &expected);
                assert!(
                    found.is_empty(),
                    "{} on {}, stack {seed}: {found:#?}",
                    machine.name,
                    system.name
                );
                ways.note(&actual);
            }
        }
        println!("{:<9} {ways:?}", machine.name);
        ways.check(machine);
    }
}

/// How many frames were found in which way: a comparison in which nothing was walked shows nothing.
#[derive(Debug, Default)]
struct Ways {
    rules: usize,
    frame_pointers: usize,
    scans: usize,
    named: usize,
    inlined: usize,
}

impl Ways {
    fn note(&mut self, document: &Value) {
        let threads = document["threads"].as_array().unwrap().iter();
        for frame in threads.flat_map(|thread| thread["frames"].as_array().unwrap()) {
            match frame["trust"].as_str().unwrap() {
                "cfi" => self.rules += 1,
                "frame_pointer" => self.frame_pointers += 1,
                "scan" | "cfi_scan" => self.scans += 1,
                _ => {}
            }
            self.named += usize::from(frame["function"].is_string());
            self.inlined += usize::from(frame["inlines"].is_array());
        }
    }

    fn check(&self, machine: &Machine) {
        let ways = [self.rules, self.scans, self.named, self.inlined];
        assert!(ways.iter().all(|count| *count > 0), "{}", machine.name);
        assert_eq!(
            self.frame_pointers > 0,
            machine.has_frame_pointers,
            "{}",
            machine.name
        );
    }
}
