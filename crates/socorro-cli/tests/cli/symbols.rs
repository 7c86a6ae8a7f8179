//! `socorro symbols`.

use std::{
    fs::{self, File, FileTimes},
    path::Path,
    time::{Duration, SystemTime},
};

use crate::support::{Run, Site, minidump};

const NAME: &str = "app";

/// The program with the site's cache.
fn symbols<'a>(site: &Site, arguments: impl IntoIterator<Item = &'a str>) -> Run {
    let mut command = site.command();
    command
        .arg("symbols")
        .args(arguments)
        .env("SYMBOLS_CACHE_PATH", site.file("cache"));
    Run::of(&mut command)
}

#[test]
fn added_symbols_are_found_by_a_walk() {
    let site = Site::new();
    let file = site.write("build/app.sym", minidump::symbols(minidump::debug_id()));
    let tree = site.file("new/tree");
    symbols(&site, ["add", &tree, &file])
        .succeeds()
        .quietly()
        .prints(&[minidump::SYMBOL_FILE]);
    site.run(["stackwalk", "crash.dmp", "--symbols", &tree])
        .succeeds()
        .prints(&["crash_here at src/app.c:7"]);
}

#[test]
fn only_good_symbol_files_are_added() {
    let site = Site::new();
    let bad = site.write(
        "bad.sym",
        format!("{}rubbish\n", minidump::symbols(minidump::debug_id())),
    );
    let good = site.write("good.sym", minidump::symbols(minidump::debug_id()));
    let tree = site.file("tree");
    let run = symbols(&site, ["add", &tree, &bad, &good, "--format", "json"])
        .fails(1, &["cannot use symbol file", "bad.sym"]);
    assert_eq!(run.json()["file"], good);
    assert!(fs::read(run.json()["place"].as_str().unwrap()).is_ok());
    symbols(&site, ["add", "https://host/", &good]).fails(2, &["name a directory, or a bucket"]);
}

#[cfg(feature = "s3")]
#[test]
fn a_bucket_that_is_not_there_is_not_one_without_symbols() {
    const KEY: &str = "key";

    let server = socorro_storage::testkit::S3Server::start(KEY, KEY).unwrap();
    server.create_bucket("symbols").unwrap();
    let endpoint = server.endpoint();
    let site = Site::new();
    let fetch = |bucket: &str| {
        let place = format!("s3://{bucket}/v1?endpoint={endpoint}&region=us-east-1");
        let mut command = site.command();
        command
            .args(["symbols", "fetch", NAME, minidump::debug_id()])
            .args(["--symbols", &place])
            .env("SYMBOLS_CACHE_PATH", site.file("cache"))
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .env("AWS_ALLOW_HTTP", "true");
        Run::of(&mut command)
    };
    fetch("symbols")
        .fails(1, &[])
        .prints(&["no source has them"]);
    fetch("mistyped")
        .fails(1, &[])
        .prints(&["there is no such bucket"]);
}

#[test]
fn addresses_are_told_with_function_and_line() {
    let site = Site::new();
    let tree = site.file("symbols");
    let lookup = |address: &[&str]| {
        let arguments = ["lookup", NAME, minidump::debug_id(), "--symbols", &tree];
        symbols(&site, arguments.iter().chain(address).copied())
    };
    let run = lookup(&["0x1014", "2050"]).succeeds().quietly();
    assert_eq!(
        run.lines(),
        [
            "0x1014  crash_here at src/app.c:7",
            "0x2050  main at src/app.c:20"
        ]
    );
    let run = lookup(&["1014", "--format", "json"]).succeeds();
    assert_eq!(run.json()["function_address"], "0x1000");
    assert_eq!(run.json()["line"], 7);
    lookup(&["9000"]).fails(1, &[]).prints(&["0x9000  ?"]);
    lookup(&["nowhere"]).fails(2, &["0x1f3a"]);
    symbols(&site, ["lookup", NAME, "12", "0"]).fails(2, &["is no debug id"]);
}

#[test]
fn symbols_of_another_build_are_mentioned() {
    let site = Site::new();
    let other = minidump::debug_id().replace('1', "2");
    let arguments = ["fetch", NAME, &other, "--symbols", &site.file("symbols")];
    symbols(&site, arguments).fails(1, &[]).prints(&[
        "missing",
        "of another build",
        minidump::debug_id(),
    ]);
}

#[test]
fn a_symbol_file_is_described() {
    let site = Site::new();
    let file = site.file(&format!("symbols/{}", minidump::SYMBOL_FILE));
    symbols(&site, ["dump", &file])
        .succeeds()
        .quietly()
        .prints(&[
            "debug file      app",
            "functions       2",
            "cfi ranges      2",
        ]);
    let run = symbols(&site, ["dump", &file, "--format", "json"]).succeeds();
    assert_eq!(run.json()["debug_id"], minidump::debug_id());
    assert_eq!(run.json()["lines"], 2);
    let bad = site.write("bad.sym", "rubbish");
    symbols(&site, ["dump", &bad]).fails(1, &["cannot use symbol file", "bad.sym"]);
}

#[test]
fn old_files_leave_the_cache_and_damaged_ones_are_found() {
    let site = Site::new();
    let file = |name: &str, days: u64, text: &str| {
        let path = format!("cache/{name}/{}/{name}.sym", minidump::debug_id());
        let path = site.write(&path, text);
        let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
        let times = FileTimes::new().set_accessed(time).set_modified(time);
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_times(times)
            .unwrap();
        path
    };
    let good = minidump::symbols(minidump::debug_id());
    let [old, new, damaged] = [
        file("old", 60, &good),
        file("new", 1, &good),
        file("damaged", 2, "MODULE Linux"),
    ];
    let cache = |arguments: &[&str]| {
        let arguments = ["cache"].iter().chain(arguments).copied();
        symbols(&site, arguments.collect::<Vec<_>>())
    };
    // As large as it likes, until told otherwise: what is looked at here must not be tidied up meanwhile.
    let unbounded = ["--symbols-cache-age", "1000d"];
    let status = cache(&[&["status", "--format", "json"], &unbounded[..]].concat()).succeeds();
    assert_eq!(status.json()["files"], 3);

    let verify = cache(&[&["verify"], &unbounded[..]].concat()).fails(1, &[]);
    assert!(verify.stdout.contains(&damaged), "{verify:#?}");
    assert!(Path::new(&damaged).exists());
    cache(&[&["verify", "--remove"], &unbounded[..]].concat())
        .succeeds()
        .prints(&["2 files are good, 1 damaged, 1 of them removed"]);
    assert!(!Path::new(&damaged).exists());

    let _ = cache(&["prune"]).succeeds();
    assert!(!Path::new(&old).exists() && Path::new(&new).exists());
    // Nothing is in the way of a bound that nothing can keep.
    cache(&["prune", "--symbols-cache-size", "1"])
        .succeeds()
        .prints(&["0 files (0 B) are left"]);
}

#[test]
fn commands_about_the_cache_need_one() {
    let site = Site::new();
    for command in ["status", "prune", "verify"] {
        site.run(["symbols", "cache", command, "--symbols-cache", "none"])
            .fails(2, &["--symbols-cache names one"]);
    }
    // There is no home directory in the environment of a test.
    site.run(["symbols", "cache", "status"]).fails(2, &[]);
}

#[test]
fn symbols_of_a_user_are_kept_in_their_cache_directory() {
    let site = Site::new();
    let walk = |home: &str| {
        let mut command = site.command();
        command
            .args(["stackwalk", "crash.dmp", "--symbols", "symbols"])
            .env("HOME", home);
        Run::of(&mut command).succeeds().prints(&["crash_here"])
    };
    walk(&site.file("home")).quietly();
    assert!(site.path("home/.cache/socorro/symbols").is_dir());
    // Nothing of ours appears in a tree of the user's.
    let tree = site.path("symbols").join(minidump::SYMBOL_FILE);
    let neighbours = fs::read_dir(tree.parent().unwrap()).unwrap();
    assert_eq!(neighbours.count(), 1);

    let no_directory = site.write("file", "");
    let run = walk(&no_directory);
    assert!(run.stderr.contains("kept in memory"), "{run:#?}");
}

#[cfg(feature = "http-symbols")]
mod servers {
    use std::time::Instant;

    use super::*;
    use crate::support::{FileServer, SlowServer};

    /// The JSON objects on the lines of standard output.
    fn objects(run: &Run) -> Vec<serde_json::Value> {
        let lines = run.lines().into_iter();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn symbols_of_a_minidump_are_fetched_once() {
        let site = Site::new();
        let server = FileServer::start(site.path("symbols"));
        let fetch = || {
            let dump = site.file("crash.dmp");
            let url = server.url();
            let arguments = ["fetch", "--dump", &dump, "--symbols", &url];
            symbols(&site, arguments.into_iter().chain(["--format", "json"])).succeeds()
        };
        let first = objects(&fetch());
        assert_eq!(first.len(), 1);
        assert_eq!(first[0]["status"], "found");
        let path = first[0]["path"].as_str().unwrap();
        assert_eq!(path, site.file(&format!("cache/{}", minidump::SYMBOL_FILE)));
        assert!(fs::read_to_string(path).unwrap().contains("INFO URL http"));
        assert_eq!(objects(&fetch()), first);
        assert_eq!(server.requests(), 1);
    }

    #[test]
    fn a_cache_is_filled_from_a_list() {
        let site = Site::new();
        let server = FileServer::start(site.path("symbols"));
        let missing = minidump::debug_id().replace('1', "2");
        let id = minidump::debug_id();
        let list = site.write(
            "list",
            format!("# wanted\napp/{id}/app.sym\napp/{missing}\n"),
        );
        let warm = |list: &str| {
            let url = server.url();
            symbols(&site, ["cache", "warm", "--list", list, "--symbols", &url])
        };
        warm(&list)
            .succeeds()
            .prints(&["1 symbol files are there, 1 no place has, 0 could not be had"]);
        assert!(site.path("cache").join(minidump::SYMBOL_FILE).exists());
        let bad = site.write("bad", "app\n");
        warm(&bad).fails(2, &["line 1 of", "written NAME/ID"]);
    }

    #[test]
    fn programs_at_work_at_the_same_time_share_what_they_download() {
        let site = Site::new();
        let server = FileServer::start(site.path("symbols"));
        let start = || {
            let mut command = site.command();
            command
                .args(["stackwalk", "crash.dmp", "--symbols", &server.url()])
                .env("SYMBOLS_CACHE_PATH", site.file("cache"))
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        };
        let walks: Vec<_> = (0..6).map(|_| start()).collect();
        for walk in walks {
            Run::new(&walk.wait_with_output().unwrap())
                .succeeds()
                .prints(&["crash_here at src/app.c:7"]);
        }
        assert_eq!(server.requests(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_disk_without_room_keeps_nobody_from_their_crash() {
        let site = Site::new();
        let lines = (1..2_000).map(|number| format!("FILE {number} src/file_{number}.c\n"));
        let text = minidump::symbols(minidump::debug_id()) + &lines.collect::<String>();
        site.write(&format!("large/{}", minidump::SYMBOL_FILE), text);
        let server = FileServer::start(site.path("large"));
        // No file may become larger than a kilobyte or half of it, and writing more fails.
        let script = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_socorro")])
            .args(["stackwalk", &site.file("crash.dmp")])
            .args(["--symbols", &server.url()])
            .args(["--symbols-cache", &site.file("cache")]);
        let run = Run::of(&mut command)
            .succeeds()
            .prints(&["crash_here at src/app.c:7"]);
        assert!(
            run.stderr.contains("holding the file in memory"),
            "{run:#?}"
        );
        let partial = fs::read_dir(site.path("cache/.partial")).unwrap();
        assert_eq!(partial.count(), 0);
        assert!(!site.path("cache").join(minidump::SYMBOL_FILE).exists());
    }

    #[test]
    fn a_program_killed_while_it_downloads_is_in_nobodys_way() {
        let site = Site::new();
        let walk = |url: &str| {
            let mut command = site.command();
            command
                .args(["stackwalk", "crash.dmp", "--symbols", url])
                .env("SYMBOLS_CACHE_PATH", site.file("cache"));
            command
        };
        let slow = SlowServer::start();
        let mut killed = walk(&slow.url()).spawn().unwrap();
        let _question = slow.asked();
        killed.kill().unwrap();
        killed.wait().unwrap();

        let server = FileServer::start(site.path("symbols"));
        let started = Instant::now();
        Run::of(&mut walk(&server.url()))
            .succeeds()
            .prints(&["crash_here at src/app.c:7"]);
        // Others wait a minute for somebody who is at it.
        assert!(started.elapsed() < Duration::from_secs(50));
    }
}
