//! `socorro config`, and how settings reach commands.

use std::process::Command;

use serde_json::Value;

use crate::support::{Run, Site, program};

/// A secret of somebody's.
const SECRET: &str = "correcthorse";

/// The program in the directory of a site, with nothing in its environment.
fn socorro(site: &Site, arguments: &[&str]) -> Command {
    let mut command = program();
    command.current_dir(site.path("")).args(arguments);
    command
}

/// `config show` as JSON.
fn shown(command: &mut Command) -> Value {
    Run::of(command.args(["config", "show", "--format", "json"]))
        .succeeds()
        .quietly()
        .json()
}

/// The entry of a key.
fn setting<'a>(shown: &'a Value, key: &str) -> &'a Value {
    let settings = shown["settings"].as_array().unwrap();
    settings
        .iter()
        .find(|setting| setting["key"] == key)
        .unwrap()
}

#[test]
fn the_strongest_source_counts() {
    let site = Site::new();
    let lease = |command: &mut Command| {
        let shown = shown(command);
        let lease = setting(&shown, "processor.lease");
        let text = |name: &str| lease[name].as_str().unwrap_or_default().to_owned();
        (
            text("value"),
            text("origin"),
            text("file"),
            lease["line"].as_u64(),
        )
    };
    let expect = |value: &str, origin: &str, file: &str, line| {
        (value.to_owned(), origin.to_owned(), file.to_owned(), line)
    };
    let nothing = || socorro(&site, &[]);
    assert_eq!(lease(&mut nothing()), expect("", "default", "", None));
    site.write("socorro.toml", "\n[processor]\nlease = \"1s\"\n");
    assert_eq!(
        lease(&mut nothing()),
        expect("1s", "file", "socorro.toml", Some(3))
    );
    site.write("other.toml", "processor.lease = 2");
    let other = |how: &[&str]| lease(&mut socorro(&site, how));
    assert_eq!(
        other(&["--config", "other.toml"]),
        expect("2", "file", "other.toml", Some(1))
    );
    let by_variable = lease(nothing().env("SOCORRO_CONFIG", "other.toml"));
    assert_eq!(by_variable, expect("2", "file", "other.toml", Some(1)));
    site.write("my.env", "# local\nSOCORRO_LEASE=3s");
    assert_eq!(
        lease(&mut nothing()),
        expect("3s", "env-file", "my.env", Some(2))
    );
    site.write("a.env", "export SOCORRO_LEASE='4s'");
    site.write("b.env", "SOCORRO_LEASE=\"5s\"");
    assert_eq!(
        other(&["--env-file", "a.env"]),
        expect("4s", "env-file", "a.env", Some(1))
    );
    let both = other(&["--env-file=a.env", "--env-file", "b.env"]);
    assert_eq!(both, expect("5s", "env-file", "b.env", Some(1)));
    let variable = lease(nothing().env("SOCORRO_LEASE", "6s"));
    assert_eq!(variable, expect("6s", "environment", "", None));
    let empty = lease(nothing().env("SOCORRO_LEASE", ""));
    assert_eq!(empty, expect("3s", "env-file", "my.env", Some(2)));
    let mut flag = socorro(&site, &["config", "show", "--format=json", "--lease", "7s"]);
    let flag = Run::of(flag.env("SOCORRO_LEASE", "6s")).succeeds().json();
    assert_eq!(setting(&flag, "processor.lease")["value"], "7s");
    assert_eq!(setting(&flag, "processor.lease")["origin"], "flag");
}

#[test]
fn commands_take_what_files_say() {
    let site = Site::new();
    site.put();
    site.publish();
    site.write(
        "socorro.toml",
        "[storage]\nurl = \"file:crashes\"\n[queue]\nurl = \"sqlite:queue.sqlite\"\n\
         [symbols]\nsources = [\"symbols\"]\n[destinations]\nlines = \"ndjson:out.ndjson\"\n\
         copy = \"file:copy\"\n[log]\nlevel = \"error\"\n[processor]\nworkers = 2\n",
    );
    Run::of(&mut socorro(&site, &["processor", "--drain"]))
        .succeeds()
        .quietly()
        .prints(&["1 processed"]);
    let processed = site.processed().unwrap();
    assert_eq!(processed["signature"], "crash_here");
    assert!(site.path("out.ndjson").exists());
    assert!(site.path("copy/v1/processed_crash").exists());
    Run::of(&mut socorro(&site, &["queue", "status"])).succeeds();
    Run::of(&mut socorro(&site, &["storage", "cat", "raw", Site::ID])).succeeds();
}

#[test]
fn names_of_mozillas_processor_mean_what_they_mean_there() {
    let site = Site::new();
    site.write(
        "local.env",
        format!(
            "CLOUD_PROVIDER=AWS\nLOCAL_DEV_AWS_ENDPOINT_URL=http://localstack:4566/\n\
             CRASHSTORAGE_S3_BUCKET=dev-bucket\nCRASHSTORAGE_S3_REGION=us-west-2\n\
             CRASHSTORAGE_S3_ACCESS_KEY=foo\nCRASHSTORAGE_S3_SECRET_ACCESS_KEY={SECRET}\n\
             TELEMETRY_S3_BUCKET=telemetry-bucket\nPROCESSOR_WORKERS=2\n\
             PROCESSOR_NUMBER_OF_THREADS=3\nSTACKWALKER_KILL_TIMEOUT=120\nLOGGING_LEVEL=DEBUG\n\
             STACKWALKER_SYMBOLS_URLS=https://one.example.org/try, https://two.example.org\n\
             STACKWALKER_COMMAND_PATH=/stackwalk-rust/minidump-stackwalk\n"
        ),
    );
    let shown = shown(&mut socorro(&site, &["--env-file", "local.env"]));
    for (key, value) in [
        (
            "storage.url",
            "s3://dev-bucket?endpoint=http%3A%2F%2Flocalstack%3A4566%2F&region=us-west-2",
        ),
        ("processor.workers", "6"),
        ("stackwalk.deadline", "120"),
        ("log.level", "DEBUG"),
        (
            "symbols.sources",
            "https://one.example.org/try, https://two.example.org",
        ),
    ] {
        assert_eq!(setting(&shown, key)["value"], value, "{key}");
    }
    assert_eq!(
        setting(&shown, "storage.url")["from"],
        "CRASHSTORAGE_S3_BUCKET"
    );
    assert_eq!(setting(&shown, "storage.url")["line"], 3);
    let clients = shown["clients"].as_array().unwrap();
    let key = clients
        .iter()
        .find(|client| client["variable"] == "AWS_ACCESS_KEY_ID")
        .unwrap();
    assert_eq!(key["from"], "CRASHSTORAGE_S3_ACCESS_KEY");
    assert!(!shown.to_string().contains(SECRET), "{shown}");
    let check = Run::of(&mut socorro(
        &site,
        &["config", "check", "--env-file=local.env"],
    ));
    check
        .succeeds()
        .prints(&["note: ", "STACKWALKER_COMMAND_PATH has no effect"]);
}

/// What a client library reads is in the environment although it stands in a file.
#[test]
fn client_libraries_get_their_variables_from_files_too() {
    let site = Site::new();
    site.write("my.env", "RUST_LOG=socorro=debug,warn\n");
    let dump = site.file("crash.dmp");
    let run = Run::of(&mut socorro(&site, &["stackwalk", &dump])).succeeds();
    assert!(
        run.stderr.contains("--symbols says where they are"),
        "{run:?}"
    );
    let mut loud = socorro(&site, &["stackwalk", &dump]);
    Run::of(loud.env("RUST_LOG", "error")).succeeds().quietly();
}

#[test]
fn places_that_disagree_are_an_error_and_other_names_a_warning() {
    let site = Site::new();
    let mut command = socorro(&site, &["config", "check"]);
    command
        .env("SOCORRO_STORAGE", "s3://one")
        .env("CRASHSTORAGE_S3_BUCKET", "two");
    Run::of(&mut command).fails(
        2,
        &["SOCORRO_STORAGE", "CRASHSTORAGE_S3_BUCKET", "different"],
    );
    // Ours says more about the same bucket.
    command
        .env("CRASHSTORAGE_S3_BUCKET", "one")
        .env("SOCORRO_STORAGE", "s3://one/prefix");
    Run::of(&mut command).succeeds().quietly();
    let mut command = socorro(&site, &["config", "check"]);
    command
        .env("SOCORRO_WORKERS", "2")
        .env("PROCESSOR_WORKERS", "9");
    Run::of(&mut command).succeeds().prints(&[
        "warning: SOCORRO_WORKERS and PROCESSOR_WORKERS",
        "1 settings",
    ]);
    let mut command = socorro(&site, &["config", "check", "--strict"]);
    Run::of(command.env("SOCORRO_WORKER", "2"))
        .fails(2, &[])
        .prints(&["did you mean SOCORRO_WORKERS?"]);
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_line_and_key_before_anything_is_touched() {
    let site = Site::new();
    for (text, parts) in [
        (
            "[processor]\nworker = 4",
            &["x.toml:2", "no worker in [processor]", "mean workers?"][..],
        ),
        (
            "[procesor]\n",
            &["x.toml:1", "no section [procesor]", "mean processor?"],
        ),
        ("[log]\nlease = 1", &["x.toml:2", "mean processor.lease?"]),
        (
            "workers = 4",
            &[
                "x.toml:1",
                "outside of all sections",
                "mean processor.workers?",
            ],
        ),
        ("queue = \"x\"", &["x.toml:1", "write [queue]"]),
        (
            "[processor]\n\nworkers = \"4\"",
            &["x.toml:3", "is a number, not a text"],
        ),
        (
            "[processor]\nworkers = 4.5",
            &["x.toml:2", "not a number with a fraction"],
        ),
        (
            "[processor]\nworkers = 0",
            &["x.toml:2: processor.workers", "1..=1024"],
        ),
        (
            "[processor]\nlease = \"soon\"",
            &["x.toml:2", "90s, 2m or 1h30m"],
        ),
        (
            "[stackwalk]\nmax_dump_size = \"1.5gb\"",
            &["x.toml:2", "512mib"],
        ),
        (
            "[storage]\nurl = \"ftp://host\"",
            &["x.toml:2", "unknown storage scheme"],
        ),
        (
            "[queue]\nurl = \"redis://host\"",
            &["x.toml:2", "unknown queue scheme"],
        ),
        ("[symbols]\nsources = [1]", &["x.toml:2", "list of texts"]),
        (
            "[destinations]\na = \"ftp://x\"",
            &["x.toml:2", "destination a"],
        ),
        (
            "[destinations]\na = \"file:x;maybe\"",
            &["x.toml:2", "NAME=URL;optional"],
        ),
        (
            "[log]\nformat = \"jsn\"",
            &["x.toml:2", "text, json", "did you mean json?"],
        ),
        (
            "[signature]\ngrouping = \"x\"",
            &["x.toml:2", "compatible, trust-weighted"],
        ),
        ("[rules]\nversion_service = \"x\"", &["x.toml:2"]),
        ("[log\n", &["x.toml:1", "no TOML"]),
    ] {
        site.write("x.toml", text);
        let command = [
            "processor",
            "--config=x.toml",
            "--storage=file:new",
            "--queue=sqlite:q",
        ];
        let command = if text.starts_with("[storage]") || text.starts_with("[queue]") {
            &["processor", "--config=x.toml"]
        } else {
            &command[..]
        };
        Run::of(&mut socorro(&site, command)).fails(2, parts);
        assert!(
            !site.path("new").exists() && !site.path("q").exists(),
            "{text}"
        );
    }
    Run::of(&mut socorro(
        &site,
        &["config", "check", "--config=no.toml"],
    ))
    .fails(2, &["no.toml"]);
    Run::of(&mut socorro(
        &site,
        &["queue", "status", "--env-file=no.env"],
    ))
    .fails(2, &["no.env"]);
}

#[test]
fn files_that_settings_name_are_read_by_the_check() {
    let site = Site::new();
    site.write(
        "socorro.toml",
        "[rules]\nfile = \"rules.toml\"\n[signature]\nlists = \"none\"\n",
    );
    Run::of(&mut socorro(&site, &["config", "check"]))
        .fails(2, &["socorro.toml:2", "rules.toml", "socorro.toml:4"]);
}

#[test]
fn a_bad_variable_is_told_with_its_name() {
    let site = Site::new();
    let mut command = socorro(&site, &["config", "check"]);
    command
        .env("SOCORRO_LEASE", "soon")
        .env("PROCESSOR_NUMBER_OF_THREADS", "0");
    Run::of(&mut command).fails(2, &["2 settings", "SOCORRO_LEASE", "NUMBER_OF_THREADS"]);
}

#[test]
fn help_is_there_when_settings_are_broken() {
    let site = Site::new();
    site.write("socorro.toml", "nonsense");
    Run::of(&mut socorro(&site, &["processor", "--help"]))
        .succeeds()
        .prints(&["SOCORRO_WORKERS", "[default: 60s]"]);
}

#[test]
fn no_secret_is_shown_or_logged() {
    let site = Site::new();
    site.put();
    site.publish();
    let url = format!("https://user:{SECRET}@127.0.0.1:9/x?token={SECRET}");
    site.write(
        "my.env",
        format!(
            "AWS_SECRET_ACCESS_KEY={SECRET}\nSECRET_TOKEN={SECRET}\nSOCORRO_API_TOKEN={SECRET}\n\
             SENTRY_DSN=https://{SECRET}@host/1\nSOCORRO_COLOUR_KEY={SECRET}\n"
        ),
    );
    site.write(
        "socorro.toml",
        format!(
            "[storage]\nurl = \"file:crashes\"\n[queue]\nurl = \"sqlite:queue.sqlite\"\n\
             [destinations]\nhook = \"{url};optional\"\n[symbols]\nsources = \"symbols\"\n"
        ),
    );
    for arguments in [
        &["config", "show"][..],
        &["config", "show", "--format", "json"],
        &["config", "show", "--format", "toml"],
        &["config", "check"],
        &["config", "show", "--help"],
        &["processor", "--help"],
        &["processor", "--drain", "-vvv"],
        &["processor", "--drain", "-vvv", "--log-format", "json"],
    ] {
        let run = Run::of(&mut socorro(&site, arguments));
        // Nobody listens there, so that a drain leaves something for the webhook.
        assert_eq!(
            run.code,
            Some(i32::from(arguments.contains(&"--drain"))),
            "{run:?}"
        );
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(!all.contains(SECRET), "{arguments:?}: {all}");
    }
}

#[test]
fn the_example_is_a_file_that_can_be_used() {
    let site = Site::new();
    let example = Run::of(&mut socorro(&site, &["config", "example"]))
        .succeeds()
        .stdout;
    let nothing_set: toml::Table = example.parse().unwrap();
    assert!(
        nothing_set
            .values()
            .all(|section| section.as_table().unwrap().is_empty())
    );
    // Everything set, but for the files that do not exist here.
    let all = example.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting,
        _ => line,
    });
    let all = all.collect::<Vec<_>>().join("\n");
    site.write("all.toml", &all);
    let shown = shown(&mut socorro(&site, &["--config", "all.toml"]));
    for setting in shown["settings"].as_array().unwrap() {
        assert_eq!(setting["origin"], "file", "{setting}");
    }
}

#[test]
fn what_is_shown_as_toml_says_the_same_again() {
    let site = Site::new();
    site.write(
        "socorro.toml",
        "[processor]\nworkers = 3\nlease = \"2m\"\n[symbols]\nsources = [\"symbols\", \"crashes\"]\n\
         [destinations]\nx = \"file:a\\\"b\"\n",
    );
    let once = Run::of(&mut socorro(&site, &["config", "show", "--format=toml"])).succeeds();
    let [before, after] = [
        shown(&mut socorro(&site, &[])),
        shown(&mut socorro(
            &site,
            &["--config", &site.write("again.toml", &once.stdout)],
        )),
    ];
    for setting in before["settings"].as_array().unwrap() {
        let key = setting["key"].as_str().unwrap();
        assert_eq!(
            self::setting(&after, key)["value"],
            setting["value"],
            "{key}"
        );
    }
}

/// The page is that of a program with the default features; error reports bring one more option.
#[cfg(not(feature = "sentry"))]
#[test]
fn the_reference_page_is_current() {
    let site = Site::new();
    let page = Run::of(&mut socorro(&site, &["config", "reference"]))
        .succeeds()
        .stdout;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        written == page,
        "docs/configuration.md is not current: run `just reference`"
    );
}
