//! `socorro queue`: taking messages out, with and without losing them.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Run, Site, run_with_input};

const OTHER: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123";

/// A queue with a priority crash, and a standard one with a ruleset of its own.
fn two_messages() -> Site {
    let site = Site::new();
    site.publish();
    let other = format!("{OTHER}:regenerate_signature");
    site.run(["queue", "publish", "--lane", "priority", &other])
        .succeeds();
    site
}

#[test]
fn peeking_shows_what_is_there_and_leaves_it() {
    let site = two_messages();
    for _ in 0..2 {
        let shown = site.run(["queue", "peek"]).succeeds().quietly();
        let lines = shown.lines();
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].starts_with(&format!("{OTHER}:regenerate_signature\tpriority\t")),
            "{shown:?}"
        );
        assert!(lines[1].starts_with(&format!("{}\tstandard\t", Site::ID)));
        assert_eq!(site.depth(), [2, 0, 0, 0]);
    }
    let one = site.run(["queue", "peek", "--max-messages", "1", "--format", "ndjson"]);
    let one = one.succeeds().json();
    assert_eq!(one["crash_id"], OTHER);
    assert_eq!(one["ruleset"], "regenerate_signature");
    assert_eq!(one["attempt"], 3);
    // Nobody's fault: it does not count against the crash.
    assert_eq!(one["failures"], 0);
    assert_eq!(one["lapses"], 0);
    site.run(["queue", "peek", "--max-messages", "0"])
        .fails(2, &["--max-messages", "1..=1000"]);
}

#[test]
fn lists_have_the_same_forms_everywhere() {
    let site = two_messages();
    let array = site.run(["queue", "peek", "--format", "json"]).succeeds();
    assert_eq!(array.json().as_array().unwrap().len(), 2);
    let table = site.run(["queue", "peek", "--format", "csv"]).succeeds();
    let lines = table.lines();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("message,crash_id,ruleset,lane"));
    assert!(lines[2].starts_with(&format!("{0},{0},default,standard", Site::ID)));
    let lanes = site
        .run(["queue", "status", "--format", "ndjson"])
        .succeeds();
    let first: Value = serde_json::from_str(lanes.lines()[0]).unwrap();
    assert_eq!(first["lane"], "priority");
    assert_eq!(first["waiting"], 1);
    let lanes = site.run(["queue", "status", "--format", "csv"]).succeeds();
    assert_eq!(lanes.lines().len(), 4);
    let same = site.run(["queue", "status", "--format", "json"]).succeeds();
    assert_eq!(same.json()["total"]["waiting"], 2);

    site.run(["queue", "purge", "--all"]).succeeds();
    for (format, empty) in [("json", "[]\n"), ("ndjson", ""), ("text", "")] {
        let list = site.run(["queue", "peek", "--wait", "0", "--format", format]);
        assert_eq!(list.succeeds().stdout, empty);
        let list = site.run(["queue", "dead", "list", "--format", format]);
        assert_eq!(list.succeeds().stdout, empty);
    }
    let list = site.run(["queue", "dead", "list", "--format", "csv"]);
    list.succeeds().prints(&["id,lane,message"]);
}

#[test]
fn pulling_gives_back_unless_it_is_told_to_take() {
    let site = two_messages();
    let pulled = site.run(["queue", "pull"]).succeeds().quietly();
    assert_eq!(pulled.lines(), [format!("{OTHER}:regenerate_signature")]);
    let pulled = site.run(["queue", "pull", "--ack", "--no-ack"]).succeeds();
    assert_eq!(pulled.lines().len(), 1);
    assert_eq!(site.depth(), [2, 0, 0, 0]);

    let pulled = site.run(["queue", "pull", "--ack"]).succeeds();
    assert_eq!(pulled.lines(), [format!("{OTHER}:regenerate_signature")]);
    assert_eq!(site.depth(), [1, 0, 0, 0]);
    let pulled = site.run(["queue", "pull", "--ack", "--max-messages", "10"]);
    assert_eq!(pulled.succeeds().lines(), [Site::ID]);
    assert_eq!(site.depth(), [0, 0, 0, 0]);
    // A loop over what is there ends.
    let nothing = site.run(["queue", "pull", "--ack", "--wait", "0"]);
    assert_eq!(nothing.fails(3, &[]).stdout, "");
}

#[test]
fn what_nobody_reads_is_not_taken() {
    let site = two_messages();
    for command in ["pull --ack --max-messages 5", "drain"] {
        let mut child = site
            .command()
            .arg("queue")
            .args(command.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = Run::new(&child.wait_with_output().unwrap());
        assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
        assert_eq!(site.depth(), [2, 0, 0, 0], "{command}");
    }
}

#[test]
fn a_queue_moves_into_another_one() {
    let site = two_messages();
    let drained = site.run(["queue", "drain"]).succeeds().quietly();
    let job = format!("{OTHER}:regenerate_signature");
    assert_eq!(drained.lines(), [&*job, Site::ID]);
    assert_eq!(site.depth(), [0, 0, 0, 0]);
    let other = format!("--queue=sqlite://{}", site.file("other.sqlite"));
    let published = run_with_input(["queue", "publish", &other], drained.stdout.as_bytes());
    assert_eq!(published.succeeds().lines(), [&*job, Site::ID]);
    let shown = site.run(["queue", "peek", &other, "--format", "json"]);
    assert_eq!(
        shown.succeeds().json()[0]["ruleset"],
        "regenerate_signature"
    );
}

#[test]
fn a_drain_tells_what_it_leaves() {
    let site = two_messages();
    let file = rusqlite::Connection::open(site.path("queue.sqlite")).unwrap();
    // Somebody is working on the priority crash; a message makes no sense, another is a test.
    file.execute_batch(
        "UPDATE messages SET leased = 1, due_at_ms = decided_at_ms + 3600000 WHERE lane = 'priority';
         INSERT INTO messages (lane, body, published_at_ms, due_at_ms)
         VALUES ('standard', x'7b7d', 0, 0), ('standard', CAST('test' AS BLOB), 0, 0);",
    )
    .unwrap();
    let drained = site.run(["queue", "drain"]).fails(
        1,
        &[
            "became a dead letter",
            "1 still in the queue (0 waiting, 0 delayed, 1 leased)",
            "socorro queue status",
        ],
    );
    assert_eq!(drained.lines(), [Site::ID]);
    assert_eq!(site.depth(), [0, 0, 1, 1]);
    assert_eq!(site.dead_letter()["reason"], "bad_crash_id");
}

#[test]
fn a_purge_forgets_lanes_that_are_named() {
    let site = two_messages();
    site.run(["queue", "purge"]).fails(2, &["--all"]);
    let purged = site.run(["queue", "purge", "--lane", "priority"]);
    assert_eq!(purged.succeeds().quietly().stdout, "priority\t1\n");
    assert_eq!(site.depth(), [1, 0, 0, 0]);
    let purged = site.run(["queue", "purge", "--all", "--format", "ndjson"]);
    purged.succeeds().prints(&[
        r#"{"lane": "priority", "messages": 0}"#,
        r#"{"lane": "standard", "messages": 1}"#,
        r#"{"lane": "reprocessing", "messages": 0}"#,
    ]);
    assert_eq!(site.depth(), [0, 0, 0, 0]);
}

#[test]
fn a_queue_is_made_and_deleted() {
    let site = Site::new();
    let file = site.file("queue.sqlite");
    let made = site.run(["queue", "create"]).succeeds().quietly();
    made.prints(&[&format!("file {file} was made\n"), "is ready\n"]);
    let there = site.run(["queue", "create"]).succeeds();
    there.prints(&[&format!("file {file} was there\n")]);

    site.publish();
    site.run(["queue", "delete"]).fails(
        1,
        &["1 messages and 0 dead letters", "queue drain", "--force"],
    );
    assert_eq!(site.depth(), [1, 0, 0, 0]);
    let deleted = site
        .run(["queue", "delete", "--force"])
        .succeeds()
        .quietly();
    assert_eq!(deleted.stdout, format!("file {file} was deleted\n"));
    for name in ["queue.sqlite", "queue.sqlite-wal", "queue.sqlite-shm"] {
        assert!(!site.path(name).exists(), "{name}");
    }
    site.run(["queue", "delete"]).fails(1, &["no such file"]);
    assert!(!site.path("queue.sqlite").exists());
}

#[test]
fn what_was_not_published_can_be_fed_back() {
    let site = Site::new();
    let list = format!("# ids\n\nnonsense\nbp-{}\n{OTHER}x\n", Site::ID);
    let queue = site.queue();
    let failed = run_with_input(
        ["queue", "publish", "--print-failed", &queue],
        list.as_bytes(),
    );
    let failed = failed.fails(1, &["not published: invalid crash id \"nonsense\""]);
    assert_eq!(failed.lines(), ["nonsense", &format!("{OTHER}x")]);
    assert_eq!(site.depth(), [1, 0, 0, 0]);
    let all = site.run(["queue", "publish", "--print-failed", OTHER]);
    assert_eq!(all.succeeds().quietly().stdout, "");
    assert_eq!(site.depth(), [2, 0, 0, 0]);
}

#[test]
fn publishing_stops_at_the_first_failure_where_that_is_wanted() {
    let site = Site::new();
    let stopped = site.run(["queue", "publish", "--fail-fast", "nonsense", OTHER]);
    assert_eq!(stopped.fails(1, &["nonsense"]).stdout, "");
    // It was not even made.
    assert!(!site.path("queue.sqlite").exists());
    let words = [
        "queue",
        "publish",
        "--fail-fast",
        "--keep-going",
        "nonsense",
        OTHER,
    ];
    assert_eq!(site.run(words).fails(1, &["nonsense"]).lines(), [OTHER]);

    // A file that takes nothing.
    let file = rusqlite::Connection::open(site.path("queue.sqlite")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON messages
         BEGIN SELECT RAISE(ABORT, 'no room'); END;",
    )
    .unwrap();
    let words = ["queue", "publish", "--format", "ndjson", OTHER, Site::ID];
    let run = site.run(words).fails(1, &["was not published", "no room"]);
    let lines = run.lines();
    assert_eq!(lines.len(), 2);
    let line: Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(line["crash_id"], Site::ID);
    assert_eq!(line["published"], false);
    assert!(
        line["error"].as_str().unwrap().contains("no room"),
        "{line}"
    );
}
