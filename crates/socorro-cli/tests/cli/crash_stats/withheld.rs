//! Crashes whose dumps were withheld, and the processor.

use std::fs;

use serde_json::Value;

use super::{anonymously, id, start, stats, with_token};
use crate::support::Site;

#[test]
fn a_crash_without_its_dumps_is_never_processed_as_one_without_a_minidump() {
    let (site, server) = (Site::new(), start(stats(1)));
    let id = id(1).to_string();
    let fetch = ["fetch-crash-data", "crashes", &id];
    let run = anonymously(&site, &server, &fetch).succeeds();
    assert_eq!(run.lines(), [&*id]);
    assert!(run.stderr.contains("no API token"), "{run:?}");
    assert!(run.stderr.contains("1 without dumps"), "{run:?}");
    let raw = site.path(&format!("crashes/v1/raw_crash/20261123/{id}"));
    let raw: Value = serde_json::from_slice(&fs::read(raw).unwrap()).unwrap();
    assert_eq!(raw["metadata"]["dumps_withheld"], true);
    assert_eq!(raw["URL"], Value::Null);
    // As complete as it can be without a token.
    server.clear_journal();
    anonymously(&site, &server, &fetch).succeeds();
    assert_eq!(server.journal().len(), 0);

    let processed = site.path(&format!("crashes/v1/processed_crash/{id}"));
    site.run(["queue", "publish", &id]).succeeds();
    let symbols = site.file("symbols");
    let drain = ["processor", "--drain", "--symbols", &symbols];
    site.run(drain).fails(1, &["dead-lettered"]);
    assert!(!processed.exists());
    let dead = site.run(["queue", "dead", "list"]).succeeds();
    assert!(dead.stdout.contains("dumps_withheld"), "{dead:?}");
    site.run(["processor", "--once", &id])
        .fails(1, &["without its dumps", "View Raw Dumps"]);
    assert!(!processed.exists());

    // With a token it is completed, and then processed.
    with_token(&site, &server, &fetch).succeeds();
    site.run(["queue", "publish", &id]).succeeds();
    site.run(drain).succeeds();
    let processed: Value = serde_json::from_slice(&fs::read(processed).unwrap()).unwrap();
    assert_eq!(processed["signature"], "crash_here");

    // Never the other way round.
    server.clear_journal();
    let run = anonymously(&site, &server, &fetch).succeeds();
    assert!(run.stderr.contains("1 there before"), "{run:?}");
    fs::remove_file(site.path(&format!("crashes/v1/dump/{id}"))).unwrap();
    anonymously(&site, &server, &fetch).fails(1, &["missing or damaged", "--overwrite"]);
}

#[test]
fn dumps_can_be_required() {
    let (site, server) = (Site::new(), start(stats(1)));
    let id = id(1).to_string();
    let fetch = ["fetch-crash-data", "crashes", &id, "--require-dumps"];
    anonymously(&site, &server, &fetch).fails(1, &["dumps", "SOCORRO_API_TOKEN"]);
    assert_eq!(server.journal().len(), 0);
    with_token(&site, &server, &fetch).succeeds();
}
