//! Interruptions: whatever happens, running it again completes it, and copies nothing twice.

use std::{collections::BTreeSet, process::Stdio};

use super::{
    proxy::{Fate, Proxy},
    server::{Server, tree, write_tree},
};
use crate::support::{Run, Site};

/// The S3 servers that a proxy can stand before.
fn servers() -> Vec<Server> {
    let mut servers = vec![Server::own()];
    servers.extend(Server::localstack());
    servers
}

/// The keys of a bucket.
fn keys(server: &Server, site: &Site, bucket: &str) -> BTreeSet<String> {
    let list = server.run(
        site,
        &["s3", "ls", bucket, "--recursive", "--format", "ndjson"],
    );
    let list = list.succeeds();
    let key = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["key"].as_str().unwrap().to_owned()
    };
    list.stdout.lines().map(key).collect()
}

#[test]
fn raw_crashes_are_written_last() {
    let (server, site) = (Server::own(), Site::new());
    write_tree(&site, "crashdata", 20);
    let bucket = server.new_bucket(&site);
    for command in [&["sync"][..], &["cp", "--recursive"]] {
        let proxy = Proxy::start(server.endpoint(), |_, _| Fate::Pass);
        let arguments = [&["s3"], command, &["crashdata", &bucket]].concat();
        server
            .behind(proxy.endpoint())
            .run(&site, &arguments)
            .succeeds();
        let puts = proxy.puts();
        assert_eq!(puts.len(), 60);
        let is_raw = |key: &String| key.contains("raw_crash");
        assert!(
            !puts[..40].iter().any(is_raw) && puts[40..].iter().all(is_raw),
            "{puts:?}"
        );
        server
            .run(&site, &["s3", "rm", "--recursive", &bucket])
            .succeeds();
    }
}

#[test]
fn a_raw_crash_waits_for_the_rest_of_its_crash() {
    let (server, site) = (Server::own(), Site::new());
    write_tree(&site, "crashdata", 3);
    let bucket = server.new_bucket(&site);
    let refused = super::server::ids(1)[0].clone();
    let of_this = format!("v1/dump/{refused}");
    let proxy = Proxy::start(server.endpoint(), move |_, line| {
        if line.starts_with("PUT") && line.ends_with(&of_this) {
            return Fate::Status("400 Bad Request");
        }
        Fate::Pass
    });
    let run = server
        .behind(proxy.endpoint())
        .run(&site, &["s3", "sync", "crashdata", &bucket]);
    let run = run.fails(
        1,
        &[
            &format!("upload failed: crashdata/v1/dump/{refused}"),
            "other files of this crash",
        ],
    );
    assert_eq!(run.lines().len(), 7);
    assert!(
        !keys(&server, &site, &bucket)
            .iter()
            .any(|key| key.ends_with(&refused) && key.contains("raw_crash"))
    );
    let again = server
        .run(&site, &["s3", "sync", "crashdata", &bucket])
        .succeeds();
    assert_eq!(again.lines().len(), 2);
}

#[test]
fn the_first_failure_ends_the_work_where_that_is_wanted() {
    let (server, site) = (Server::own(), Site::new());
    write_tree(&site, "crashdata", 3);
    let bucket = server.new_bucket(&site);
    let proxy = Proxy::start(server.endpoint(), |_, line| {
        if line.starts_with("PUT") && line.contains("/v1/dump/") {
            return Fate::Status("400 Bad Request");
        }
        Fate::Pass
    });
    let sync = ["s3", "sync", "crashdata", &bucket, "--jobs", "1"];
    let behind = server.behind(proxy.endpoint());
    for fast in [true, false] {
        let run = behind.run(
            &site,
            &[&sync[..], if fast { &["--fail-fast"] } else { &[] }].concat(),
        );
        let run = run.fails(1, &["upload failed: crashdata/v1/dump/"]);
        let failed = run.stderr.matches("upload failed").count();
        // Without it, each of the dumps fails, and each of the raw crashes without its dump.
        assert_eq!(failed, if fast { 1 } else { 6 }, "{run:?}");
        assert_eq!(run.stderr.contains("given up"), fast, "{run:?}");
    }
}

#[test]
fn a_killed_upload_is_completed_without_copying_anything_twice() {
    for server in servers() {
        let site = Site::new();
        write_tree(&site, "crashdata", 30);
        let bucket = server.new_bucket(&site);
        // It dies again and again, further on each time.
        for _ in 0..3 {
            let puts = std::sync::atomic::AtomicUsize::new(0);
            let proxy = Proxy::start(server.endpoint(), move |_, line| {
                let count = puts.fetch_add(
                    usize::from(line.starts_with("PUT")),
                    std::sync::atomic::Ordering::SeqCst,
                );
                if line.starts_with("PUT") && count >= 20 {
                    Fate::Hold
                } else {
                    Fate::Pass
                }
            });
            let there = keys(&server, &site, &bucket);
            let mut command = server.behind(proxy.endpoint()).command(&site);
            command
                .args(["s3", "sync", "crashdata", &bucket])
                .stdout(Stdio::null());
            let mut child = command.spawn().unwrap();
            proxy.wait_for_hold();
            child.kill().unwrap();
            child.wait().unwrap();
            let puts: BTreeSet<_> = proxy.puts().into_iter().collect();
            assert!(puts.is_disjoint(&there), "{}: {puts:?}", server.name);
        }
        let there = keys(&server, &site, &bucket);
        assert!(there.len() >= 60, "{}: {}", server.name, there.len());
        let proxy = Proxy::start(server.endpoint(), |_, _| Fate::Pass);
        server
            .behind(proxy.endpoint())
            .run(&site, &["s3", "sync", "crashdata", &bucket])
            .succeeds();
        let puts: BTreeSet<_> = proxy.puts().into_iter().collect();
        assert!(puts.is_disjoint(&there), "{}: {puts:?}", server.name);
        let files = tree(&site.path("crashdata"));
        let all: BTreeSet<_> = files.keys().cloned().collect();
        assert_eq!(keys(&server, &site, &bucket), all);
        server
            .run(&site, &["s3", "sync", &bucket, "back"])
            .succeeds();
        assert_eq!(tree(&site.path("back")), files);
    }
}

#[test]
fn a_killed_download_leaves_nothing_half_and_is_completed() {
    for server in servers() {
        let site = Site::new();
        write_tree(&site, "crashdata", 30);
        let bucket = server.new_bucket(&site);
        server
            .run(&site, &["s3", "sync", "crashdata", &bucket])
            .succeeds();
        let files = tree(&site.path("crashdata"));
        let gets = std::sync::atomic::AtomicUsize::new(0);
        let proxy = Proxy::start(server.endpoint(), move |_, line| {
            let is_get = line.starts_with("GET") && line.contains("/v1/");
            let count = gets.fetch_add(usize::from(is_get), std::sync::atomic::Ordering::SeqCst);
            if is_get && count >= 40 {
                Fate::Hold
            } else {
                Fate::Pass
            }
        });
        let mut command = server.behind(proxy.endpoint()).command(&site);
        command
            .args(["s3", "sync", &bucket, "back"])
            .stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        proxy.wait_for_hold();
        child.kill().unwrap();
        child.wait().unwrap();
        // What a killed one may leave behind.
        site.write("back/v1/dump/.socorro-partial-abc", "half");
        let complete: BTreeSet<_> = tree(&site.path("back"))
            .into_iter()
            .filter(|(name, _)| !name.contains(".socorro-partial-"))
            .map(|(name, content)| {
                assert_eq!(files[&name], content, "{name}");
                name
            })
            .collect();
        let proxy = Proxy::start(server.endpoint(), |_, _| Fate::Pass);
        server
            .behind(proxy.endpoint())
            .run(&site, &["s3", "sync", &bucket, "back"])
            .succeeds();
        let gets: BTreeSet<_> = proxy.of_method("GET").into_iter().collect();
        assert!(gets.is_disjoint(&complete), "{}", server.name);
        assert_eq!(tree(&site.path("back")), files, "{}", server.name);
    }
}

#[test]
fn cut_connections_and_storms_of_errors_are_outlived() {
    for server in servers() {
        let site = Site::new();
        write_tree(&site, "crashdata", 20);
        site.write("crashdata/v1/large", vec![7; 17 << 20]);
        let bucket = server.new_bucket(&site);
        let faults = |count: usize, _: &str| match count % 7 {
            1 => Fate::Status("500 Internal Server Error"),
            3 => Fate::CutAfter,
            4 => Fate::Status("503 Slow Down"),
            6 => Fate::CutBefore,
            _ => Fate::Pass,
        };
        let proxy = Proxy::start(server.endpoint(), faults);
        let troubled = server.behind(proxy.endpoint());
        let complete = |arguments: &[&str]| {
            let mut last = None;
            for _ in 0..5 {
                let run = troubled.run(&site, arguments);
                if run.code == Some(0) {
                    return;
                }
                last = Some(run);
            }
            panic!("{}: {last:#?}", server.name);
        };
        complete(&["s3", "sync", "crashdata", &bucket]);
        assert_eq!(
            server
                .run(&site, &["s3", "sync", "crashdata", &bucket])
                .succeeds()
                .stdout,
            ""
        );
        let torn = move |count: usize, line: &str| {
            let is_object = line.starts_with("GET") && line.contains("/v1/");
            if is_object && count % 3 == 1 {
                Fate::Torn
            } else {
                faults(count, line)
            }
        };
        let proxy = Proxy::start(server.endpoint(), torn);
        let troubled = server.behind(proxy.endpoint());
        let mut runs = 0;
        while troubled.run(&site, &["s3", "sync", &bucket, "back"]).code != Some(0) {
            runs += 1;
            assert!(runs < 10, "{}", server.name);
        }
        assert_eq!(
            tree(&site.path("back")),
            tree(&site.path("crashdata")),
            "{}",
            server.name
        );
    }
}

#[test]
fn a_server_that_stays_away_is_given_up() {
    let (server, site) = (Server::own(), Site::new());
    write_tree(&site, "crashdata", 40);
    let bucket = server.new_bucket(&site);
    let proxy = Proxy::start(server.endpoint(), |_, line| {
        if line.starts_with("PUT") {
            Fate::Status("403 Forbidden")
        } else {
            Fate::Pass
        }
    });
    let run = server
        .behind(proxy.endpoint())
        .run(&site, &["s3", "sync", "crashdata", &bucket]);
    run.fails(1, &["given up", "run it again"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_sync_says_so() {
    let (server, site) = (Server::own(), Site::new());
    write_tree(&site, "crashdata", 10);
    let bucket = server.new_bucket(&site);
    let proxy = Proxy::start(server.endpoint(), |_, line| {
        if line.starts_with("PUT") {
            Fate::Hold
        } else {
            Fate::Pass
        }
    });
    let mut command = server.behind(proxy.endpoint()).command(&site);
    command
        .args(["s3", "sync", "crashdata", &bucket])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    proxy.wait_for_hold();
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-s", "INT", &id])
        .status();
    assert!(kill.unwrap().success());
    Run::new(&child.wait_with_output().unwrap()).fails(130, &["interrupted", "run it again"]);
}
