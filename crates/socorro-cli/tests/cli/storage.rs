//! `socorro storage`.

use std::fs;

use crate::support::{Site, minidump, run, run_with_input};

#[test]
fn a_crash_made_of_files_is_stored_under_its_id() {
    let site = Site::new();
    site.put();
    for key in [
        format!("v1/raw_crash/20160918/{}", Site::ID),
        format!("v1/dump_names/{}", Site::ID),
        format!("v1/dump/{}", Site::ID),
    ] {
        assert!(site.path("crashes").join(&key).is_file(), "{key}");
    }
    assert_eq!(
        fs::read(site.path(&format!("crashes/v1/dump/{}", Site::ID))).unwrap(),
        minidump::minidump()
    );
    assert_eq!(
        site.run(["storage", "cat", "raw", Site::ID])
            .succeeds()
            .json()["ProductName"],
        "Fantasy"
    );
    assert_eq!(
        site.run(["storage", "cat", "dump-names", Site::ID])
            .succeeds()
            .lines(),
        ["upload_file_minidump"]
    );
    assert!(
        site.run(["storage", "cat", "dump", Site::ID])
            .succeeds()
            .stdout
            .starts_with("MDMP")
    );
}

#[test]
fn files_get_names_and_crashes_ids() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let browser = site.write(
        "crash.upload_file_minidump_browser.dmp",
        minidump::minidump(),
    );
    let report = format!("memory_report={}", site.write("m.json.gz", "x"));
    let put = site.run([
        "storage",
        "put-crash",
        "--id",
        &format!("BP-{}", Site::ID),
        &dump,
        &browser,
        &report,
    ]);
    assert_eq!(put.succeeds().lines(), [Site::ID]);
    assert_eq!(
        site.run(["storage", "cat", "dump-names", Site::ID])
            .succeeds()
            .lines(),
        [
            "memory_report",
            "upload_file_minidump",
            "upload_file_minidump_browser"
        ]
    );
    assert_eq!(
        site.run(["storage", "cat", "raw", Site::ID])
            .succeeds()
            .json()["uuid"],
        Site::ID
    );
    let minted = site.run(["storage", "put-crash", &dump]).succeeds();
    assert_eq!(minted.lines()[0].len(), 36);
    site.run(["storage", "put-crash", &dump, &dump])
        .fails(2, &["needs a name", "NAME=FILE"]);
    site.run(["storage", "put-crash", &dump, &format!("dump={dump}")])
        .fails(2, &["given twice"]);
    site.run(["storage", "put-crash", &site.file("none.dmp")])
        .fails(1, &["none.dmp"]);
    site.run(["storage", "put-crash"])
        .fails(2, &["DIR|[NAME=]FILE"]);
    let annotations = site.write(
        "a.json",
        r#"{"uuid": "de1bb258-cbbf-4589-a673-34f800161318"}"#,
    );
    site.run(["storage", "put-crash", "--annotations", &annotations])
        .fails(1, &["calendar date", "--id"]);
}

#[test]
fn a_tree_is_stored_crash_by_crash_and_piped_into_a_queue() {
    let site = Site::new();
    let ids: Vec<String> = (10..40)
        .map(|number| format!("de1bb258-cbbf-4589-a673-34f8{number}160918"))
        .collect();
    for id in &ids {
        site.write(
            &format!("tree/v1/raw_crash/20160918/{id}"),
            r#"{"ProductName": "Fantasy"}"#,
        );
        site.write(
            &format!("tree/v1/dump_names/{id}"),
            r#"["upload_file_minidump"]"#,
        );
        site.write(&format!("tree/v1/dump/{id}"), minidump::minidump());
    }
    let old = "de1bb258-cbbf-4589-a673-34f800160918";
    site.write(&format!("tree/v2/raw_crash/de1/20160918/{old}"), "{}");
    site.write(&format!("tree/v1/dump_names/{old}"), "[]");
    site.write("tree/v1/raw_crash/20160918/README", "not a crash");
    let put = site
        .run(["storage", "put-crash", &site.file("tree")])
        .succeeds()
        .quietly();
    let mut expected = ids.clone();
    expected.push(old.to_owned());
    expected.sort();
    assert_eq!(put.lines(), expected);
    assert!(site.path(&format!("crashes/v1/dump/{}", ids[3])).is_file());
    run_with_input(
        ["queue", "publish", &site.queue(), "-"],
        put.stdout.as_bytes(),
    )
    .succeeds();
    assert_eq!(site.depth(), [31, 0, 0, 0]);
}

#[test]
fn a_crash_that_is_not_whole_is_told_and_the_others_stored() {
    let site = Site::new();
    let (whole, half, bad) = (
        Site::ID,
        "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123",
        "1ab4ea19-6d42-4ef6-8e1c-3dd9a0261123",
    );
    for id in [whole, half] {
        site.write(
            &format!("tree/v1/dump_names/{id}"),
            r#"["upload_file_minidump"]"#,
        );
    }
    site.write(&format!("tree/v1/raw_crash/20160918/{whole}"), "{}");
    site.write(&format!("tree/v1/dump/{whole}"), minidump::minidump());
    site.write(&format!("tree/v1/raw_crash/20261123/{half}"), "{}");
    site.write(&format!("tree/v1/raw_crash/20261123/{bad}"), "[]");
    let put = site.run(["storage", "put-crash", &site.file("tree")]);
    let put = put.fails(
        1,
        &[
            half,
            "upload_file_minidump is listed but cannot be read",
            bad,
            "damaged",
        ],
    );
    assert_eq!(put.lines(), [whole]);
    site.run(["storage", "cat", "raw", half])
        .fails(1, &["not in file://"]);
}

#[test]
fn a_tree_without_crashes_and_a_mixture_are_told_with_the_way_out() {
    let site = Site::new();
    let (symbols, dump) = (site.file("symbols"), site.file("crash.dmp"));
    site.run(["storage", "put-crash", &symbols])
        .fails(1, &["no crashes in", "v1/raw_crash"]);
    site.run(["storage", "put-crash", &symbols, &dump])
        .fails(2, &["is a directory and", "not both"]);
    site.run(["storage", "put-crash", &symbols, "--id", Site::ID])
        .fails(2, &["--id"]);
}

#[test]
fn storage_that_cannot_be_used_is_told() {
    let site = Site::new();
    // A file where a directory should be: unlike missing permissions, that stops root as well.
    let storage = format!("file://{}", site.file("crash.dmp"));
    for command in [
        "storage check",
        "storage cat raw de1bb258-cbbf-4589-a673-34f800160918",
        "processor --drain",
    ] {
        site.run(command.split(' ').chain(["--storage", &storage]))
            .fails(1, &["crash.dmp", "not available"]);
    }
    site.run(["storage", "check"])
        .succeeds()
        .prints(&["answers"]);
}

#[test]
fn a_storage_is_made_once() {
    let site = Site::new();
    let storage = format!("file://{}", site.path("new").display());
    for made in ["was made", "was there"] {
        site.run(["storage", "create", "--storage", &storage])
            .succeeds()
            .prints(&[&storage, made]);
    }
    site.run(["storage", "check", "--storage", &storage])
        .succeeds();
    site.run(["storage", "create", "--storage", "memory:"])
        .fails(2, &["a storage in memory ends with this program"]);
}

#[cfg(unix)]
#[test]
fn storage_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    fs::set_permissions(site.path("crashes"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(site.path("crashes")).is_ok() {
        eprintln!("skipped: this user may read everything");
    } else {
        site.run(["storage", "check"]).fails(1, &["refuses access"]);
    }
    fs::set_permissions(site.path("crashes"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_is_not_there_is_told_apart_from_what_is_damaged() {
    let site = Site::new();
    run(["storage", "cat", "processed", Site::ID, &site.storage()])
        .fails(1, &["processed crash", Site::ID, "is not in"]);
    site.write(
        &format!("crashes/v1/raw_crash/20160918/{}", Site::ID),
        "<html>",
    );
    site.run(["storage", "cat", "raw", Site::ID])
        .fails(1, &["raw crash", "is damaged: not valid JSON"]);
    site.run(["storage", "cat", "raw", "nonsense"])
        .fails(2, &["36 characters"]);
}
