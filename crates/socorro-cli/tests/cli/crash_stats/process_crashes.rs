//! `socorro process-crashes`.

use std::fs;

use socorro_crash_stats::server::Fault;

use super::{anonymously, command, id, ids, sorted, start, stats, tree, with_input, with_token};
use crate::support::{Run, Site, path_with_program};

#[test]
fn crashes_are_fetched_stored_and_published_one_by_one() {
    let (site, server) = (Site::new(), start(stats(3)));
    server.add_fault(Fault::status(410).where_query_has(id(2).to_string()));
    let list = ids(1..=3);
    let words = ["process_crashes", &list[0], &list[1], &list[2]];
    let run = with_token(&site, &server, &words).fails(1, &[&list[1], "was not published"]);
    assert_eq!(sorted(&run), ids([1, 3]));
    let symbols = site.file("symbols");
    let drained = site
        .run(["processor", "--drain", "--symbols", &symbols])
        .succeeds();
    drained.prints(&["2"]);
    for id in ids([1, 3]) {
        let processed = site.path(&format!("crashes/v1/processed_crash/{id}"));
        let processed = fs::read_to_string(processed).unwrap();
        assert!(processed.contains("crash_here"), "{processed}");
    }
    // What is stored is published again, and not fetched.
    server.clear_journal();
    with_token(&site, &server, &["process-crashes", &list[0]]).succeeds();
    assert_eq!(server.journal().len(), 0);
}

#[test]
fn crashes_are_processed_here_where_that_is_asked_for() {
    let (site, server) = (Site::new(), start(stats(2)));
    let symbols = site.file("symbols");
    let words = [
        "process-crashes",
        "--process",
        "--symbols",
        &symbols,
        "--walkers",
        "in-process",
    ];
    let mut piped = command(&site, &server, &words);
    piped.env("SOCORRO_API_TOKEN", super::TOKEN);
    let run = with_input(&mut piped, &ids(1..=2).join("\n")).succeeds();
    for (line, id) in sorted(&run).iter().zip(ids(1..=2)) {
        let parts: Vec<_> = line.split('\t').collect();
        assert_eq!(parts[..2], [&*id, "crash_here"]);
        let path = parts[2].strip_prefix("file://").unwrap();
        assert!(
            fs::read_to_string(path).unwrap().contains("crash_here"),
            "{path}"
        );
    }
    assert!(!site.path("queue.sqlite").exists());
}

#[test]
fn crashes_can_come_from_a_directory() {
    let (site, server) = (Site::new(), start(stats(2)));
    let list = ids(1..=2);
    with_token(
        &site,
        &server,
        &["fetch-crash-data", "crashdata", &list[0], &list[1]],
    )
    .succeeds();
    server.clear_journal();
    let run = anonymously(&site, &server, &["process-crashes", "--from", "crashdata"]);
    assert_eq!(sorted(&run.succeeds()), list);
    assert_eq!(server.journal().len(), 0);
    assert_eq!(tree(&site.path("crashes")), tree(&site.path("crashdata")));
    anonymously(&site, &server, &["process-crashes", "--from", "nowhere"]).fails(1, &["nowhere"]);
    let other = id(9).to_string();
    anonymously(
        &site,
        &server,
        &["process-crashes", "--from", "crashdata", &other],
    )
    .fails(1, &[&other]);
}

#[test]
fn a_pause_lets_a_person_look_at_the_crashes() {
    let (site, server) = (Site::new(), start(stats(1)));
    let id = id(1).to_string();
    let mut paused = command(&site, &server, &["process-crashes", "--pause", &id]);
    paused.env("SOCORRO_API_TOKEN", super::TOKEN);
    let run = with_input(&mut paused, "\n").succeeds();
    assert_eq!(run.lines(), [&*id]);
    assert!(run.stderr.contains("press Enter"), "{run:?}");
    assert!(!site.path("crashdata_tryit_tmp").exists());
    assert_eq!(tree(&site.path("crashes")).len(), 4);
    anonymously(&site, &server, &["process-crashes", "--pause"]).fails(2, &["--pause"]);
    fs::create_dir(site.path("crashdata_tryit_tmp")).unwrap();
    let left_over = anonymously(&site, &server, &["process-crashes", "--pause", &id]);
    left_over.fails(1, &["crashdata_tryit_tmp", "--from"]);
    assert!(site.path("crashdata_tryit_tmp").exists());
}

#[test]
fn a_crash_without_its_dumps_is_not_published() {
    let (site, server) = (Site::new(), start(stats(1)));
    let id = id(1).to_string();
    let run = anonymously(&site, &server, &["process-crashes", &id]);
    let run = run.fails(
        1,
        &["no API token", "without its dumps", "SOCORRO_API_TOKEN"],
    );
    assert_eq!(run.stdout, "");
    anonymously(&site, &server, &["process-crashes"]).fails(3, &["no crash ids"]);
}

#[cfg(unix)]
#[test]
fn the_script_of_that_name_does_the_same() {
    let (site, server) = (Site::new(), start(stats(2)));
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../scripts/process_crashes.sh"
    );
    let list = ids(1..=2);
    let mut command = std::process::Command::new(script);
    command
        .envs(
            site.command()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("PATH", path_with_program())
        .env("SOCORRO_HOST", server.url())
        .env("SOCORRO_API_TOKEN", super::TOKEN)
        .current_dir(site.path(""))
        .args(&list);
    let run = Run::of(&mut command).succeeds();
    assert_eq!(sorted(&run), list);
}
