//! `socorro storage import`.

use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::support::{Run, Site, run_with_input};

/// Lies in a directory two levels deeper in a tree of the processor.
const DEEP: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a2161123";
const DAY: &str = "2016-09-18";

fn import(site: &Site, options: &[&str]) -> Run {
    let command = ["storage", "import"];
    site.run(command.iter().chain(options).copied())
}

/// The numbers at the end of what is printed.
fn numbers(run: &Run) -> &str {
    run.stdout.trim_end().split_once(": ").unwrap().1
}

fn gzip(content: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// A tree of the processor with two crashes, the first one processed.
fn processor_tree(site: &Site) {
    let near = format!("old/20160918/name/{}", Site::ID);
    site.write(&format!("{near}.json"), r#"{"ProductName": "Fantasy"}"#);
    site.write(&format!("{near}.dump"), "MDMP main");
    site.write(
        &format!("{near}.upload_file_minidump_browser.dump"),
        "MDMP browser",
    );
    site.write(&format!("{near}.jsonz"), gzip(r#"{"signature": "older"}"#));
    let deep = format!("old/20161123/name/0a/b4/{DEEP}");
    site.write(&format!("{deep}.json"), "{}");
    site.write(&format!("{deep}.dump"), "MDMP deep");
}

/// A crash in the layout of buckets.
fn crash(site: &Site, root: &str, id: &str, dumps: &[&str]) {
    let day = format!("20{}", &id[30..]);
    site.write(&format!("{root}/v1/raw_crash/{day}/{id}"), "{}");
    site.write(
        &format!("{root}/v1/dump_names/{id}"),
        serde_json::to_vec(dumps).unwrap(),
    );
    for name in dumps {
        let segment = name.replace("upload_file_minidump", "dump");
        let segment = segment.replace("dump_", "upload_file_minidump_");
        site.write(&format!("{root}/v1/{segment}/{id}"), *name);
    }
}

/// All files below a directory with their content.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path.to_str().unwrap().to_owned(), content);
        }
    }
    found
}

#[test]
fn a_tree_of_the_processor_is_found_out_and_copied_once() {
    let site = Site::new();
    processor_tree(&site);
    let before = files(&site.path("old"));
    let first = import(&site, &["old"]).succeeds().quietly();
    assert_eq!(numbers(&first), "2 crashes, 2 copied");
    assert_eq!(files(&site.path("old")), before, "nothing is changed");

    let cat = |what, id| site.run(["storage", "cat", what, id]).succeeds();
    assert_eq!(cat("raw", Site::ID).json()["ProductName"], "Fantasy");
    assert_eq!(cat("processed", Site::ID).json()["signature"], "older");
    assert_eq!(
        cat("dump-names", Site::ID).lines(),
        ["upload_file_minidump", "upload_file_minidump_browser"]
    );
    assert_eq!(cat("dump", DEEP).stdout, "MDMP deep");

    let stored = files(&site.path("crashes"));
    let second = import(&site, &["old"]).succeeds();
    assert_eq!(numbers(&second), "2 crashes, 2 there before");
    assert_eq!(files(&site.path("crashes")), stored);
}

#[test]
fn a_tree_of_the_collector_is_copied_by_path_and_by_address() {
    let site = Site::new();
    let day = "tree/20160918";
    site.write(&format!("{day}/raw_crash/{}.json", Site::ID), "{}");
    site.write(
        &format!("{day}/dump_names/{}.json", Site::ID),
        r#"["upload_file_minidump"]"#,
    );
    site.write(&format!("{day}/upload_file_minidump/{}", Site::ID), "MDMP");
    let address = format!("file://{}?layout=collector", site.file("tree"));
    for (source, expected) in [
        (
            &["tree", "--layout", "collector"][..],
            "1 crashes, 1 copied",
        ),
        (&["tree"], "1 crashes, 1 there before"),
        (&[&address], "1 crashes, 1 there before"),
    ] {
        assert_eq!(numbers(&import(&site, source).succeeds()), expected);
    }
    let dump = site.run(["storage", "cat", "dump", Site::ID]);
    assert_eq!(dump.succeeds().stdout, "MDMP");
    // In another layout these are no crashes, which is no success.
    import(&site, &["tree", "--layout", "processor"]).fails(1, &["no crashes in"]);
}

#[test]
fn another_storage_is_copied_with_its_older_keys() {
    let site = Site::new();
    crash(&site, "other", Site::ID, &["upload_file_minidump"]);
    site.write(&format!("other/v2/raw_crash/0ab/20161123/{DEEP}"), "{}");
    let other = format!("file://{}", site.file("other"));
    let today = import(&site, &[&format!("{other}?legacy_keys=0")]).succeeds();
    assert_eq!(numbers(&today), "1 crashes, 1 copied");
    let all = import(&site, &[&other]).succeeds();
    assert_eq!(numbers(&all), "2 crashes, 1 copied, 1 there before");
    let key = format!("crashes/v1/raw_crash/20161123/{DEEP}");
    assert!(site.path(&key).is_file());
    // Into itself there is nothing to copy.
    let before = files(&site.path("crashes"));
    let itself = import(&site, &["crashes"]).succeeds();
    assert_eq!(numbers(&itself), "2 crashes, 2 there before");
    assert_eq!(files(&site.path("crashes")), before);
}

#[cfg(feature = "s3")]
#[test]
fn crashes_go_into_a_bucket_and_out_of_it() {
    const KEY: &str = "test";
    let site = Site::new();
    processor_tree(&site);
    let server = socorro_storage::testkit::S3Server::start(KEY, KEY).unwrap();
    server.create_bucket("crashes").unwrap();
    let endpoint = server.endpoint();
    let bucket = format!("s3://crashes/part?endpoint={endpoint}&region=us-east-1");
    let run = |source: &str, storage: &str| {
        let mut command = site.command();
        command
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .args(["storage", "import", source, "--storage", storage]);
        Run::of(&mut command)
    };
    let whole = "2 crashes, 2 copied";
    assert_eq!(numbers(&run("old", &bucket).succeeds()), whole);
    let directory = format!("file://{}", site.file("crashes"));
    assert_eq!(numbers(&run(&bucket, &directory).succeeds()), whole);
    assert_eq!(site.processed().unwrap()["signature"], "older");
    let again = run(&bucket, &directory).succeeds();
    assert_eq!(numbers(&again), "2 crashes, 2 there before");
    let absent = bucket.replace("s3://crashes", "s3://no-such-bucket");
    run(&absent, &directory).fails(1, &["no-such-bucket", "not available"]);
}

#[test]
fn days_can_be_chosen() {
    let site = Site::new();
    processor_tree(&site);
    let none = import(&site, &["old", "--date", "2016-09-17"]).succeeds();
    assert_eq!(numbers(&none), "0 crashes");
    let days = ["old", "--date", "2016-09-10", "--until", DAY];
    assert_eq!(
        numbers(&import(&site, &days).succeeds()),
        "1 crashes, 1 copied"
    );
    let days = ["old", "--date", "2016-11-23", "--date", DAY, "--date", DAY];
    assert_eq!(
        numbers(&import(&site, &days).succeeds()),
        "2 crashes, 1 copied, 1 there before"
    );
    import(&site, &["old", "--until", DAY]).fails(2, &["--date"]);
    import(&site, &["old", "--date", DAY, "--until", "2016-09-17"]).fails(2, &["--until"]);
    import(&site, &[&days[..], &["--until", DAY]].concat()).fails(2, &["one --date"]);
    import(&site, &["old", "--date", "18.9.2016"]).fails(2, &["YYYY-MM-DD"]);
}

#[test]
fn what_fails_is_told_by_id_and_can_be_handed_back() {
    let site = Site::new();
    processor_tree(&site);
    let damaged = "1ab4ea19-6d42-4ef6-8e1c-3dd9a0161123";
    let deep = format!("old/20161123/name/{damaged}.json");
    site.write(&deep, "[]");
    let ids = import(&site, &["old", "--format", "ids"]).fails(1, &[damaged, "was not copied"]);
    assert_eq!(ids.lines(), [damaged]);
    let text = import(&site, &["old"]).fails(1, &["is damaged"]);
    assert_eq!(numbers(&text), "3 crashes, 2 there before, 1 not copied");

    site.write(&deep, "{}");
    let again = ["storage", "import", "--ids", "-", "--format", "json"];
    let (storage, old) = (site.storage(), site.file("old"));
    let run = run_with_input(
        again.into_iter().chain([&*storage, &*old]),
        ids.stdout.as_bytes(),
    )
    .succeeds();
    let told = run.json();
    assert_eq!(told["crash_id"], damaged);
    assert_eq!(told["outcome"], "copied");
    assert_eq!(told["dumps"], Value::Array(Vec::new()));
}

#[test]
fn a_list_may_have_notes_and_crashes_that_are_not_there() {
    let site = Site::new();
    processor_tree(&site);
    let absent = "2ab4ea19-6d42-4ef6-8e1c-3dd9a0161123";
    let list = format!(
        "# some\n\nbp-{}\n{}\n{absent}\nnonsense\n",
        Site::ID,
        Site::ID
    );
    let list = site.write("ids.txt", list);
    let run = import(&site, &["old", "--ids", &list]);
    let run = run.fails(1, &["nonsense", "36 characters", absent, "is not in"]);
    assert_eq!(numbers(&run), "3 crashes, 1 copied, 2 not copied");
    let json = import(&site, &["old", "--ids", &list, "--format", "json"]).fails(1, &[]);
    let told: Vec<Value> = json
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["outcome"], "present");
    assert_eq!(told[1]["outcome"], "failed");
    assert!(told[1]["error"].as_str().unwrap().contains("is not in"));
    import(&site, &["old", "--ids", "none.txt"]).fails(1, &["none.txt"]);
    import(&site, &["old", "--ids", &list, "--date", DAY]).fails(2, &["--ids"]);
}

#[test]
fn a_crash_without_a_listed_dump_is_copied_and_told_until_it_is_whole() {
    let site = Site::new();
    let (main, browser) = ("upload_file_minidump", "upload_file_minidump_browser");
    crash(&site, "other", Site::ID, &[main, browser]);
    let lost = site.path(&format!("other/v1/{browser}/{}", Site::ID));
    fs::remove_file(&lost).unwrap();
    for _ in 0..2 {
        let run = import(&site, &["other"]).fails(1, &[Site::ID, browser, "not there"]);
        assert_eq!(
            numbers(&run),
            "1 crashes, 1 copied without some of their dumps"
        );
        let names = site.run(["storage", "cat", "dump-names", Site::ID]);
        assert_eq!(names.succeeds().lines(), [main]);
    }
    fs::write(&lost, "MDMP").unwrap();
    let whole = import(&site, &["other"]).succeeds();
    assert_eq!(numbers(&whole), "1 crashes, 1 copied");
    // The storage has more now than the source: that stays.
    fs::remove_file(&lost).unwrap();
    let there = import(&site, &["other"]).succeeds();
    assert_eq!(numbers(&there), "1 crashes, 1 there before");
}

#[test]
fn dumps_that_only_the_storage_has_are_not_lost() {
    let site = Site::new();
    crash(&site, "other", Site::ID, &["upload_file_minidump"]);
    crash(
        &site,
        "crashes",
        Site::ID,
        &["upload_file_minidump_browser"],
    );
    let before = files(&site.path("crashes"));
    import(&site, &["other"]).fails(
        1,
        &["another report", "upload_file_minidump_browser", Site::ID],
    );
    assert_eq!(files(&site.path("crashes")), before);
}

#[test]
fn a_processed_crash_follows_its_report_and_replaces_none() {
    let site = Site::new();
    crash(&site, "other", Site::ID, &["upload_file_minidump"]);
    import(&site, &["other"]).succeeds();
    let processed = format!("other/v1/processed_crash/{}", Site::ID);
    for (signature, expected) in [
        ("first", "1 crashes, 1 copied"),
        ("second", "1 crashes, 1 there before"),
    ] {
        site.write(&processed, format!(r#"{{"signature": "{signature}"}}"#));
        assert_eq!(numbers(&import(&site, &["other"]).succeeds()), expected);
        assert_eq!(site.processed().unwrap()["signature"], "first");
    }
}

#[test]
fn a_storage_that_is_out_of_order_ends_the_work_early() {
    let site = Site::new();
    for number in 10..40 {
        let id = format!("de1bb258-cbbf-4589-a673-34f8{number}160918");
        crash(&site, "other", &id, &["upload_file_minidump"]);
    }
    // A file where there should be a directory.
    site.write("crashes/v1/dump", "");
    let run = import(&site, &["other", "--format", "ids"]);
    let run = run.fails(1, &["given up after 20 crashes in a row", "run it again"]);
    assert_eq!(run.lines().len(), 20);
    fs::remove_file(site.path("crashes/v1/dump")).unwrap();
    let run = import(&site, &["other", "--concurrency", "16"]).succeeds();
    assert_eq!(numbers(&run), "30 crashes, 30 copied");
}

#[test]
fn a_source_that_cannot_be_is_told_with_the_way_out() {
    let site = Site::new();
    import(&site, &["nowhere"]).fails(1, &["nowhere", "not available"]);
    assert!(!site.path("nowhere").exists());
    import(&site, &["symbols"]).fails(1, &["no crashes in", "YYYYMMDD/name/"]);
    import(&site, &["ftp://host"]).fails(2, &["unknown storage scheme"]);
    import(&site, &["memory:"]).fails(2, &["in memory"]);
    import(&site, &["symbols", "--layout", "radix"]).fails(2, &["processor", "collector"]);
    import(&site, &["symbols", "--concurrency", "0"]).fails(2, &["--concurrency"]);
    import(&site, &[]).fails(2, &["DIR|URL"]);
    processor_tree(&site);
    crash(&site, "old", Site::ID, &[]);
    import(&site, &["old"]).fails(2, &["several ways", "--layout"]);
    import(&site, &["old", "--layout", "processor"]).succeeds();
}

#[cfg(unix)]
#[test]
fn an_interrupted_import_leaves_no_dumps_behind() {
    use std::{process::Command, thread, time::Duration, time::Instant};

    use crate::support::Service;

    let site = Site::new();
    crash(&site, "other", Site::ID, &["upload_file_minidump"]);
    // Reading it never ends: nobody writes into the pipe.
    let dump = site.path(&format!("other/v1/dump/{}", Site::ID));
    fs::remove_file(&dump).unwrap();
    let made = Command::new("mkfifo").arg(&dump).status().unwrap();
    assert!(made.success());
    let temporary = site.path("temporary");
    fs::create_dir(&temporary).unwrap();
    let count = || fs::read_dir(&temporary).unwrap().count();

    let mut command = site.command();
    command.env("TMPDIR", &temporary);
    let service = Service::spawn(command.args(["storage", "import", "other"]));
    let begin = Instant::now();
    while count() == 0 {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never begins");
        thread::yield_now();
    }
    service.signal("TERM");
    service
        .end()
        .fails(128 + 15, &["interrupted", "run it again"]);
    assert_eq!(count(), 0);
}
