//! `socorro queue`.

use crate::support::{Site, run_with_input};

const OTHER: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123";

#[test]
fn ids_are_taken_as_people_paste_them() {
    let site = Site::new();
    let id = Site::ID;
    let url = format!("https://crash-stats.mozilla.org/report/index/{OTHER}?tab=x");
    let published = site.run([
        "queue",
        "publish",
        &format!(" bp-{} ", id.to_uppercase()),
        &url,
        id,
    ]);
    assert_eq!(published.succeeds().quietly().lines(), [id, OTHER]);
    assert_eq!(site.depth(), [2, 0, 0, 0]);
}

#[test]
fn ids_come_from_standard_input_as_well() {
    let site = Site::new();
    let list = format!("# two ids\n\n  {OTHER}\r\nbp-{}\n{OTHER}\n", Site::ID);
    for arguments in [&["-"][..], &[]] {
        let queue = site.queue();
        let publish = ["queue", "publish", &queue]
            .into_iter()
            .chain(arguments.iter().copied());
        let published = run_with_input(publish, list.as_bytes()).succeeds();
        assert_eq!(published.lines(), [OTHER, Site::ID]);
    }
    assert_eq!(site.depth(), [4, 0, 0, 0]);
    run_with_input(["queue", "publish", &site.queue()], b"")
        .succeeds()
        .quietly();
    run_with_input(["queue", "publish", &site.queue()], b"\xff\n")
        .fails(1, &["standard input", "UTF-8"]);
}

#[test]
fn ids_that_are_none_are_told_and_the_others_published() {
    let site = Site::new();
    let published = site.run([
        "queue",
        "publish",
        "nonsense",
        "de1bb258-cbbf-4589-a673-34f800161318",
        OTHER,
    ]);
    let published = published.fails(
        1,
        &[
            "error: not published: invalid crash id \"nonsense\"",
            "36 characters",
            "34f800161318",
            "calendar date",
        ],
    );
    assert_eq!(published.lines(), [OTHER]);
    assert_eq!(site.depth(), [1, 0, 0, 0]);
}

#[test]
fn lanes_and_rulesets_are_checked() {
    let site = Site::new();
    site.run(["queue", "publish", "--lane", "priority", OTHER])
        .succeeds();
    site.run(["queue", "publish", "--lane", "fast", OTHER])
        .fails(2, &["fast", "priority and reprocessing"]);
    site.run(["queue", "publish", "--ruleset", "not a name", OTHER])
        .fails(2, &["not a name", "64"]);
    let status = site.run(["queue", "status", "--json"]).succeeds().json();
    assert_eq!(status["lanes"]["priority"]["waiting"], 1);
    assert_eq!(status["lanes"]["standard"]["waiting"], 0);
    assert_eq!(
        status["lanes"]["standard"]["oldest_age_seconds"],
        serde_json::Value::Null
    );
    site.run(["queue", "status"]).succeeds().prints(&[
        "priority             1        0        0        0  ",
        "total",
    ]);
}

#[test]
fn dead_letters_are_listed_shown_replayed_and_dropped() {
    let site = Site::new();
    site.put();
    for id in [Site::ID, OTHER] {
        site.run(["queue", "publish", "--ruleset", "nosuch", id])
            .succeeds();
    }
    site.run(["processor", "--drain"]).fails(
        1,
        &[
            "2 crashes were dead-lettered",
            "socorro queue dead list --queue sqlite://",
        ],
    );
    assert_eq!(site.depth(), [0, 0, 0, 2]);

    let list = site
        .run(["queue", "dead", "list"])
        .succeeds()
        .prints(&["standard\tunknown_ruleset\t1\t"]);
    let ids: Vec<&str> = list
        .lines()
        .into_iter()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(ids.len(), 2);
    let shown = site
        .run(["queue", "dead", "show", ids[0], "--json"])
        .succeeds()
        .json();
    assert_eq!(shown["message"], format!("{}:nosuch", Site::ID));
    assert!(
        shown["last_error"].as_str().unwrap().contains("nosuch"),
        "{shown}"
    );
    site.run(["queue", "dead", "show", ids[0]])
        .succeeds()
        .prints(&["reason:            unknown_ruleset", "last_error:"]);
    site.run(["queue", "dead", "show", "77"])
        .fails(1, &["no dead letter 77", "socorro queue dead list"]);

    assert_eq!(
        site.run(["queue", "dead", "replay", ids[0]])
            .succeeds()
            .lines(),
        [ids[0]]
    );
    assert_eq!(site.depth(), [1, 0, 0, 1]);
    site.run(["queue", "dead", "replay", ids[0]])
        .fails(1, &["no dead letter"]);
    // The other one by its crash id.
    site.run(["queue", "dead", "show", OTHER])
        .succeeds()
        .prints(&["reason:            unknown_ruleset"]);
    site.run(["queue", "dead", "replay", OTHER, Site::ID])
        .fails(1, &[&format!("no dead letter {}", Site::ID)])
        .prints(&[ids[1]]);
    assert_eq!(site.depth(), [2, 0, 0, 0]);
    site.run(["processor", "--drain"]).fails(1, &[]);
    site.run(["queue", "dead", "drop", "--all"]).succeeds();
    assert_eq!(site.depth(), [0, 0, 0, 0]);
    site.run(["queue", "dead", "drop"]).fails(2, &["--all"]);
    site.run(["queue", "dead", "list", "--json"])
        .succeeds()
        .quietly();
}

#[test]
fn a_file_that_is_no_queue_is_left_alone() {
    let site = Site::new();
    let file = site.write(
        "queue.sqlite",
        "These are my memoirs, and I want to keep them.".repeat(20),
    );
    for command in [
        "queue status",
        "queue publish de1bb258-cbbf-4589-a673-34f800160918",
        "processor --drain",
    ] {
        site.run(command.split(' ')).fails(
            1,
            &["queue.sqlite", "no SQLite database", "choose another file"],
        );
    }
    assert!(
        std::fs::read_to_string(file)
            .unwrap()
            .starts_with("These are my memoirs")
    );
}

#[test]
fn looking_at_a_queue_that_is_not_there_makes_none() {
    let site = Site::new();
    let file = site.file("typo.sqlite");
    let queue = format!("sqlite://{file}");
    for command in [&["status"][..], &["dead", "list"]] {
        site.run(
            ["queue"]
                .iter()
                .chain(command)
                .copied()
                .chain(["--queue", &queue]),
        )
        .fails(1, &["typo.sqlite", "no such file", "check the address"]);
    }
    assert!(!std::path::Path::new(&file).exists());
}

#[test]
fn a_queue_without_a_directory_is_told_with_the_way_out() {
    let site = Site::new();
    let queue = format!("sqlite://{}", site.file("no/queue.sqlite"));
    site.run(["queue", "publish", "--queue", &queue, Site::ID])
        .fails(1, &["does not exist", "make it first"]);
    let queue = format!("sqlite://{}", site.file("crashes"));
    site.run(["queue", "status", "--queue", &queue])
        .fails(1, &["it is a directory", "name a file in it"]);
}
