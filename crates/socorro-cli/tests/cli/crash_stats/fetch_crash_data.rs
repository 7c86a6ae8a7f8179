//! `socorro fetch-crash-data`.

use std::fs;

use serde_json::{Value, json};
use socorro_crash_stats::server::{Crash, Fault};

use super::{
    BROWSER, anonymously, command, crash, id, ids, sorted, start, stats, tree, with_input,
    with_token,
};
use crate::support::{Site, minidump};

fn fetch<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["fetch-crash-data", "crashdata"], words].concat()
}

#[test]
fn a_crash_lies_in_the_layout_of_crash_storage() {
    let (site, server) = (Site::new(), start(stats(1)));
    let id = id(1).to_string();
    let run = with_token(&site, &server, &fetch(&[&id])).succeeds();
    assert_eq!(run.lines(), [&*id]);
    let files = tree(&site.path("crashdata"));
    let names: Vec<_> = files.keys().cloned().collect();
    assert_eq!(
        names,
        [
            format!("v1/dump/{id}"),
            format!("v1/dump_names/{id}"),
            format!("v1/raw_crash/20261123/{id}"),
            format!("v1/{BROWSER}/{id}"),
        ]
    );
    assert_eq!(files[&names[0]], minidump::minidump());
    let listed: Value = serde_json::from_slice(&files[&names[1]]).unwrap();
    assert_eq!(listed, json!(["upload_file_minidump", BROWSER]));
    let raw: Value = serde_json::from_slice(&files[&names[2]]).unwrap();
    assert_eq!(raw["URL"], "http://private.example/");
    assert_eq!(raw["metadata"]["dumps_withheld"], Value::Null);
    // The program reads it as a storage.
    let names = site.run([
        "storage",
        "cat",
        "dump-names",
        &id,
        "--storage",
        &format!("file://{}", site.file("crashdata")),
    ]);
    assert_eq!(names.succeeds().lines().len(), 2);
}

#[test]
fn ids_come_from_arguments_lists_addresses_and_standard_input() {
    let (site, server) = (Site::new(), start(stats(5)));
    site.write("list.txt", format!("# some\n\nbp-{}\n{}\n", id(2), id(1)));
    let url = format!("https://crash-stats.mozilla.org/report/index/{}", id(1));
    let run = with_token(&site, &server, &fetch(&["@list.txt", &url, id(3).as_ref()]));
    assert_eq!(sorted(&run.succeeds()), ids(1..=3));
    let mut piped = command(&site, &server, &["fetch_crash_data", "crashdata"]);
    piped.env("SOCORRO_API_TOKEN", super::TOKEN);
    let run = with_input(&mut piped, &format!("{}  \r\n{}\n", id(4), id(5))).succeeds();
    assert_eq!(sorted(&run), ids(4..=5));
    with_token(&site, &server, &fetch(&["list.txt"])).fails(2, &["is a file", "@list.txt"]);
    with_token(&site, &server, &fetch(&["@nowhere.txt"])).fails(1, &["nowhere.txt"]);
    // A relative address is a directory, too.
    for requests in [3, 0] {
        server.clear_journal();
        with_token(
            &site,
            &server,
            &["fetch-crash-data", "file:other", id(1).as_ref()],
        )
        .succeeds();
        assert_eq!(server.requests("RawCrash"), requests);
    }
    // Nothing at all.
    with_token(&site, &server, &fetch(&[])).fails(3, &["no crash ids"]);
}

#[test]
fn what_is_there_is_not_fetched_again_and_what_is_damaged_is() {
    let (site, server) = (Site::new(), start(stats(3)));
    let list = ids(1..=3);
    let words: Vec<&str> = list.iter().map(String::as_str).collect();
    with_token(&site, &server, &fetch(&words)).succeeds();
    let whole = tree(&site.path("crashdata"));
    server.clear_journal();
    let run = with_token(&site, &server, &fetch(&words)).succeeds();
    assert_eq!(sorted(&run), list);
    assert!(run.stderr.contains("3 there before"), "{run:?}");
    assert_eq!(server.journal().len(), 0);

    fs::write(
        site.path(&format!("crashdata/v1/{BROWSER}/{}", id(2))),
        "MD",
    )
    .unwrap();
    fs::remove_file(site.path(&format!("crashdata/v1/raw_crash/20261123/{}", id(3)))).unwrap();
    with_token(&site, &server, &fetch(&words)).succeeds();
    assert_eq!(tree(&site.path("crashdata")), whole);
    // The raw crash and the damaged dump of one, the raw crash of the other.
    assert_eq!(server.requests("RawCrash"), 3);

    server.clear_journal();
    with_token(
        &site,
        &server,
        &fetch(&[&[words[0]][..], &["--overwrite"]].concat()),
    )
    .succeeds();
    assert_eq!(server.requests("RawCrash"), 3);
}

#[test]
fn parts_that_are_not_wanted_are_left_out() {
    let site = Site::new();
    let server = start(stats(0).crash(crash(1).field("signature", "OOM | small")));
    let id = id(1).to_string();
    let only = ["--no-raw", "--no-dumps", "--processed"];
    with_token(&site, &server, &fetch(&[&[&*id][..], &only].concat())).succeeds();
    let files = tree(&site.path("crashdata"));
    assert_eq!(files.len(), 1);
    let processed: Value =
        serde_json::from_slice(&files[&format!("v1/processed_crash/{id}")]).unwrap();
    assert_eq!(processed["signature"], "OOM | small");

    with_token(&site, &server, &fetch(&[&id, "--no-dumps"])).succeeds();
    let raw = fs::read(site.path(&format!("crashdata/v1/raw_crash/20261123/{id}"))).unwrap();
    let raw: Value = serde_json::from_slice(&raw).unwrap();
    assert_eq!(raw["metadata"]["dumps_withheld"], true);
    with_token(&site, &server, &fetch(&[&id, "--no-raw"])).fails(2, &["nothing is to be fetched"]);
    with_token(&site, &server, &fetch(&[&id, "--no-raw", "--dumps"])).fails(2, &["raw crashes"]);
}

#[test]
fn errors_on_the_way_are_got_over() {
    let (site, server) = (Site::new(), start(stats(30)));
    for (fault, from) in [
        (Fault::status(429).retry_after("0").times(5), 3),
        (Fault::status(500).times(1), 20),
        (Fault::cut_after(0).times(1), 30),
        (Fault::cut_after(100).times(2), 40),
        (Fault::status(503).times(1), 60),
        (
            Fault::wrong_byte().where_query_has("format=raw").times(1),
            40,
        ),
    ] {
        server.add_fault(fault.on("RawCrash").from(from));
    }
    site.write("list.txt", ids(1..=30).join("\n"));
    let run = with_token(
        &site,
        &server,
        &fetch(&["@list.txt", "--stats", "--jobs", "16"]),
    );
    let run = run.succeeds();
    assert_eq!(sorted(&run), ids(1..=30));
    assert!(run.stderr.contains("crashes fetched: 30"), "{run:?}");
    assert_eq!(tree(&site.path("crashdata")).len(), 4 * 30);
}

#[test]
fn what_became_of_each_is_told_to_programs() {
    let (site, server) = (Site::new(), start(stats(1)));
    let (good, absent) = (id(1).to_string(), id(9).to_string());
    let words = fetch(&[&good, &absent, "--format", "ndjson", "--jobs", "1"]);
    let run = with_token(&site, &server, &words).fails(1, &[&absent, "was not fetched"]);
    let rows: Vec<Value> = run
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows[0]["outcome"], "fetched");
    assert_eq!(rows[0]["dumps"], 2);
    assert_eq!(rows[1]["outcome"], "failed");
    assert_eq!(rows[1]["crash_id"], absent);
}

#[test]
fn a_crash_without_dumps_is_one() {
    let (site, server) = (Site::new(), start(stats(0).crash(Crash::new(id(1)))));
    let id = id(1).to_string();
    with_token(&site, &server, &fetch(&[&id])).succeeds();
    let files = tree(&site.path("crashdata"));
    assert_eq!(files[&format!("v1/dump_names/{id}")], b"[]");
}

/// The address of a bucket, where there is a server for it.
#[cfg(feature = "s3")]
#[test]
fn a_bucket_is_filled_without_a_directory_between() {
    use crate::support::program;

    let Some(endpoint) = std::env::var_os("SOCORRO_TEST_S3_ENDPOINT") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "SOCORRO_TEST_S3_ENDPOINT is not set"
        );
        eprintln!("skipped: SOCORRO_TEST_S3_ENDPOINT is not set");
        return;
    };
    let endpoint = endpoint.into_string().unwrap();
    let (site, server) = (Site::new(), start(stats(3)));
    let url = format!(
        "s3://fetched-crashes/{}?endpoint={endpoint}",
        std::process::id()
    );
    let credentials = |command: &mut std::process::Command| {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
            let value = std::env::var(name).unwrap_or_else(|_| "test".to_owned());
            command.env(name, value);
        }
    };
    let mut create = program();
    credentials(create.args(["storage", "create", "--storage", &url]));
    crate::support::Run::of(&mut create).succeeds();
    let list = ids(1..=3).join("\n");
    for requests in [9, 0] {
        server.clear_journal();
        let mut fetch = command(&site, &server, &["fetch-crash-data", &url]);
        credentials(fetch.env("SOCORRO_API_TOKEN", super::TOKEN));
        let run = with_input(&mut fetch, &list).succeeds();
        assert_eq!(sorted(&run), ids(1..=3));
        assert_eq!(server.requests("RawCrash"), requests);
    }
    assert!(!site.path("s3:").exists());
}

#[test]
fn no_more_than_public_data_is_asked_for_where_that_is_said() {
    let (site, server) = (Site::new(), start(stats(1)));
    let id = id(1).to_string();
    with_token(&site, &server, &fetch(&[&id, "--public-only"])).succeeds();
    assert!(server.journal().iter().all(|request| !request.with_token));
    let raw = fs::read_to_string(site.path(&format!("crashdata/v1/raw_crash/20261123/{id}")));
    assert!(!raw.unwrap().contains("private"));
    let both = fetch(&[&id, "--public-only", "--require-dumps"]);
    anonymously(&site, &server, &both).fails(2, &["--require-dumps"]);
}

/// `cargo test -p socorro-cli --test cli -- --ignored --nocapture a_thousand` tells the rate.
#[test]
#[ignore = "it takes a while and is a measurement"]
fn a_thousand_crashes_of_150_kb() {
    const CRASHES: u32 = 1_000;
    let dump = |number: u32| {
        format!("MDMP{number:012}")
            .repeat(150_000 / 16)
            .into_bytes()
    };
    let crash = |number| Crash::new(id(number)).dump("upload_file_minidump", dump(number));
    let server = start(stats(0).crashes((1..=CRASHES).map(crash)));
    let site = Site::new();
    site.write("list.txt", ids(1..=CRASHES).join("\n"));
    let begin = std::time::Instant::now();
    let run = with_token(&site, &server, &fetch(&["@list.txt", "--stats"])).succeeds();
    eprintln!("{}in {:?}", run.stderr, begin.elapsed());
    assert_eq!(tree(&site.path("crashdata")).len() as u32, 3 * CRASHES);
    let begin = std::time::Instant::now();
    with_token(&site, &server, &fetch(&["@list.txt"])).succeeds();
    eprintln!("again, with all of it there: {:?}", begin.elapsed());
    assert_eq!(server.requests("RawCrash") as u32, 2 * CRASHES);
}
