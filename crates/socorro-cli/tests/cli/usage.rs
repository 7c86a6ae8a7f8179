//! What all commands have in common.

use std::process::Stdio;

use crate::support::{Run, Site, program, run};

#[test]
fn version_and_help_go_to_standard_output() {
    run(["--version"])
        .succeeds()
        .prints(&["socorro 0."])
        .quietly();
    let help = run(["--help"]).succeeds().quietly();
    help.prints(&[
        "stackwalk",
        "process",
        "processor",
        "signature",
        "queue",
        "storage",
        "Examples:",
        "Exit codes",
        "128 + N",
    ]);
    for command in [
        "stackwalk",
        "process",
        "processor",
        "show",
        "signature",
        "signature diff",
        "signature check",
        "rules list",
        "rules show",
        "rules run",
        "rules fields",
        "rules validate",
        "queue publish",
        "queue status",
        "queue dead",
        "queue create",
        "queue peek",
        "queue pull",
        "queue drain",
        "queue purge",
        "queue delete",
        "pubsub publish",
        "sqs publish",
        "setup",
        "waitfor",
        "completions",
        "man",
        #[cfg(feature = "submit")]
        "submit",
        "storage put-crash",
        "storage cat",
        "storage check",
        "storage create",
        "storage import",
        "storage verify",
        "storage delete",
        "storage mb",
        "storage sync",
        "storage prune",
        "s3 mb",
        "s3 rb",
        "s3 ls",
        "s3 cp",
        "s3 mv",
        "s3 sync",
        "s3 rm",
        "s3 cat",
        "s3 du",
        "gcs create",
        "gcs upload",
        "config show",
        "config check",
        "config example",
        "config reference",
        "doctor",
        #[cfg(feature = "crash-stats")]
        "fetch-crashids",
        #[cfg(feature = "crash-stats")]
        "fetch-crash-data",
        #[cfg(feature = "crash-stats")]
        "process-crashes",
        #[cfg(feature = "crash-stats")]
        "reprocess",
        #[cfg(feature = "crash-stats")]
        "fetch-missing",
    ] {
        run(command.split(' ').chain(["--help"]))
            .succeeds()
            .prints(&["Examples:\n  ", "\n  socorro "]);
    }
}

#[test]
fn a_wrong_call_is_told_with_the_way_out_and_exit_code_2() {
    run(["stackwalks"]).fails(2, &["stackwalks", "'stackwalk'"]);
    run(["stackwalk"]).fails(2, &["FILE.dmp"]);
    run(["queue", "status"]).fails(2, &["--queue"]);
    run(["processor", "--storage", "file:///x", "--once", "x"]).fails(2, &["36 characters"]);
    run(["processor", "--workers", "0"]).fails(2, &["--workers", "1024"]);
    run(["stackwalk", "x.dmp", "--deadline", "soon"]).fails(2, &["--deadline", "2m"]);
    run(["stackwalk", "x.dmp", "--max-dump-size", "1.5gb"]).fails(2, &["512mib"]);
}

#[test]
fn names_of_commands_may_be_written_with_underscores() {
    run(["storage", "put_crash", "--help"])
        .succeeds()
        .prints(&["put-crash"]);
}

#[test]
fn an_address_of_another_kind_is_told_with_those_there_are() {
    let storage = |url| run(["storage", "check", "--storage", url]);
    storage("ftp://host").fails(2, &["unknown storage scheme \"ftp\"", "file:", "s3://name"]);
    storage("crashes").fails(2, &["invalid storage address", "file:///path"]);
    #[cfg(not(feature = "gcs"))]
    storage("gs://bucket").fails(2, &["gs:", "--features gcs"]);
    #[cfg(not(feature = "azure"))]
    storage("az://container").fails(2, &["az:", "--features azure"]);
    storage("memory:").fails(2, &["ends with this program", "file:///path"]);
    let queue = |url| run(["queue", "status", "--queue", url]);
    queue("redis://host").fails(2, &["unknown queue scheme \"redis\"", "sqlite:///"]);
    queue("queue.sqlite").fails(2, &["invalid queue URL", "sqlite:///"]);
    #[cfg(not(feature = "pubsub"))]
    queue("pubsub://project").fails(2, &["pubsub:", "--features pubsub"]);
    #[cfg(not(feature = "sqs"))]
    queue("sqs://x").fails(2, &["sqs:", "--features sqs"]);
    queue("memory:").fails(2, &["ends with this program", "sqlite:///"]);
    queue("sqlite:///x?colour=red").fails(2, &["colour", "lease"]);
}

#[cfg(not(feature = "s3"))]
#[test]
fn what_was_left_out_of_the_program_is_told_with_its_feature() {
    run(["storage", "check", "--storage", "s3://bucket"]).fails(2, &["s3", "--features s3"]);
}

#[cfg(not(feature = "http-symbols"))]
#[test]
fn symbol_servers_left_out_of_the_program_are_told_with_their_feature() {
    let site = Site::new();
    run([
        "stackwalk",
        &site.file("crash.dmp"),
        "--symbols",
        "https://symbols.example.org",
    ])
    .fails(2, &["symbols.example.org", "--features http-symbols"]);
}

#[test]
fn secrets_in_addresses_are_not_repeated() {
    for command in ["storage check --storage", "queue status --queue"] {
        let url = "ftp://user:secret@host/?key=secret";
        let run = run(command.split(' ').chain([url])).fails(2, &[]);
        assert!(!run.stderr.contains("secret"), "{run:?}");
    }
}

#[test]
fn a_variable_that_is_empty_counts_as_not_set() {
    let site = Site::new();
    site.publish();
    let mut command = program();
    command.args(["queue", "status", &site.queue()]);
    command
        .env("SOCORRO_QUEUE", "")
        .env("RUST_LOG", "")
        .env("SOCORRO_WORKERS", "");
    Run::of(&mut command).succeeds();
    let mut command = program();
    command.args(["queue", "status"]).env("SOCORRO_QUEUE", "");
    Run::of(&mut command).fails(2, &["--queue"]);
    let mut command = program();
    let dump = site.file("crash.dmp");
    command
        .args(["stackwalk", &dump])
        .env("STACKWALKER_KILL_TIMEOUT", "")
        .env("STACKWALKER_SYMBOLS_URLS", "");
    Run::of(&mut command).succeeds();
}

#[test]
fn a_log_filter_that_cannot_be_read_is_told() {
    let mut command = program();
    command
        .args(["storage", "check", "--storage", "file:///x"])
        .env("RUST_LOG", "a=b=c");
    Run::of(&mut command).fails(2, &["RUST_LOG", "RUST_LOG=info"]);
}

#[test]
fn errors_are_json_where_the_log_is() {
    let run = run([
        "storage",
        "check",
        "--storage",
        "ftp://host",
        "--log-format",
        "json",
    ]);
    assert_eq!(run.code, Some(2));
    let line: serde_json::Value = serde_json::from_str(run.stderr.trim()).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(line["message"].as_str().unwrap().contains("ftp"), "{line}");
    assert!(
        line["hint"].as_str().unwrap().contains("file:///path"),
        "{line}"
    );
}

#[test]
fn colour_is_for_those_who_ask_for_it() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    let stackwalk = |color| {
        run(["stackwalk", &dump, "--color", color])
            .succeeds()
            .stdout
    };
    assert!(stackwalk("always").contains("\x1b["));
    assert!(!stackwalk("auto").contains('\x1b'));
    assert!(!stackwalk("never").contains('\x1b'));
    run(["stackwalk", "missing.dmp", "--color", "always"]).fails(1, &["\x1b[1;31merror:\x1b[0m"]);
}

#[test]
fn a_reader_that_has_gone_is_no_reason_to_complain() {
    let site = Site::new();
    for command in ["stackwalk", "process"] {
        let mut child = program()
            .args([command, &site.file("crash.dmp")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        Run::new(&child.wait_with_output().unwrap())
            .succeeds()
            .quietly();
    }
}

#[test]
fn the_log_is_as_loud_as_asked_for() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    run(["stackwalk", &dump]).succeeds().quietly();
    let loud = run(["stackwalk", &dump, "-v"]).succeeds();
    assert!(
        loud.stderr.contains("--symbols says where they are"),
        "{loud:?}"
    );
    let mut command = program();
    let quiet = Run::of(
        command
            .args(["stackwalk", &dump, "-v"])
            .env("RUST_LOG", "error"),
    );
    quiet.succeeds().quietly();
}

#[test]
fn what_people_told_about_themselves_is_in_no_log() {
    let site = Site::new();
    let private = [
        "jane@example.org",
        "https://private.example.org/",
        "my secret comment",
    ];
    let [email, url, comment] = private;
    site.write(
        "raw_crash.json",
        format!(
            r#"{{"uuid": "{}", "ProductName": ["{comment}"], "Email": "{email}", "URL": "{url}",
                "Comments": "{comment}", "TelemetryEnvironment": "{{{comment}",
                "ModuleSignatureInfo": "{comment}"}}"#,
            Site::ID
        ),
    );
    site.put();
    site.publish();
    for format in ["text", "json"] {
        let run = site.run([
            "processor",
            "--once",
            Site::ID,
            "-vvv",
            "--log-format",
            format,
        ]);
        let run = run.succeeds();
        assert!(run.stderr.contains(Site::ID), "{run:?}");
        for private in private {
            assert!(
                !run.stderr.contains(private),
                "{private} is in {}",
                run.stderr
            );
        }
    }
}
