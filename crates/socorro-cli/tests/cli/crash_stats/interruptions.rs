//! Fetches that are interrupted, and run again.

use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use socorro_crash_stats::server::{Fault, TestServer};

use super::{BROWSER, command, id, ids, start, stats, tree};
use crate::support::{Run, Site, minidump};

const CRASHES: u32 = 40;
const KILLS: u32 = 8;

/// What is in the tree: crashes that are complete, and dumps as the server calls them.
#[derive(Debug, Default)]
struct There {
    crashes: BTreeSet<String>,
    dumps: BTreeSet<(String, String)>,
}

fn there(site: &Site) -> There {
    let mut there = There::default();
    for name in tree(&site.path("crashdata")).into_keys() {
        let parts: Vec<_> = name.split('/').collect();
        match parts[..] {
            ["v1", "raw_crash", _, id] => {
                there.crashes.insert(id.to_owned());
            }
            ["v1", kind, id] if !id.contains('#') => {
                there.dumps.insert((id.to_owned(), kind.to_owned()));
            }
            _ => {}
        }
    }
    there
}

/// Nothing that was there has been asked for.
fn nothing_again(server: &TestServer, there: &There) {
    for request in server.journal() {
        let value = |name: &str| {
            let mut parameters = request.query.split('&');
            let start = format!("{name}=");
            let value = parameters.find_map(|one| one.strip_prefix(&*start));
            value.unwrap_or_default().to_owned()
        };
        let (id, dump) = (value("crash_id"), value("name"));
        assert!(!there.crashes.contains(&id), "{request:?}");
        assert!(!there.dumps.contains(&(id, dump)), "{request:?}");
    }
}

fn spawn(site: &Site, server: &TestServer) -> Child {
    let words = ["fetch-crash-data", "crashdata", "@list.txt"];
    let mut fetch = command(site, server, &words);
    fetch
        .env("SOCORRO_API_TOKEN", super::TOKEN)
        .env("TMPDIR", site.path("temporary"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    fetch.spawn().unwrap()
}

/// Waits until the server has got so many requests, or the program has ended.
fn wait_for(server: &TestServer, requests: usize, child: &mut Child) {
    let begin = Instant::now();
    while server.requests("RawCrash") < requests && child.try_wait().unwrap().is_none() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never begins");
        thread::yield_now();
    }
}

fn prepared() -> Site {
    let site = Site::new();
    fs::create_dir(site.path("temporary")).unwrap();
    site.write("list.txt", ids(1..=CRASHES).join("\n"));
    site
}

/// All crashes are there with the dumps that the server has, and nothing else.
fn whole(site: &Site) {
    let files = tree(&site.path("crashdata"));
    assert_eq!(files.len() as u32, 4 * CRASHES, "{:?}", files.keys());
    for number in 1..=CRASHES {
        let id = id(number);
        assert!(files.contains_key(&format!("v1/raw_crash/20261123/{id}")));
        assert_eq!(files[&format!("v1/dump/{id}")], minidump::minidump());
        let browser = format!("MDMP {number} ").repeat(3_000).into_bytes();
        assert_eq!(files[&format!("v1/{BROWSER}/{id}")], browser);
    }
}

#[test]
fn killed_at_any_moment_and_run_again_it_ends_whole_and_fetches_nothing_twice() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let site = prepared();
    let server = start(stats(CRASHES));
    server.add_fault(Fault::status(429).retry_after("0").from(15).times(20));
    server.add_fault(Fault::cut_after(50).from(50).times(3));
    server.add_fault(Fault::status(500).from(70).times(3));
    for _ in 0..KILLS {
        let before = there(&site);
        server.clear_journal();
        let mut child = spawn(&site, &server);
        wait_for(&server, random.usize(1..50), &mut child);
        let _ = child.kill();
        child.wait().unwrap();
        nothing_again(&server, &before);
    }
    let before = there(&site);
    server.clear_journal();
    let run = Run::new(&spawn(&site, &server).wait_with_output().unwrap());
    assert_eq!(run.succeeds().lines().len() as u32, CRASHES);
    nothing_again(&server, &before);
    whole(&site);
}

#[test]
fn interrupted_by_a_signal_it_says_so_and_leaves_nothing_half_written() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let site = prepared();
        let server = start(stats(CRASHES));
        // The last one never comes.
        server.add_fault(Fault::stall_after(10).where_query_has(id(CRASHES).to_string()));
        let mut child = spawn(&site, &server);
        wait_for(&server, 20, &mut child);
        let pid = child.id().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-s", signal, &pid])
            .status();
        assert!(killed.unwrap().success());
        let run = Run::new(&child.wait_with_output().unwrap());
        let run = run.fails(code, &["interrupted", "run it again"]);
        let there = there(&site);
        for id in run.lines() {
            assert!(there.crashes.contains(id), "{id}");
        }
        let files = tree(&site.path("crashdata"));
        assert!(
            files.keys().all(|name| !name.contains('#')),
            "{:?}",
            files.keys()
        );
        assert_eq!(fs::read_dir(site.path("temporary")).unwrap().count(), 0);
        server.clear_faults();
        let run = Run::new(&spawn(&site, &server).wait_with_output().unwrap());
        run.succeeds();
        whole(&site);
    }
}
