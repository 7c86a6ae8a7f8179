//! `socorro fetch-missing`.

use serde_json::json;
use socorro_crash_stats::server::{Crash, TestServer};

use super::{anonymously, id, ids, sorted, start, stats};
use crate::support::{Run, Site};

fn missing(site: &Site, server: &TestServer, words: &[&str]) -> Run {
    anonymously(site, server, &[&["fetch-missing"], words].concat()).succeeds()
}

#[test]
fn missing_crashes_are_listed_and_counted() {
    let site = Site::new();
    let unprocessed = (0..1_500).map(|number| Crash::new(id(number)));
    let late = Crash::new(id(2_000)).field("signature", "x").was_missing();
    let server = start(stats(0).crashes(unprocessed).crash(late));
    assert_eq!(missing(&site, &server, &[]).lines().len(), 1_501);
    let no = missing(&site, &server, &["--is-processed", "no"]);
    assert_eq!(sorted(&no), ids(0..1_500));
    let yes = missing(
        &site,
        &server,
        &["--is-processed", "yes", "--print", "result"],
    );
    assert_eq!(yes.json()["crash_id"], id(2_000).as_str());
    assert_eq!(yes.json()["is_processed"], true);
    let stats = missing(&site, &server, &["--print", "stats"]);
    assert_eq!(
        stats.lines(),
        [
            "Total:         1501",
            "Processed:     1 (0.07%)",
            "Not processed: 1500 (99.93%)",
        ]
    );
}

#[test]
fn of_nothing_there_are_no_ratios() {
    let (site, server) = (Site::new(), start(stats(0)));
    let none = missing(&site, &server, &["--print", "stats", "--format", "json"]);
    assert_eq!(
        none.json(),
        json!({"total": 0, "processed": 0, "not_processed": 0})
    );
    let text = missing(&site, &server, &["--print", "stats"]);
    assert!(text.stdout.contains("Processed:     0 (0.00%)"), "{text:?}");
    assert_eq!(missing(&site, &server, &[]).stdout, "");
}
