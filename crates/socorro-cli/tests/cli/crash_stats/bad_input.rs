//! What people get wrong, and what machines do.

use std::fs;

use socorro_crash_stats::server::{Fault, Permission, Token};

use super::{anonymously, command, id, ids, sorted, start, stats, tree, with_token};
use crate::support::{Run, Site};

#[test]
fn one_bad_id_does_not_keep_the_others_from_being_fetched() {
    let (site, server) = (Site::new(), start(stats(2)));
    let list = ids([1, 7, 2]);
    let words = [
        "fetch-crash-data",
        "crashdata",
        "nonsense",
        &list[0],
        &list[1],
        &list[2],
    ];
    let run = with_token(
        &site,
        &server,
        &[&words[..], &["--failed", "failed.txt"]].concat(),
    );
    let run = run.fails(
        1,
        &["nonsense", "36 characters", &list[1], "has no raw crash"],
    );
    assert_eq!(sorted(&run), ids(1..=2));
    let failed = fs::read_to_string(site.path("failed.txt")).unwrap();
    assert!(
        failed.contains("# ") && failed.contains("nonsense"),
        "{failed}"
    );
    assert!(failed.lines().any(|line| line == list[1]), "{failed}");
    // What failed is given back as a list.
    let run = with_token(
        &site,
        &server,
        &["fetch-crash-data", "crashdata", "@failed.txt"],
    );
    run.fails(1, &[&list[1]]);
    let fast = ["--fail-fast", "--jobs", "1", "--failed", "failed.txt"];
    let words = ["fetch-crash-data", "other", &list[1], &list[0]];
    with_token(&site, &server, &[&words[..], &fast].concat()).fails(1, &["first failure"]);
    let failed = fs::read_to_string(site.path("failed.txt")).unwrap();
    assert_eq!(failed.lines().collect::<Vec<_>>(), [&*list[1], &*list[0]]);
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_before_anything_is_fetched() {
    let (site, server) = (Site::new(), start(stats(1)));
    let id = id(1).to_string();
    site.write("file", "precious");
    let fetch = |place: &str| with_token(&site, &server, &["fetch-crash-data", place, &id]);
    fetch("file").fails(1, &["file is not a directory", "s3://NAME"]);
    fetch("file/below").fails(1, &["file/below"]);
    fetch("ftp://host").fails(2, &["unknown storage scheme"]);
    fetch("memory:").fails(2, &["in memory"]);
    #[cfg(target_os = "linux")]
    fetch("/proc/crashes").fails(1, &["/proc/crashes", "may write"]);
    let failed = [
        "fetch-crash-data",
        "crashdata",
        &id,
        "--failed",
        "no/such/list",
    ];
    with_token(&site, &server, &failed).fails(1, &["no/such/list"]);
    assert_eq!(server.journal().len(), 0);
    assert_eq!(fs::read(site.path("file")).unwrap(), b"precious");
}

#[cfg(unix)]
#[test]
fn a_directory_of_somebody_else_is_told() {
    use std::{os::unix::fs::PermissionsExt as _, process::Command};

    let (site, server) = (Site::new(), start(stats(1)));
    fs::create_dir(site.path("locked")).unwrap();
    fs::set_permissions(site.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    let root = Command::new("id").arg("-u").output().unwrap();
    if root.stdout.trim_ascii() == b"0" {
        eprintln!("skipped: nothing is forbidden to root");
        return;
    }
    let id = id(1).to_string();
    let words = ["fetch-crash-data", "locked", &id];
    with_token(&site, &server, &words).fails(1, &["cannot write to locked", "permissions"]);
}

/// A small file system, where one can be mounted.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_nothing_half_written_stays() {
    use std::process::Command;

    let (site, server) = (Site::new(), start(stats(3)));
    fs::create_dir(site.path("small")).unwrap();
    let small = site.file("small");
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=48k", "tmpfs", &small])
        .output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        eprintln!("skipped: no file system can be mounted here");
        return;
    }
    site.write("list.txt", ids(1..=3).join("\n"));
    let run = with_token(
        &site,
        &server,
        &["fetch-crash-data", "small/tree", "@list.txt", "--jobs", "1"],
    );
    let files = tree(&site.path("small/tree"));
    let unmounted = Command::new("umount").arg(&small).status().unwrap();
    assert!(unmounted.success());
    let run = run.fails(1, &["was not fetched"]);
    assert!(run.stderr.to_lowercase().contains("space"), "{run:?}");
    for id in ids(1..=3) {
        let raw = files.contains_key(&format!("v1/raw_crash/20261123/{id}"));
        assert_eq!(raw, run.lines().contains(&&*id), "{id}");
    }
    assert!(
        files.keys().all(|name| !name.contains('#')),
        "{:?}",
        files.keys()
    );
}

#[test]
fn a_token_that_is_none_ends_everything_at_once() {
    let (site, server) = (Site::new(), start(stats(9)));
    site.write("list.txt", ids(1..=9).join("\n"));
    let words = [
        "fetch-crash-data",
        "crashdata",
        "@list.txt",
        "--failed",
        "failed.txt",
    ];
    let mut wrong = command(&site, &server, &[&words[..], &["--jobs", "1"]].concat());
    wrong.env("SOCORRO_API_TOKEN", "deadbeefdeadbeefdeadbeefdeadbeef");
    let run = Run::of(&mut wrong).fails(1, &["does not accept the API token", "SOCORRO_API_TOKEN"]);
    assert!(!run.stderr.contains("deadbeef"), "{run:?}");
    assert_eq!(server.journal().len(), 1);
    let failed = fs::read_to_string(site.path("failed.txt")).unwrap();
    assert_eq!(failed.lines().collect::<Vec<_>>(), ids(1..=9));
    let mut none = command(&site, &server, &words);
    Run::of(none.env("SOCORRO_API_TOKEN", "two words")).fails(2, &["API token cannot be used"]);
}

#[test]
fn a_token_without_the_permission_for_dumps_is_told_from_a_wrong_one() {
    let secret = "beefbeefbeefbeefbeefbeefbeefbeef";
    let token = Token::new(secret).may(Permission::ViewPii);
    let (site, server) = (Site::new(), start(stats(5).token(token)));
    site.write("list.txt", ids(1..=5).join("\n"));
    let words = ["fetch-crash-data", "crashdata", "@list.txt", "--jobs", "1"];
    let fetch = |more: &[&str]| {
        let mut command = command(&site, &server, &[&words[..], more].concat());
        Run::of(command.env("SOCORRO_API_TOKEN", secret))
    };
    fetch(&[]).fails(1, &["token lacks View Raw Dumps", "--public-only"]);
    assert_eq!(server.requests("RawCrash"), 2);
    assert_eq!(tree(&site.path("crashdata")).len(), 0);
    assert_eq!(sorted(&fetch(&["--public-only"]).succeeds()), ids(1..=5));
}

#[test]
fn a_host_that_is_none_is_told() {
    let site = Site::new();
    let id = id(1).to_string();
    let fetch = |host: &str| {
        site.run([
            "fetch-crash-data",
            "x",
            &id,
            "--host",
            host,
            "--retry-wait",
            "1ms",
        ])
    };
    fetch("https://no-such-host.invalid")
        .fails(1, &["cannot reach no-such-host.invalid", "--host"]);
    fetch("http://127.0.0.1:1").fails(1, &["cannot reach 127.0.0.1:1"]);
    fetch("http://crash-stats.example.org").fails(2, &["https"]);
    fetch("crash-stats.mozilla.org").fails(2, &["https://HOST"]);
}

#[test]
fn a_web_page_in_place_of_a_crash_is_told_and_the_others_go_on() {
    let (site, server) = (Site::new(), start(stats(3)));
    site.write("list.txt", ids(1..=3).join("\n"));
    server.add_fault(Fault::html().where_query_has(id(2).to_string()));
    let words = ["fetch-crash-data", "crashdata", "@list.txt"];
    let run = with_token(&site, &server, &words).fails(1, &["web page", id(2).as_ref()]);
    assert_eq!(sorted(&run), ids([1, 3]));
    // Where everything is one, it is given up.
    server.clear_faults();
    server.add_fault(Fault::html());
    site.write("list.txt", ids(100..200).join("\n"));
    server.clear_journal();
    let run = anonymously(&site, &server, &[&words[..], &["--jobs", "1"]].concat());
    run.fails(1, &["given up after 20 crashes in a row"]);
    assert_eq!(server.journal().len(), 20);
}
