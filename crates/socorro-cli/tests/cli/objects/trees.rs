//! Trees that go into buckets and come back, on every server there is.

use std::fs;

use super::server::{Server, change, ids, sorted, tree, write_tree};
use crate::support::Site;

#[test]
fn a_tree_goes_into_a_bucket_and_comes_back() {
    for server in Server::all() {
        let site = Site::new();
        write_tree(&site, "crashdata", 3);
        let bucket = server.bucket();
        let name = bucket.rsplit('/').next().unwrap();
        let url = format!("{bucket}/");
        let run = |arguments: &[&str]| server.run(&site, arguments);
        println!("{}", server.name);

        for _ in 0..2 {
            let made = run(&["storage", "mb", &url]).succeeds().quietly();
            assert_eq!(made.stdout, format!("make_bucket: {name}\n"));
        }
        run(&["storage", "mb", "--fail-if-exists", &url])
            .fails(1, &["make_bucket failed: ", "(BucketAlreadyOwnedByYou)"]);

        let synced = run(&["storage", "sync", "./crashdata", &url])
            .succeeds()
            .quietly();
        let files = tree(&site.path("crashdata"));
        let expected: Vec<_> = files
            .keys()
            .map(|file| format!("upload: crashdata/{file} to {bucket}/{file}"))
            .collect();
        assert_eq!(sorted(&synced), expected);
        let again = run(&["storage", "sync", "./crashdata", &url])
            .succeeds()
            .quietly();
        assert_eq!(again.stdout, "");

        let fetched = run(&["storage", "sync", &url, "back"]).succeeds().quietly();
        assert_eq!(fetched.lines().len(), 9);
        assert!(
            sorted(&fetched)[0].starts_with(&format!("download: {bucket}/v1/dump/de1b")),
            "{fetched:?}"
        );
        assert_eq!(tree(&site.path("back")), files);
        let again = run(&["storage", "sync", &url, "back"]).succeeds().quietly();
        assert_eq!(again.stdout, "", "{}", server.name);

        // A file that changes without getting longer.
        let changed = format!("v1/dump/{}", ids(1)[0]);
        change(&site, &format!("crashdata/{changed}"));
        let once_more = run(&["storage", "sync", "crashdata/", &url]).succeeds();
        assert_eq!(
            once_more.stdout,
            format!("upload: crashdata/{changed} to {bucket}/{changed}\n")
        );
        fs::remove_file(site.path(&format!("crashdata/{changed}"))).unwrap();
        assert_eq!(
            run(&["storage", "sync", "crashdata", &url])
                .succeeds()
                .stdout,
            ""
        );
        let delete = ["storage", "sync", "crashdata", &url, "--delete"];
        let dry = run(&[&delete[..], &["--dryrun"]].concat()).succeeds();
        assert_eq!(dry.stdout, format!("(dryrun) delete: {bucket}/{changed}\n"));
        let deleted = run(&delete).succeeds();
        assert_eq!(deleted.stdout, format!("delete: {bucket}/{changed}\n"));

        let not_empty = run(&["storage", "rb", &url]);
        not_empty.fails(1, &["remove_bucket failed: "]);
        let removed = run(&["storage", "rb", &url, "--force"]).succeeds();
        assert_eq!(removed.lines().len(), 9);
        assert!(
            removed
                .stdout
                .ends_with(&format!("remove_bucket: {name}\n"))
        );
        let missing = run(&["storage", "ls", &url]);
        assert_eq!(missing.code, Some(255), "{missing:?}");
        run(&["storage", "sync", "crashdata", &url]).fails(1, &["fatal error: "]);
    }
}

#[test]
fn objects_are_copied_moved_shown_and_deleted_one_by_one() {
    for server in Server::all() {
        let site = Site::new();
        let bucket = server.new_bucket(&site);
        let run = |arguments: &[&str]| server.run(&site, arguments);
        let at = |key: &str| format!("{bucket}/{key}");
        site.write("f", "hello");
        let copied = run(&["storage", "cp", "f", &at("a/")]).succeeds().quietly();
        assert_eq!(copied.stdout, format!("upload: ./f to {bucket}/a/f\n"));
        let copied = run(&["storage", "cp", &at("a/f"), &at("b/c/g")]).succeeds();
        assert_eq!(
            copied.stdout,
            format!("copy: {bucket}/a/f to {bucket}/b/c/g\n")
        );
        let moved = run(&["storage", "mv", &at("a/f"), "sub/"]).succeeds();
        assert_eq!(moved.stdout, format!("move: {bucket}/a/f to sub/f\n"));
        assert_eq!(fs::read(site.path("sub/f")).unwrap(), b"hello");
        let shown = run(&["storage", "cat", &at("b/c/g")]).succeeds().quietly();
        assert_eq!(shown.stdout, "hello");
        assert_eq!(
            run(&["s3", "cp", &at("b/c/g"), "-"]).succeeds().stdout,
            "hello"
        );
        run(&["storage", "cp", "f", &at("b/top")]).succeeds();

        let listed = run(&["storage", "ls", &at("b/")]).succeeds().quietly();
        let lines = listed.lines();
        assert_eq!(lines[0], format!("{}PRE c/", " ".repeat(27)));
        assert_eq!(&lines[1][19..], "          5 top", "{listed:?}");
        // A beginning of keys may end within a name.
        assert_eq!(
            run(&["storage", "ls", &at("b/to")])
                .succeeds()
                .lines()
                .len(),
            1
        );
        run(&["storage", "ls", &at("none")]).fails(1, &[]);
        let whole = run(&["storage", "ls", &at(""), "--recursive", "--summarize"]).succeeds();
        let (listed, summary) = whole.stdout.split_once("\n\n").unwrap();
        let keys: Vec<_> = listed.lines().map(|line| &line[31..]).collect();
        assert_eq!(keys, ["b/c/g", "b/top"]);
        assert_eq!(summary, "Total Objects: 2\n   Total Size: 10\n");
        let rows = run(&["storage", "ls", &at("b/"), "--format", "json"])
            .succeeds()
            .json();
        assert_eq!(rows[0]["type"], "prefix");
        assert_eq!(rows[1]["key"], "b/top");
        assert_eq!(rows[1]["size"], 5);
        let csv = run(&["storage", "du", &at(""), "--format", "csv"]).succeeds();
        assert_eq!(
            csv.stdout,
            format!("url,objects,bytes\n{bucket}/b/,2,10\n{bucket}/,2,10\n")
        );
        let sums = run(&["storage", "du", &at("b/")]).succeeds();
        assert_eq!(sums.stdout, format!("5\t{bucket}/b/c/\n10\t{bucket}/b/\n"));

        for _ in 0..2 {
            let deleted = run(&["storage", "rm", &at("b/top")]).succeeds().quietly();
            assert_eq!(deleted.stdout, format!("delete: {bucket}/b/top\n"));
        }
        run(&["storage", "rm", &at("b/")]).fails(2, &["--recursive"]);
        run(&["storage", "cp", &at("b/none"), "x"]).fails(
            1,
            &["fatal error: An error occurred (404) when calling the HeadObject operation: Key \"b/none\" does not exist"],
        );
        run(&["storage", "cat", &at("b/none")]).fails(1, &["b/none"]);
        assert!(!site.path("x").exists());
    }
}

#[test]
fn only_what_is_asked_for_is_copied_and_nothing_in_a_dry_run() {
    let (site, server) = (Site::new(), Server::own());
    write_tree(&site, "crashdata", 2);
    let bucket = server.new_bucket(&site);
    let sync = |options: &[&str]| {
        let arguments = ["s3", "sync", "crashdata", &bucket];
        server
            .run(&site, &[&arguments[..], options].concat())
            .succeeds()
    };
    let dumps = ["--exclude", "*", "--include", "v1/dump/*"];
    let dry = sync(&[&dumps[..], &["--dry-run"]].concat());
    assert_eq!(dry.lines().len(), 2);
    assert!(
        dry.lines()
            .iter()
            .all(|line| line.starts_with("(dryrun) upload: crashdata/v1/dump/"))
    );
    assert_eq!(sync(&dumps).lines().len(), 2);
    assert_eq!(sync(&["--exclude", "*/raw_crash/*"]).lines().len(), 2);
    assert_eq!(sync(&["--only-show-errors"]).stdout, "");
    assert_eq!(sync(&[]).stdout, "");
    // Of the same size, and other content.
    change(&site, &format!("crashdata/v1/dump/{}", ids(1)[0]));
    assert_eq!(sync(&["--size-only"]).stdout, "");
    assert_eq!(sync(&[]).lines().len(), 1);
    // What is excluded is not deleted either.
    fs::remove_dir_all(site.path("crashdata/v1/dump")).unwrap();
    assert_eq!(sync(&["--delete", "--exclude", "v1/dump/*"]).stdout, "");
    assert_eq!(sync(&["--delete"]).lines().len(), 2);
}

#[test]
fn exact_timestamps_fetch_what_was_written_at_another_time() {
    let (site, server) = (Site::new(), Server::own());
    write_tree(&site, "crashdata", 1);
    let bucket = server.new_bucket(&site);
    server
        .run(&site, &["s3", "sync", "crashdata", &bucket])
        .succeeds();
    let back = |options: &[&str]| {
        let arguments = ["s3", "sync", &bucket, "back"];
        let run = server
            .run(&site, &[&arguments[..], options].concat())
            .succeeds();
        run.lines().len()
    };
    assert_eq!(back(&[]), 3);
    assert_eq!(
        back(&["--exact-timestamps"]),
        0,
        "a copy has the time of its object"
    );
    let path = site.path(&format!("back/v1/dump/{}", ids(1)[0]));
    let copy = fs::File::options().write(true).open(path).unwrap();
    let earlier = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    copy.set_modified(earlier).unwrap();
    assert_eq!(back(&[]), 0);
    assert_eq!(back(&["--exact-timestamps"]), 1);
}

#[test]
fn large_files_go_in_parts_and_are_known_again() {
    for server in Server::all() {
        let site = Site::new();
        let bucket = server.new_bucket(&site);
        let content: Vec<u8> = (0..20_000_000_u32)
            .map(|number| number.to_le_bytes()[1])
            .collect();
        site.write("large/dump", &content);
        let run = |arguments: &[&str]| server.run(&site, arguments).succeeds();
        assert_eq!(run(&["storage", "sync", "large", &bucket]).lines().len(), 1);
        assert_eq!(run(&["storage", "sync", "large", &bucket]).stdout, "");
        run(&["storage", "sync", &bucket, "back"]);
        assert!(
            fs::read(site.path("back/dump")).unwrap() == content,
            "{}",
            server.name
        );
        assert_eq!(run(&["storage", "sync", &bucket, "back"]).stdout, "");
        // From bucket to bucket, and within one.
        let other = server.new_bucket(&site);
        assert_eq!(run(&["storage", "sync", &bucket, &other]).lines().len(), 1);
        assert_eq!(run(&["storage", "sync", &bucket, &other]).stdout, "");
        run(&[
            "storage",
            "cp",
            &format!("{other}/dump"),
            &format!("{other}/copy"),
        ]);
        run(&["storage", "mv", "--recursive", &other, "moved"]);
        assert!(
            fs::read(site.path("moved/copy")).unwrap() == content,
            "{}",
            server.name
        );
        assert_eq!(run(&["storage", "ls", &other]).stdout, "");
    }
}
