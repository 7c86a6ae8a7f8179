//! `socorro reprocess`.

use std::fs;

use socorro_crash_stats::server::{Crash, Fault};

use super::{TOKEN, command, id, ids, sorted, start, stats};
use crate::support::{Run, Site};
use socorro_crash_stats::server::TestServer;

fn reprocess(site: &Site, server: &TestServer, words: &[&str]) -> Run {
    let words = [&["reprocess", "--sleep", "1ms"], words].concat();
    let mut command = command(site, server, &words);
    Run::of(command.env("SOCORRO_REPROCESS_API_TOKEN", TOKEN))
}

#[test]
fn crashes_are_asked_for_in_groups_of_fifty() {
    let (site, server) = (Site::new(), start(stats(0)));
    site.write("list.txt", ids(0..120).join("\n"));
    let run = reprocess(
        &site,
        &server,
        &["@list.txt", "--ruleset", "regenerate_signature"],
    );
    assert_eq!(run.succeeds().lines(), ids(0..120));
    assert_eq!(server.requests("Reprocessing"), 3);
    let expected: Vec<_> = ids(0..120)
        .into_iter()
        .map(|id| format!("{id}:regenerate_signature"))
        .collect();
    assert_eq!(server.reprocessed(), expected);
}

#[test]
fn what_is_out_of_order_is_asked_again_and_what_was_taken_is_not() {
    let (site, server) = (Site::new(), start(stats(0)));
    site.write("list.txt", ids(0..120).join("\n"));
    server.add_fault(Fault::status(503).times(3));
    server.add_fault(Fault::status(500).from(5));
    let words = ["@list.txt", "--resume", "state.txt"];
    reprocess(&site, &server, &words).fails(1, &["out of order", "run it again"]);
    assert_eq!(server.reprocessed(), ids(0..50));
    let state = fs::read_to_string(site.path("state.txt")).unwrap();
    assert_eq!(state.lines().collect::<Vec<_>>(), ids(0..50));
    server.clear_faults();
    let run = reprocess(&site, &server, &words).succeeds();
    assert_eq!(run.lines(), ids(50..120));
    assert_eq!(server.reprocessed(), ids(0..120));
    let run = reprocess(&site, &server, &words).succeeds();
    assert_eq!(run.stdout, "");
}

#[test]
fn an_id_that_is_not_taken_is_found_and_the_others_go_on() {
    let (site, server) = (Site::new(), start(stats(0)));
    site.write("list.txt", format!("nonsense\n{}", ids(0..60).join("\n")));
    let run = reprocess(&site, &server, &["@list.txt"]).fails(1, &["nonsense"]);
    assert_eq!(run.lines(), ids(0..60));
    let (site, server) = (Site::new(), start(stats(0)));
    site.write("list.txt", ids(0..4).join("\n"));
    // The whole, the first half, its second crash: one id is bad.
    for request in [1, 2, 4] {
        let bad = r#"{"error": "Bad request: BadArgumentError: Crash id is not valid."}"#;
        let fault = Fault::answer(400, "application/json", bad);
        server.add_fault(fault.from(request).times(1));
    }
    let run = reprocess(&site, &server, &["@list.txt"]);
    let run = run.fails(1, &[id(1).as_ref(), "was not taken"]);
    assert_eq!(sorted(&run), ids([0, 2, 3]));
}

#[test]
fn nothing_is_asked_for_without_a_token_or_in_a_rehearsal() {
    let (site, server) = (Site::new(), start(stats(0)));
    let id = id(1).to_string();
    Run::of(&mut command(&site, &server, &["reprocess", &id]))
        .fails(1, &["token", "SOCORRO_REPROCESS_API_TOKEN"]);
    let mut rehearsal = command(&site, &server, &["reprocess", "--dry-run", &id]);
    assert_eq!(Run::of(&mut rehearsal).succeeds().lines(), [&*id]);
    assert_eq!(server.journal().len(), 0);
    let mut wrong = command(&site, &server, &["reprocess", &id]);
    wrong.env(
        "SOCORRO_REPROCESS_API_TOKEN",
        "beefbeefbeefbeefbeefbeefbeefbeef",
    );
    Run::of(&mut wrong).fails(1, &["does not accept the API token"]);
    assert_eq!(server.requests("Reprocessing"), 1);
    reprocess(&site, &server, &[&id, "--ruleset", "nonsense"]).fails(1, &["nonsense", "--ruleset"]);
}

#[test]
fn a_queue_of_ones_own_is_used_when_it_is_named_on_the_command_line() {
    let (site, server) = (Site::new(), start(stats(0)));
    let id = id(1).to_string();
    // Its variable is set for every run of these tests.
    reprocess(&site, &server, &[&id]).succeeds();
    assert_eq!(server.reprocessed(), [&*id]);
    reprocess(&site, &server, &[&id, &site.queue()]).succeeds();
    assert_eq!(server.reprocessed().len(), 1);
    let status = site.run(["queue", "status", "--json"]).succeeds().json();
    assert_eq!(status["lanes"]["reprocessing"]["waiting"], 1, "{status}");
}

#[test]
fn all_that_a_search_finds_can_be_reprocessed() {
    let crashes = (0..3).map(|number| Crash::new(id(number)).field("signature", "OOM"));
    let (site, server) = (Site::new(), start(stats(0).crashes(crashes)));
    let url = "https://crash-stats.mozilla.org/search/?signature=~OOM&date=%3E%3D2026-11-23&date=%3C2026-11-24";
    let run = reprocess(&site, &server, &["--from-search", url]).succeeds();
    assert_eq!(sorted(&run), ids(0..3));
}
