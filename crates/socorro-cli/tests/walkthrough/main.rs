//! Runs the commands of `docs/processing-crashes.md` as they are written there.
//!
//! Each section is a session of bash in a directory of its own, which holds what lies in the root of
//! the repository: `socorro-cmd` and `scripts/`. The crashes come over HTTP from a server that answers
//! like Crash Stats and holds real ones, of the corpus in `SOCORRO_CORPUS` or `../shared/corpus`; what
//! is compared in the end are their signatures in storage.

#![cfg(all(unix, feature = "crash-stats"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod page;
mod session;

use corpus::ID;
use page::Page;
use session::{SQLITE, Session};

/// The section whose commands belong before those of every other one.
const BEFORE: &str = "Before you begin";

#[test]
fn every_section_with_commands_is_run() {
    let sections: Vec<String> = Page::read()
        .sections
        .into_iter()
        .map(|section| section.0)
        .collect();
    let run = [
        BEFORE,
        "One crash",
        "The crashes of a day",
        "In one command",
        "Nothing but this program",
        "When something fails",
    ];
    assert_eq!(sections, run);
}

#[test]
fn one_crash() {
    corpus::on_one_day(|corpus| {
        let session = Session::new(corpus);
        let output = session.run("One crash", &[]);
        assert!(output.contains(corpus.signature(ID)), "{output}");
        session.has_processed(&session.file_storage(), [ID]);
    });
}

#[test]
fn the_crashes_of_a_day_on_moto() {
    let Some(endpoint) = session::endpoint("SOCORRO_TEST_MOTO_ENDPOINT") else {
        return;
    };
    the_crashes_of_a_day(Some(&endpoint), "s3://dev_bucket");
}

#[test]
fn the_crashes_of_a_day_on_localstack() {
    let Some(endpoint) = session::endpoint("SOCORRO_TEST_S3_ENDPOINT") else {
        return;
    };
    the_crashes_of_a_day(Some(&endpoint), "s3://dev-bucket");
}

#[test]
fn the_crashes_of_a_day_in_a_directory() {
    the_crashes_of_a_day(None, "file://{directory}/dev_bucket");
}

/// Runs the walk-through with a bucket at `storage`. Without the feature `pubsub` the queue is a file,
/// and what is said to `pubsub` is said to `queue`.
fn the_crashes_of_a_day(endpoint: Option<&str>, storage: &str) {
    corpus::on_one_day(|corpus| {
        let mut session = Session::new(corpus);
        if let Some(endpoint) = endpoint {
            session.set("AWS_ENDPOINT_URL", endpoint);
        }
        let storage = session.in_directory(storage);
        let mut changes = vec![("s3://dev_bucket", &*storage)];
        let sqlite = session.in_directory(SQLITE);
        let pubsub = session::pubsub();
        match &pubsub {
            Some(emulator) => {
                session.set("PUBSUB_EMULATOR_HOST", emulator);
                // Beside other runs of this test at the same emulator.
                let queue = format!("pubsub://walkthrough-{}/local-dev", session.unique());
                session.set("SOCORRO_QUEUE", &queue);
            }
            None => changes.extend([
                ("pubsub://local-dev-socorro/local-dev", &*sqlite),
                ("pubsub publish", "queue publish -"),
                ("pubsub create", "queue create"),
            ]),
        }
        let output = session.run("The crashes of a day", &changes);
        let ids = session.crash_ids();
        assert_eq!(ids.len(), 3);
        for id in &ids {
            assert!(output.contains(corpus.signature(id)), "{id} in {output}");
        }
        session.has_processed(&storage, ids.iter().map(String::as_str));
    });
}

#[test]
fn in_one_command() {
    corpus::on_one_day(|corpus| {
        let session = Session::new(corpus);
        session.run("In one command", &[]);
        let ids = session.crash_ids();
        assert_eq!(ids.len(), 2);
        session.has_processed(&session.file_storage(), ids.iter().map(String::as_str));
    });
}

#[test]
fn nothing_but_this_program() {
    corpus::on_one_day(|corpus| {
        let session = Session::new(corpus);
        session.run("Nothing but this program", &[]);
        let ids = session.crash_ids();
        assert_eq!(ids.len(), 3);
        let copy = session.in_directory("file://{directory}/copy");
        for storage in [session.file_storage(), copy] {
            session.has_processed(&storage, ids.iter().map(String::as_str));
        }
    });
}

#[test]
fn when_something_fails() {
    corpus::on_one_day(|corpus| {
        let session = Session::new(corpus);
        let output = session.run("When something fails", &[]);
        let missing = "00000000-0000-4000-8000-000000260101";
        assert!(
            output.contains(&format!("exit code 1\n{missing}\n")),
            "{output}"
        );
    });
}
