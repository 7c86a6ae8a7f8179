//! The program under its other name, and what it tells of itself.

use std::{fs, process::Command};

use crate::support::{Run, Site, run};

/// The script in the root of the repository.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../socorro-cmd");

#[cfg(unix)]
#[test]
fn a_link_of_the_older_name_is_the_program_under_that_name() {
    let site = Site::new();
    let link = site.path("socorro-cmd");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_socorro"), &link).unwrap();
    let run = |words: &[&str]| Run::of(Command::new(&link).args(words).env_clear());
    run(&["queue", "publish", "--help"])
        .succeeds()
        .prints(&["Usage: socorro-cmd queue publish"]);
    run(&["queue", "status"]).fails(2, &["Usage: socorro-cmd queue status", "--queue"]);
    let walked = run(&["stackwalk", &site.file("crash.dmp")]).succeeds();
    walked.prints(&["crash"]);
}

#[cfg(unix)]
#[test]
fn the_script_finds_the_program_and_hands_everything_on() {
    let site = Site::new();
    let program = site.path("bin/socorro");
    fs::create_dir(site.path("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_socorro"), &program).unwrap();
    let path = format!("{}:/usr/bin:/bin", site.file("bin"));
    let script = || {
        let mut command = Command::new(SCRIPT);
        command
            .env_clear()
            .env("PATH", &path)
            .current_dir(site.path(""));
        command
    };
    let published = Run::of(script().args([
        "queue",
        "publish",
        "--queue",
        "sqlite:a queue.sqlite",
        &format!("bp-{}", Site::ID),
    ]));
    assert_eq!(published.succeeds().lines(), [Site::ID]);
    assert!(site.path("a queue.sqlite").exists());
    Run::of(script().args(["queue", "--help"]))
        .succeeds()
        .prints(&["Usage: socorro-cmd queue"]);
    Run::of(script().arg("no-such")).fails(2, &["no-such"]);

    // Elsewhere it says where it looked.
    let copy = site.file("bin/socorro-cmd");
    fs::copy(SCRIPT, &copy).unwrap();
    fs::remove_file(&program).unwrap();
    Run::of(Command::new(&copy).env_clear().env("PATH", "/usr/bin:/bin"))
        .fails(127, &["no program `socorro`", "cargo build"]);
}

#[test]
fn names_may_be_written_with_underscores_at_all_levels() {
    for (words, name) in [
        ("pubsub list_topics", "list-topics"),
        ("pubsub create_all", "create"),
        ("pubsub delete-all", "delete"),
        ("sqs list_messages", "list-messages"),
        ("sqs create_all", "create-all"),
        ("storage put_crash", "put-crash"),
    ] {
        let (group, _) = words.split_once(' ').unwrap();
        run(words.split(' ').chain(["--help"]))
            .succeeds()
            .prints(&[&format!("Usage: socorro {group} {name}")]);
    }
}

#[test]
fn exit_codes_are_told_once_and_for_all() {
    run(["--help"]).succeeds().prints(&[
        "0 all done",
        "1 something failed",
        "2 called wrongly",
        "3 nothing was",
        "130: interrupted",
    ]);
}

#[test]
fn shells_complete_commands_and_options() {
    for (shell, parts) in [
        (
            "bash",
            ["complete -F _socorro", "--print-failed", " socorro-cmd\n"],
        ),
        (
            "zsh",
            [
                "#compdef socorro socorro-cmd\n",
                "--print-failed",
                "_socorro",
            ],
        ),
        (
            "fish",
            [
                "complete -c socorro",
                "print-failed",
                "socorro-cmd -w socorro\n",
            ],
        ),
    ] {
        run(["completions", shell])
            .succeeds()
            .quietly()
            .prints(&parts);
    }
    run(["completions", "tcsh"]).fails(2, &["tcsh", "bash, zsh, fish"]);
}

/// A shell that is there must understand it.
#[cfg(unix)]
#[test]
fn bash_understands_its_completions() {
    let site = Site::new();
    let script = site.write("completions.bash", run(["completions", "bash"]).stdout);
    for (name, words, expected) in [
        ("socorro", "queue pu", "publish pull purge"),
        ("socorro-cmd", "queue pub", "publish"),
        ("socorro", "pubsub list-topics --log-f", "--log-format"),
        ("socorro-cmd", "storage put-crash --annot", "--annotations"),
    ] {
        let (before, word) = words.rsplit_once(' ').unwrap();
        let count = words.split(' ').count();
        let previous = before.rsplit(' ').next().unwrap();
        let asked = format!(
            "source {script}; COMP_WORDS=({name} {words}); COMP_CWORD={count}; \
             _socorro {name} {word} {previous}; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        let completed = Run::of(bash.args(["--norc", "-c", &asked])).succeeds();
        let mut found: Vec<&str> = completed.stdout.split_whitespace().collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.join(" "), expected, "{name} {words}");
    }
}

#[test]
fn every_command_has_a_man_page() {
    let site = Site::new();
    let directory = site.file("man/man1");
    let written = run(["man", "--output", &directory]).succeeds().quietly();
    let lines = written.lines();
    assert!(lines.len() > 40, "{written:?}");
    for name in ["socorro", "socorro-queue-dead-replay", "socorro-stackwalk"] {
        let path = format!("{directory}/{name}.1");
        assert!(lines.contains(&&*path), "{path}");
        let page = fs::read_to_string(path).unwrap();
        assert!(page.contains(".TH "), "{page}");
        assert!(page.contains("Examples:") || name != "socorro", "{page}");
    }
    let page = run(["man", "queue", "publish"]).succeeds().quietly();
    page.prints(&["socorro\\-queue\\-publish", "\\-\\-print\\-failed", "EXTRA"]);
    run(["man", "queue", "no-such"]).fails(2, &["socorro queue has no command", "no-such"]);
    run(["man"]).succeeds().prints(&[".TH socorro"]);
}

#[cfg(not(all(feature = "pubsub", feature = "sqs")))]
#[test]
fn services_left_out_of_the_program_are_told_with_their_feature() {
    #[cfg(not(feature = "pubsub"))]
    for words in [
        "pubsub create",
        "pubsub list-topics test",
        "pubsub pull p s",
    ] {
        run(words.split(' ')).fails(2, &["Pub/Sub was left out", "--features pubsub"]);
    }
    #[cfg(not(feature = "sqs"))]
    for words in ["sqs list_queues", "sqs publish q x"] {
        run(words.split(' ')).fails(2, &["SQS was left out", "--features sqs"]);
    }
}
