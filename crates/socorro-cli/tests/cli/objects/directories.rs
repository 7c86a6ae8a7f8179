//! The same commands on a directory, and what they have for crashes.

use std::fs;

use super::server::{tree, write_tree};
use crate::support::{Run, Site, program, run_with_input};

fn run(site: &Site, arguments: &[&str]) -> Run {
    Run::of(program().current_dir(site.path("")).args(arguments))
}

#[test]
fn a_directory_is_a_bucket_too() {
    let site = Site::new();
    write_tree(&site, "crashdata", 2);
    let url = format!("file://{}/", site.file("store"));
    let run = |arguments: &[&str]| run(&site, arguments);
    for _ in 0..2 {
        let made = run(&["storage", "mb", &url]).succeeds().quietly();
        assert_eq!(
            made.stdout,
            format!("make_bucket: {}\n", site.file("store"))
        );
    }
    run(&["storage", "mb", "--fail-if-exists", &url]).fails(1, &["make_bucket failed"]);
    let copied = run(&["storage", "sync", "crashdata", &url])
        .succeeds()
        .quietly();
    assert_eq!(copied.lines().len(), 6);
    assert!(copied.stdout.starts_with("copy: "), "{copied:?}");
    assert_eq!(tree(&site.path("store")), tree(&site.path("crashdata")));
    assert_eq!(
        run(&["storage", "sync", "crashdata", "store"])
            .succeeds()
            .stdout,
        ""
    );
    let listed = run(&["storage", "ls", &format!("{url}v1/")]).succeeds();
    let names: Vec<_> = listed.lines().into_iter().map(str::trim_start).collect();
    assert_eq!(names, ["PRE dump/", "PRE dump_names/", "PRE raw_crash/"]);
    assert_eq!(
        run(&["storage", "ls", &format!("{url}v1/dump/de1")])
            .succeeds()
            .lines()
            .len(),
        2
    );
    assert_eq!(
        run(&["storage", "rm", "--recursive", &format!("{url}v1/dump/")])
            .succeeds()
            .lines()
            .len(),
        2
    );
    run(&["storage", "rb", &url]).fails(1, &["remove_bucket failed"]);
    run(&["storage", "rb", "--force", &url]).succeeds();
    assert!(!site.path("store").exists());
    assert_eq!(run(&["storage", "ls", &url]).code, Some(1));
}

#[test]
fn standard_input_becomes_an_object() {
    let site = Site::new();
    let target = format!("file://{}", site.file("crashes/list.txt"));
    let put = run_with_input(["s3", "cp", "-", &target], b"one\ntwo\n").succeeds();
    assert_eq!(put.stdout, format!("upload: - to {target}\n"));
    assert_eq!(
        run(&site, &["s3", "cat", &target]).succeeds().stdout,
        "one\ntwo\n"
    );
    let cat = run(&site, &["s3", "cat", &format!("{target}x"), &target]);
    assert_eq!(cat.fails(1, &["list.txtx"]).stdout, "one\ntwo\n");
    run(
        &site,
        &["storage", "cat", &target, "--permissions", "public"],
    )
    .fails(2, &["public"]);
    run(&site, &["storage", "cat", "raw"]).fails(2, &["CRASHID"]);
    run(&site, &["storage", "cat", "raw", Site::ID]).fails(2, &["--storage"]);
    run(&site, &["storage", "cat", "other", Site::ID]).fails(2, &["address of an object"]);
}

#[test]
fn crashes_that_are_too_old_are_shown_then_deleted() {
    let site = Site::new();
    site.put();
    let young = site
        .run(["storage", "put-crash", &site.file("crash.dmp")])
        .succeeds();
    let url = format!("file://{}/", site.file("crashes"));
    // Of a crash without a raw crash, too.
    let torn = Site::ID.replace("de1", "de2");
    site.write(&format!("crashes/v1/processed_crash/{torn}"), "{}");
    site.write("crashes/v1/dump/README", "no crash");
    let prune = |options: &[&str]| {
        let arguments = ["storage", "prune", &url, "--older-than", "180d"];
        run(&site, &[&arguments[..], options].concat()).succeeds()
    };
    let shown = prune(&[]);
    assert_eq!(shown.lines().len(), 2);
    assert!(shown.stdout.contains("would be deleted"), "{shown:?}");
    let deleted = prune(&["--yes"]);
    assert!(
        deleted
            .lines()
            .iter()
            .all(|line| line.contains("was deleted")),
        "{deleted:?}"
    );
    assert_eq!(prune(&["--yes"]).stdout, "");
    let left: Vec<_> = tree(&site.path("crashes")).into_keys().collect();
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(left.iter().any(|key| key.ends_with(young.lines()[0])));
    run(&site, &["storage", "prune", &url]).fails(2, &["--older-than"]);
}

#[test]
fn crashes_are_deleted_by_a_list() {
    let site = Site::new();
    site.put();
    site.write("ids.txt", format!("# to go\n{}\n", Site::ID));
    let deleted = site
        .run(["storage", "delete", "--ids", &site.file("ids.txt")])
        .succeeds();
    assert!(
        deleted
            .stdout
            .starts_with(&format!("{} was deleted", Site::ID))
    );
    assert_eq!(
        fs::read_dir(site.path("crashes/v1/dump")).unwrap().count(),
        0
    );
    site.run(["storage", "delete", "--ids", "none.txt"])
        .fails(1, &["none.txt"]);
}
