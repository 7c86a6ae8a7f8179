//! `socorro storage verify`.

use std::fs;

use crate::support::Site;

const DAY: &str = "2016-09-18";

fn verify(site: &Site, options: &[&str]) -> crate::support::Run {
    let command = ["storage", "verify", "--min-age", "0"];
    site.run(command.iter().chain(options).copied())
}

#[test]
fn a_crash_that_was_never_published_is_found_published_and_processed() {
    let site = Site::new();
    site.put();
    let report = format!(
        "{} was never processed\n{DAY}: 1 crashes, 1 never processed\n",
        Site::ID
    );
    for lookup in ["listing", "each"] {
        let found = verify(&site, &["--date", DAY, "--lookup", lookup]).fails(1, &[]);
        assert_eq!(found.stdout, report);
    }
    assert!(!site.path("queue.sqlite").exists(), "nothing was written");

    let options = ["--date", DAY, "--republish"];
    verify(&site, &options)
        .succeeds()
        .prints(&["was never processed: published", "1 published again"]);
    assert_eq!(site.depth(), [1, 0, 0, 0]);
    // Once more does no harm.
    verify(&site, &options).succeeds();
    site.run(["processor", "--drain"]).succeeds();
    assert!(site.processed().is_some());
    verify(&site, &options)
        .succeeds()
        .prints(&[&format!("{DAY}: 1 crashes\n")]);
    assert_eq!(site.depth(), [0; 4]);
}

#[test]
fn ids_and_json_are_for_other_programs() {
    let site = Site::new();
    site.put();
    let ids = verify(&site, &["--date", DAY, "--format", "ids"]).fails(1, &[]);
    assert_eq!(ids.stdout, format!("{}\n", Site::ID));
    let json = verify(&site, &["--date", DAY, "--format", "json"]).fails(1, &[]);
    assert_eq!(json.json()["crash_id"], Site::ID);
    assert_eq!(json.json()["finding"], "unprocessed");
}

#[test]
fn a_crash_that_may_be_in_work_is_no_problem() {
    let site = Site::new();
    site.put();
    site.run(["storage", "verify", "--date", DAY])
        .succeeds()
        .prints(&["1 crashes, 1 not processed yet"]);
}

#[test]
fn a_dead_letter_is_told_and_left_alone() {
    let site = Site::new();
    site.put();
    site.write(
        &format!("crashes/v1/raw_crash/20160918/{}", Site::ID),
        "damaged",
    );
    site.publish();
    site.run(["processor", "--drain"]).fails(1, &[]);
    verify(&site, &["--date", DAY, "--republish"])
        .fails(1, &[])
        .prints(&["it is a dead letter", "1 dead letters"]);
    assert_eq!(site.depth(), [0, 0, 0, 1]);
}

#[test]
fn a_deep_look_finds_dumps_that_are_gone() {
    let site = Site::new();
    site.put();
    site.publish();
    site.run(["processor", "--drain"]).succeeds();
    fs::remove_file(site.path(&format!("crashes/v1/dump/{}", Site::ID))).unwrap();
    let days = ["--date", "2016-09-17", "--until", "2016-09-19"];
    verify(&site, &days).succeeds();
    let deep = verify(&site, &[&days[..], &["--deep"]].concat()).fails(1, &[]);
    let lines = deep.lines();
    assert_eq!(lines.len(), 4, "{deep:?}");
    assert_eq!(
        lines[1],
        format!("{} has lost dumps: upload_file_minidump", Site::ID)
    );
}

#[test]
fn what_makes_no_sense_is_told() {
    let site = Site::new();
    verify(&site, &["--date", "18.9.2016"]).fails(2, &["YYYY-MM-DD"]);
    verify(&site, &["--date", DAY, "--until", "2016-09-17"]).fails(2, &["--until 2016-09-17"]);
    verify(&site, &["--date", "yesterday"]).succeeds();
    let mut command = site.command();
    command
        .env_remove("SOCORRO_QUEUE")
        .args(["storage", "verify", "--date", DAY, "--republish"]);
    crate::support::Run::of(&mut command).fails(2, &["--queue"]);
}
