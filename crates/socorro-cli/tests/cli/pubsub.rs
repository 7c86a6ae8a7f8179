//! `socorro pubsub`, and `socorro queue` at Pub/Sub, on Google's emulator.
//!
//! `scripts/services/pubsub-emulator.sh` starts an emulator; every test has a project of its own.

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use socorro_storage::testkit::endpoint;

use crate::support::{Run, Site, program};

const EMULATOR: &str = "PUBSUB_EMULATOR_HOST";
const OTHER: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123";
/// Longer than anything takes: the emulator needs up to 40 seconds to deliver a message again that it
/// had sent to a process which ended.
const PATIENCE: &str = "90s";
/// Once in a while it does so only when the deadline is over, or not at all, and it may send a new
/// message to such a process, too; so a test is tried with new projects.
const TRIES: u32 = 4;

/// A project at the emulator.
struct Project {
    emulator: String,
    name: String,
}

impl Project {
    /// One of its own, if there is an emulator.
    fn new() -> Option<Self> {
        let emulator = endpoint(EMULATOR)?;
        let name = format!("cli-{:016x}", fastrand::u64(..));
        Some(Self { emulator, name })
    }

    /// The program in an environment as that of Socorro is.
    fn command(&self) -> Command {
        let mut command = program();
        command
            .env(EMULATOR, &self.emulator)
            .env("PUBSUB_PROJECT_ID", &self.name)
            .env("PUBSUB_STANDARD_TOPIC_NAME", "local-standard-topic")
            .env("PUBSUB_STANDARD_SUBSCRIPTION_NAME", "local-standard-sub");
        command
    }

    fn run(&self, words: &str) -> Run {
        Run::of(self.command().args(words.split(' ')))
    }

    fn run_with_input(&self, words: &str, input: &str) -> Run {
        let mut command = self.command();
        command
            .args(words.split(' '))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        Run::new(&child.wait_with_output().unwrap())
    }

    fn path(&self, kind: &str, name: &str) -> String {
        format!("projects/{}/{kind}/{name}", self.name)
    }
}

/// What is pulled of both crashes, as it is printed.
fn both() -> BTreeSet<String> {
    let lines = [OTHER, Site::ID].map(|id| format!("crash id: b'{id}'"));
    lines.into_iter().collect()
}

/// Takes out two messages, one after the other: they may come at different times.
fn pulled_one_by_one(run: impl Fn(&str) -> Run, pull: &str) -> BTreeSet<String> {
    let mut pulled = BTreeSet::new();
    for _ in 0..2 {
        let run = run(&format!("{pull} --ack --wait {PATIENCE}")).succeeds();
        pulled.extend(run.lines().into_iter().skip(1).map(str::to_owned));
    }
    pulled
}

/// Runs a test that says whether all messages came.
fn tried(test: impl Fn(&Project) -> bool) {
    for _ in 0..TRIES {
        match Project::new() {
            Some(project) if !test(&project) => {}
            _ => return,
        }
    }
    panic!("messages did not come, in {TRIES} projects");
}

#[test]
fn the_forms_of_2019_work_on_the_topics_of_the_settings() {
    tried(forms_of_2019);
}

fn forms_of_2019(project: &Project) -> bool {
    let topic = project.path("topics", "local-standard-topic");
    let subscription = project.path("subscriptions", "local-standard-sub");
    project.run("pubsub create").succeeds().quietly().prints(&[
        &format!("Topic created: {topic}\nSubscription created: {subscription}\n"),
        "topics/priority-queue\n",
        "topics/reprocessing-queue\n",
    ]);
    project.run("pubsub create-all").succeeds().prints(&[
        &format!("Topic {topic} already created.\n"),
        &format!("Subscription {subscription} already created.\n"),
    ]);

    let published = project.run(&format!("pubsub publish --queue priority {OTHER}"));
    assert_eq!(published.succeeds().stdout, format!("Published: {OTHER}\n"));
    let list = format!("# ids\n\nbp-{}\nnonsense\n", Site::ID);
    let published = project.run_with_input("pubsub publish", &list);
    let published = published.fails(1, &["invalid crash id \"nonsense\""]);
    assert_eq!(published.stdout, format!("Published: {}\n", Site::ID));

    let status = project.run("pubsub status").succeeds();
    assert_eq!(
        status.stdout,
        format!(
            "Project id: {0}\n   topic: {topic}\n      subscription: {subscription}\n         \
             crashids: 1\n             {1}\n   topic: {2}\n      subscription: {3}\n         \
             crashids: 1\n             {OTHER}\n   topic: {4}\n      subscription: {5}\n         \
             crashids: 0\n",
            project.name,
            Site::ID,
            project.path("topics", "priority-queue"),
            project.path("subscriptions", "priority-queue"),
            project.path("topics", "reprocessing-queue"),
            project.path("subscriptions", "reprocessing-queue"),
        )
    );
    // All of it is there still.
    if pulled_one_by_one(|words| project.run(words), "pubsub pull") != both() {
        return false;
    }

    project.run("pubsub delete").succeeds().prints(&[
        &format!("Subscription deleted: {subscription}\n"),
        "Topic deleted: local-standard-topic\n",
    ]);
    project
        .run(&format!("pubsub publish {OTHER}"))
        .fails(1, &["was not published", "local-standard-topic"]);
    assert_eq!(
        project.run("pubsub list-topics").succeeds().lines().len(),
        1
    );
    true
}

#[test]
fn the_forms_of_2024_work_on_topics_that_are_named() {
    tried(forms_of_2024);
}

fn forms_of_2024(project: &Project) -> bool {
    let name = &project.name;
    let topic = project.path("topics", "my-topic");
    let subscription = project.path("subscriptions", "my-sub");
    let run = |words: &str| project.run(&format!("pubsub {}", words.replace("PROJECT", name)));

    let created = run("create-topic PROJECT my-topic").succeeds().quietly();
    assert_eq!(created.stdout, format!("Topic created: {topic}\n"));
    let created = run("create_topic PROJECT my-topic").succeeds();
    assert_eq!(created.stdout, "Topic already created.\n");
    let created = run("create_subscription PROJECT my-topic my-sub").succeeds();
    assert_eq!(
        created.stdout,
        format!("Subscription created: {subscription}\n")
    );
    let created = run("create-subscription PROJECT my-topic my-sub").succeeds();
    assert_eq!(created.stdout, "Subscription already created.\n");
    let listed = run("list-topics PROJECT").succeeds();
    assert_eq!(
        listed.stdout,
        format!("Listing topics in project {name}.\n{topic}\n")
    );
    let listed = run("list_subscriptions PROJECT my-topic").succeeds();
    assert_eq!(
        listed.stdout,
        format!("Listing subscriptions in topic 'my-topic':\n{subscription}\n")
    );

    let words = format!("pubsub publish {name} my-topic");
    let list = format!("{}\n\n{OTHER}\n", Site::ID);
    let published = project.run_with_input(&words, &list).succeeds();
    let lines = published.lines();
    assert_eq!(lines[0], "Publishing crash ids to topic: 'my-topic':");
    assert_eq!(lines.len(), 3);
    assert!(lines[1].parse::<u64>().is_ok(), "{published:?}");

    let header = "Pulling crash id from subscription 'my-sub':";
    let pulled = run("pull PROJECT my-sub --max-messages 2 --wait 90s").succeeds();
    let lines = pulled.lines();
    assert_eq!(lines[0], header);
    assert!(lines.len() > 1, "{pulled:?}");
    assert!(
        lines[1..].iter().all(|line| both().contains(*line)),
        "{pulled:?}"
    );
    // They were given back.
    if pulled_one_by_one(run, "pull PROJECT my-sub") != both() {
        return false;
    }
    let nothing = run("pull PROJECT my-sub --ack --wait 1s").succeeds();
    assert_eq!(nothing.lines(), [header]);

    let deleted = run("delete_topic PROJECT my-topic").succeeds();
    assert_eq!(
        deleted.stdout,
        format!("Deleting {subscription} ...\nTopic deleted: my-topic\n")
    );
    let deleted = run("delete-topic PROJECT my-topic").succeeds();
    assert_eq!(deleted.stdout, "Topic my-topic does not exist.\n");
    run("pull PROJECT my-sub").fails(1, &["my-sub"]);
    run("create-topic PROJECT x/y").fails(2, &["names no topic"]);
    run(&format!("publish PROJECT my-topic {OTHER}")).fails(1, &["was not published", "my-topic"]);
    true
}

/// The environment of Mozilla's document, whose names no shell can export.
#[test]
fn the_environment_of_the_document_is_understood() {
    let Some(project) = Project::new() else {
        return;
    };
    let name = format!("{}_dev", project.name);
    let run = |words: &str| {
        let mut command = program();
        command
            .env(EMULATOR, &project.emulator)
            .env("resource.pubsub.project_id", &name);
        for lane in ["standard", "priority", "reprocessing"] {
            let names = [
                ("topic", format!("local_dev_{lane}")),
                ("subscription", format!("local_dev_{lane}_sub")),
            ];
            for (kind, value) in names {
                command.env(format!("resource.pubsub.{lane}_{kind}_name"), value);
            }
        }
        Run::of(command.args(words.split(' ')))
    };
    let made = run("pubsub create").succeeds();
    made.prints(&[
        &format!("Topic created: projects/{name}/topics/local_dev_standard\n"),
        &format!("Subscription created: projects/{name}/subscriptions/local_dev_standard_sub\n"),
    ]);
    let published = run(&format!("pubsub publish {}", Site::ID)).succeeds();
    assert_eq!(published.stdout, format!("Published: {}\n", Site::ID));
    run("pubsub status").succeeds().prints(&[&format!(
        "/local_dev_standard_sub\n         crashids: 1\n             {}\n",
        Site::ID
    )]);
    run("pubsub delete").succeeds();
}

#[test]
fn without_a_queue_at_pubsub_the_way_out_is_told() {
    let site = Site::new();
    for words in ["create", "status", "publish x", "pull"] {
        let words = format!("pubsub {words}");
        site.run(words.split(' '))
            .fails(2, &["name no queue at Pub/Sub", "PUBSUB_PROJECT_ID"]);
    }
}

#[test]
fn any_queue_is_looked_after_in_the_same_way() {
    tried(any_queue);
}

fn any_queue(project: &Project) -> bool {
    let queue = format!("--queue pubsub://{}/crashes-", project.name);
    // Without the variables, whose queue would be another one.
    let run = |words: &str| {
        let mut command = program();
        let words = format!("{words} {queue}");
        Run::of(
            command
                .env(EMULATOR, &project.emulator)
                .args(words.split(' ')),
        )
    };
    run("queue peek").fails(1, &["socorro queue create"]);
    let topic = project.path("topics", "crashes-standard");
    run("setup").succeeds().prints(&[
        &format!("topic {topic} was made\n"),
        "crashes-dead-letters-sub was made\n",
        "is ready\n",
    ]);
    run("queue create")
        .succeeds()
        .prints(&[&format!("topic {topic} was there\n")]);
    let ids = format!("{} {OTHER}", Site::ID);
    run(&format!("queue publish {ids}")).succeeds();
    let peeked = run("queue peek --max-messages 2 --wait 90s").succeeds();
    assert!(!peeked.lines().is_empty());
    let pulled = run(&format!("queue pull --ack --wait {PATIENCE}")).succeeds();
    if pulled.lines().len() != 1 {
        return false;
    }
    // Of what is left, nothing comes after the purge but what is published later.
    let purged = run("queue purge --all --format ndjson").succeeds();
    purged.prints(&[r#"{"lane": "standard", "messages": null}"#]);
    run(&format!("queue publish --lane priority {OTHER}")).succeeds();
    let drained = run("queue drain --wait 45s").succeeds();
    if drained.lines().is_empty() {
        return false;
    }
    assert_eq!(drained.lines(), [OTHER]);

    run("queue delete").fails(1, &["cannot tell whether it is empty", "--force"]);
    run("queue delete --force").succeeds().prints(&[
        &format!("topic {topic} was deleted\n"),
        "crashes-standard-sub was deleted\n",
        "crashes-dead-letters was deleted\n",
    ]);
    run("queue delete --force")
        .succeeds()
        .prints(&[&format!("topic {topic} was not there\n")]);
    true
}
