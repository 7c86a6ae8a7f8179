//! `socorro processor`.

use std::fs;

use crate::support::{Site, minidump};

#[test]
fn a_crash_goes_all_the_way_through() {
    let site = Site::new();
    site.put();
    site.publish();
    let drain = site
        .run([
            "processor",
            "--drain",
            "--symbols",
            "symbols",
            "--workers",
            "2",
        ])
        .succeeds();
    assert_eq!(drain.stdout, "1 processed, 0 dead-lettered, 0 given back\n");
    assert_eq!(site.depth(), [0; 4]);
    let processed = site.processed().unwrap();
    assert!(
        processed["signature"]
            .as_str()
            .unwrap()
            .contains("crash_here"),
        "{}",
        processed["signature"]
    );
    site.run(["processor", "--drain"])
        .succeeds()
        .prints(&["0 processed"]);
}

#[test]
fn one_crash_is_processed_without_a_queue() {
    let site = Site::new();
    site.put();
    let mut command = site.command();
    command.env_remove("SOCORRO_QUEUE").args([
        "processor",
        "--symbols",
        "symbols",
        "--once",
        Site::ID,
    ]);
    let once = crate::support::Run::of(&mut command).succeeds();
    assert_eq!(once.json()["uuid"], Site::ID);
    assert_eq!(site.processed(), Some(once.json()));
    site.run(["processor", "--drain", "--once", Site::ID])
        .fails(2, &["cannot be used with"]);
}

#[test]
fn a_stackwalk_is_the_same_in_a_child_process_and_in_the_processor() {
    let site = Site::new();
    site.put();
    let walked = |walkers: &str| {
        let symbols = ["--symbols", "symbols", "--walkers", walkers];
        let once = ["processor", "--once", Site::ID].into_iter().chain(symbols);
        let processed = site.run(once.collect::<Vec<_>>()).succeeds().json();
        assert_eq!(processed["mdsw_status_string"], "OK");
        processed["json_dump"].clone()
    };
    assert_eq!(walked("1").to_string(), walked("in-process").to_string());
    site.run(["processor", "--drain", "--walkers", "0"])
        .fails(2, &["a number from 1 to 1024, or in-process"]);
}

#[cfg(unix)]
#[test]
fn the_word_that_makes_a_child_is_of_no_use_to_people() {
    let site = Site::new();
    site.run(["walker-child"]).fails(
        1,
        &["started by a pool of walkers, and of no use by itself"],
    );
}

#[test]
fn one_crash_that_is_not_there_is_told() {
    let site = Site::new();
    site.run(["processor", "--once", Site::ID]).fails(
        1,
        &[
            "cannot process crash",
            Site::ID,
            "not uploaded yet",
            "nothing was changed",
        ],
    );
    assert_eq!(site.processed(), None);
}

#[test]
fn a_crash_that_is_not_there_yet_stays_in_the_queue() {
    let site = Site::new();
    site.publish();
    site.run(["processor", "--drain"]).fails(
        1,
        &[
            "1 crash was given back for a later try",
            "1 delayed",
            "socorro queue status",
        ],
    );
    assert_eq!(site.depth(), [0, 1, 0, 0]);
    // There is nothing to do now, and yet not all is done.
    site.run(["processor", "--drain"])
        .fails(1, &["1 still in the queue"]);
    assert_eq!(site.depth(), [0, 1, 0, 0]);
}

#[test]
fn a_dump_that_is_listed_but_missing_is_waited_for() {
    let site = Site::new();
    site.put();
    fs::remove_file(site.path(&format!("crashes/v1/dump/{}", Site::ID))).unwrap();
    site.publish();
    site.run(["processor", "--drain"])
        .fails(1, &["listed but not in storage", "given back"]);
    assert_eq!(site.depth(), [0, 1, 0, 0]);
    // By hand there is nothing to wait for.
    let once = site
        .run(["processor", "--once", Site::ID])
        .succeeds()
        .json();
    assert!(
        once["processor_notes"]
            .as_str()
            .unwrap()
            .contains("listed but missing"),
        "{once}"
    );
}

#[test]
fn a_raw_crash_that_cannot_be_read_is_dead_lettered() {
    for content in ["<html>Not found</html>", "[1, 2]", "\"text\"", ""] {
        let site = Site::new();
        site.put();
        site.write(
            &format!("crashes/v1/raw_crash/20160918/{}", Site::ID),
            content,
        );
        site.publish();
        site.run(["processor", "--drain"])
            .fails(1, &["1 crash was dead-lettered", "socorro queue dead list"]);
        assert_eq!(site.depth(), [0, 0, 0, 1]);
        let letter = site.dead_letter();
        assert_eq!(letter["reason"], "corrupt_raw_crash", "{content}: {letter}");
        assert!(
            letter["last_error"].as_str().unwrap().contains("damaged"),
            "{letter}"
        );
    }
}

#[test]
fn a_raw_crash_with_odd_values_is_processed() {
    let site = Site::new();
    site.put();
    site.write(
        &format!("crashes/v1/raw_crash/20160918/{}", Site::ID),
        r#"{"ProductName": "Fant\ud800asy", "Notes": "\udfff", "TotalVirtualMemory": NaN}"#,
    );
    site.publish();
    site.run(["processor", "--drain"]).succeeds();
    assert_eq!(site.processed().unwrap()["product"], "Fant\u{fffd}asy");
}

#[test]
fn a_minidump_that_cannot_be_walked_is_a_result() {
    for (content, status) in [
        (
            &b"This is a letter, and not a very short one at that."[..],
            "HeaderMismatch",
        ),
        (b"", "EmptyMinidump"),
        (&minidump::minidump()[..40], "MissingDirectory"),
    ] {
        let site = Site::new();
        site.write("crash.dmp", content);
        site.put();
        site.publish();
        site.run(["processor", "--drain"]).succeeds();
        assert_eq!(site.processed().unwrap()["mdsw_status_string"], status);
    }
}

#[test]
fn what_is_configured_wrongly_is_told_before_anything_is_received() {
    let site = Site::new();
    site.put();
    site.publish();
    let wrong = |options: &str, code, parts: &[&str]| {
        let service = site.run(["processor"].into_iter().chain(options.split(' ')));
        service.fails(code, parts);
        assert_eq!(site.depth(), [1, 0, 0, 0], "{options}");
    };
    wrong("--storage ftp://host", 2, &["ftp"]);
    wrong(
        "--storage file:crash.dmp",
        1,
        &["crash.dmp", "not available"],
    );
    wrong("--queue redis://host", 2, &["redis"]);
    wrong("--symbols nowhere", 1, &["nowhere does not exist"]);
    wrong("--siglists nowhere", 1, &["signature list"]);
    wrong(
        "--temporary-path nowhere",
        1,
        &["temporary path nowhere", "make the directory"],
    );
    wrong("--lease 0s", 2, &["lease", "1 ms and 12 hours"]);
}

#[cfg(unix)]
mod signals {
    #[cfg(feature = "http-symbols")]
    use crate::support::SlowServer;
    use crate::support::{Service, Site};

    #[test]
    fn an_idle_service_stops_when_told_to() {
        for signal in ["TERM", "INT"] {
            let site = Site::new();
            let service = Service::start(&site, &[]);
            service.signal(signal);
            let run = service.end().succeeds();
            assert!(run.stderr.contains("processor stopped"), "{run:?}");
        }
    }

    #[test]
    fn hangup_reads_the_signature_lists_again() {
        let site = Site::new();
        site.put();
        let lists = |prefix: &str| {
            for list in [
                "irrelevant_signature_re",
                "signatures_with_line_numbers_re",
                "signature_sentinels",
            ] {
                site.write(&format!("lists/{list}.txt"), "none");
            }
            site.write("lists/prefix_signature_re.txt", prefix);
        };
        lists("none");
        let mut service = Service::start(&site, &["--siglists", &site.file("lists")]);
        lists("(");
        service.signal("HUP");
        service.wait_for("cannot be used; those read before stay in use");
        lists(".*");
        service.signal("HUP");
        service.wait_for("lists were read again");
        site.publish();
        service.wait_for("\"message\":\"completed ");
        service.signal("TERM");
        service.end().succeeds();
        // The crash has one frame: what was made of it is in the log of the signature only.
        let log = site.processed().unwrap()["signature_debug"].to_string();
        assert!(log.contains("prefix; continue iterating"), "{log}");
    }

    #[cfg(feature = "http-symbols")]
    #[test]
    fn what_is_in_work_is_finished_and_nothing_more_begun() {
        let site = Site::new();
        let server = SlowServer::start();
        site.put();
        site.publish();
        site.run(["queue", "publish", "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123"])
            .succeeds();
        let mut service = Service::start(&site, &["--symbols", &server.url()]);
        let walk = server.asked();
        service.signal("TERM");
        service.wait_for("told to stop");
        walk.has_none();
        service.end().succeeds();
        assert!(site.processed().is_some());
        assert_eq!(site.depth(), [1, 0, 0, 0]);
    }

    #[cfg(feature = "http-symbols")]
    #[test]
    fn what_is_not_finished_within_the_grace_time_is_given_back() {
        let site = Site::new();
        let server = SlowServer::start();
        site.put();
        site.publish();
        let service = Service::start(
            &site,
            &["--symbols", &server.url(), "--shutdown-grace", "0s"],
        );
        let walk = server.asked();
        service.signal("TERM");
        service.end().fails(
            1,
            &[
                "1 crash was in work when the grace time was over",
                "--shutdown-grace",
            ],
        );
        drop(walk);
        assert_eq!(site.processed(), None);
        assert_eq!(site.depth(), [1, 0, 0, 0]);
    }

    #[cfg(feature = "http-symbols")]
    #[test]
    fn a_second_signal_ends_it_at_once_and_the_lease_keeps_the_crash() {
        let site = Site::new();
        let server = SlowServer::start();
        site.put();
        site.publish();
        let mut service = Service::start(&site, &["--symbols", &server.url()]);
        let walk = server.asked();
        service.signal("INT");
        service.wait_for("told to stop");
        service.signal("TERM");
        service.end().fails(128 + 15, &["stopped at once"]);
        drop(walk);
        assert_eq!(site.processed(), None);
        assert_eq!(site.depth(), [0, 0, 1, 0]);
    }

    /// Ids of crashes, all of one day.
    #[cfg(feature = "http-symbols")]
    fn ids(count: u32) -> Vec<String> {
        let ids = (0..count).map(|number| format!("{number:08x}-cbbf-4589-a673-34f800160918"));
        ids.collect()
    }

    /// Stores the crash under other ids and publishes them, with or without a minidump.
    #[cfg(feature = "http-symbols")]
    fn submit(site: &Site, ids: &[String]) {
        for id in ids {
            site.run([
                "storage",
                "put-crash",
                "--id",
                id,
                "--annotations",
                &site.write("others.json", r#"{"ProductName": "Fantasy"}"#),
                "crash.dmp",
            ])
            .succeeds();
        }
        let publish = ["queue", "publish"].into_iter();
        let ids = ids.iter().map(String::as_str);
        site.run(publish.chain(ids)).succeeds();
    }

    #[cfg(feature = "http-symbols")]
    #[test]
    fn two_processors_share_a_queue_and_killing_one_loses_nothing() {
        let site = Site::new();
        let lease = ["--lease", "5s"];
        // The one that will be killed waits for symbols with a crash in work; the other one works.
        let server = SlowServer::start();
        let all = ids(12);
        let symbols = server.url();
        let stuck = [&["--symbols", symbols.as_str()], &lease[..]].concat();
        let mut first = Service::start(&site, &stuck);
        submit(&site, &all);
        let walk = server.asked();
        let mut second = Service::start(&site, &lease);
        for _ in 1..all.len() {
            second.wait_for("\"message\":\"completed ");
        }
        // One is kept from it for as long as the first one lives, by a lease that is renewed.
        let is_processed =
            |id: &&String| site.run(["storage", "cat", "processed", id]).code == Some(0);
        assert_eq!(all.iter().filter(is_processed).count(), all.len() - 1);
        first.kill();
        second.wait_for("\"message\":\"completed ");
        drop(walk);
        second.signal("TERM");
        second.end().succeeds();
        assert_eq!(site.depth(), [0; 4]);
        for id in &all {
            let crash = site.run(["storage", "cat", "processed", id]).succeeds();
            assert_eq!(crash.json()["mdsw_status_string"], "OK", "{id}");
        }
    }

    #[cfg(feature = "http-symbols")]
    #[test]
    fn a_crash_with_which_processors_die_is_not_walked_in_one_the_third_time() {
        let site = Site::new();
        let server = SlowServer::start();
        site.put();
        site.publish();
        let symbols = server.url();
        let options = ["--symbols", symbols.as_str(), "--lease", "500ms"];
        for _ in 0..2 {
            let mut service = Service::start(&site, &options);
            let walk = server.asked();
            service.kill();
            drop(walk);
        }
        // Child processes would be trusted with it.
        let in_process = ["--walkers", "in-process"];
        let mut last = Service::start(&site, &[&options[..], &in_process].concat());
        last.wait_for("safe mode");
        last.wait_for("\"message\":\"completed ");
        last.signal("TERM");
        last.end().succeeds();
        let processed = site.processed().unwrap();
        assert_eq!(processed["mdsw_status_string"], "SkippedAfterWorkerDeaths");
        assert_eq!(processed["product"], "Fantasy");
        let signature = processed["signature"].as_str().unwrap();
        assert!(
            signature.contains("SkippedAfterWorkerDeaths"),
            "{signature}"
        );
        assert_eq!(site.depth(), [0; 4]);
    }

    #[cfg(feature = "http-symbols")]
    #[test]
    fn an_interrupted_drain_does_not_pretend_to_be_done() {
        let site = Site::new();
        let server = SlowServer::start();
        site.put();
        site.publish();
        let mut service = Service::start(&site, &["--drain", "--symbols", &server.url()]);
        let walk = server.asked();
        service.signal("INT");
        service.wait_for("told to stop");
        walk.has_none();
        assert_eq!(service.end().code, Some(128 + 2));
        assert!(site.processed().is_some());
    }
}
