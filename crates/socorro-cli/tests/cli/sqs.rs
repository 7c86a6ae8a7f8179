//! `socorro sqs`, and `socorro queue` at SQS, on a server that speaks its protocol (Moto).

use std::process::Command;

use socorro_storage::testkit::endpoint;

use crate::support::{Run, Site, program};

const ENDPOINT: &str = "SOCORRO_TEST_SQS_ENDPOINT";
const OTHER: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123";

/// A server, and names of queues of its own.
struct Server {
    endpoint: String,
    prefix: String,
}

impl Server {
    fn new() -> Option<Self> {
        let endpoint = endpoint(ENDPOINT)?;
        let prefix = format!("cli{:016x}-", fastrand::u64(..));
        Some(Self { endpoint, prefix })
    }

    /// The program in an environment as that of Socorro was.
    fn command(&self) -> Command {
        let mut command = program();
        command
            .env("LOCAL_DEV_AWS_ENDPOINT_URL", &self.endpoint)
            .env("SQS_REGION", "us-east-1")
            .env("SQS_ACCESS_KEY", "foo")
            .env("SQS_SECRET_ACCESS_KEY", "foo");
        for lane in ["standard", "priority", "reprocessing"] {
            let variable = format!("SQS_{}_QUEUE", lane.to_uppercase());
            command.env(variable, self.name(lane));
        }
        command.env("SQS_DEAD_LETTER_QUEUE", self.name("dead-letters"));
        command
    }

    fn run(&self, words: &str) -> Run {
        Run::of(self.command().args(words.split(' ')))
    }

    fn name(&self, lane: &str) -> String {
        format!("{}{lane}", self.prefix)
    }
}

#[test]
fn the_forms_of_socorros_tool_work() {
    let Some(server) = Server::new() else {
        return;
    };
    let [standard, mine] = ["standard", "mine"].map(|name| server.name(name));
    let created = server
        .run(&format!("sqs create {mine}"))
        .succeeds()
        .quietly();
    assert_eq!(created.stdout, format!("Queue {mine} created.\n"));
    let created = server.run(&format!("sqs create {mine}")).succeeds();
    assert_eq!(created.stdout, format!("Queue {mine} already exists.\n"));
    server.run("sqs create_all").succeeds().prints(&[
        &format!("Queue {standard} created.\n"),
        &format!("Queue {} created.\n", server.name("dead-letters")),
    ]);
    let queues = server.run("sqs list_queues").succeeds();
    for name in [&standard, &mine] {
        assert!(queues.lines().contains(&&**name), "{queues:?}");
    }

    let published = server.run(&format!("sqs publish {mine} {} nonsense", Site::ID));
    let published = published.fails(1, &["invalid crash id \"nonsense\""]);
    assert_eq!(published.stdout, format!("Published: {}\n", Site::ID));
    for _ in 0..2 {
        // Given back at once, it is there again at once.
        let listed = server.run(&format!("sqs list_messages {mine}")).succeeds();
        assert_eq!(listed.stdout, format!("{}\n", Site::ID));
    }
    let listed = server
        .run(&format!("sqs list-messages {standard}"))
        .succeeds();
    assert_eq!(listed.stdout, format!("Queue {standard} is empty.\n"));

    let deleted = server.run(&format!("sqs delete {mine}")).succeeds();
    assert_eq!(deleted.stdout, format!("Queue {mine} deleted.\n"));
    let deleted = server.run(&format!("sqs delete {mine}")).succeeds();
    assert_eq!(deleted.stdout, format!("Queue {mine} does not exist.\n"));
    server
        .run("sqs delete-all")
        .succeeds()
        .prints(&[&format!("Queue {standard} deleted.\n")]);
    let listed = server.run(&format!("sqs list-messages {mine}"));
    assert_eq!(
        listed.fails(1, &[]).stdout,
        format!("Queue '{mine}' does not exist.\n")
    );
    server
        .run(&format!("sqs publish {mine} {OTHER}"))
        .fails(1, &["was not published", &mine]);
    server
        .run("sqs create x.fifo")
        .fails(2, &["names no queue"]);
}

#[test]
fn any_queue_is_looked_after_in_the_same_way() {
    let Some(server) = Server::new() else {
        return;
    };
    let run = |words: &str| server.run(&format!("{words} --queue sqs://{}", server.prefix));
    run("queue peek").fails(1, &["socorro queue create"]);
    let standard = server.name("standard");
    run("setup")
        .succeeds()
        .prints(&[&format!("queue {standard} was made\n"), "is ready\n"]);
    run("queue create")
        .succeeds()
        .prints(&[&format!("queue {standard} was there\n")]);
    run(&format!("queue publish {} {OTHER}", Site::ID)).succeeds();
    let peeked = run("queue peek").succeeds();
    assert_eq!(peeked.lines().len(), 2, "{peeked:?}");
    assert_eq!(run("queue pull --ack").succeeds().lines().len(), 1);
    run("queue delete").fails(1, &["is not empty", "--force"]);
    let purged = run("queue purge --all --format ndjson").succeeds();
    purged.prints(&[r#"{"lane": "standard", "messages": null}"#]);
    run(&format!("queue publish --lane reprocessing {OTHER}")).succeeds();
    assert_eq!(run("queue drain").succeeds().lines(), [OTHER]);
    run("queue delete")
        .succeeds()
        .prints(&[&format!("queue {standard} was deleted\n")]);
    run("queue delete --force")
        .succeeds()
        .prints(&[&format!("queue {standard} was not there\n")]);
}
