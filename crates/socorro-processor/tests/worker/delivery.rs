//! One message from receive to ack.

use std::time::Duration;

use socorro_core::CrashId;
use socorro_queue::{DeadLetterReason, Job};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, NO_DIRECTORIES, Panics, Scene, Waits, default_ruleset};

#[tokio::test(start_paused = true)]
async fn a_crash_is_acked_after_its_result_is_saved() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let save = Gate::shut();
    scene.storage.hooks.set("save_processed_crash", save.hook());

    let worker = scene.worker();
    let drain = tokio::spawn(async move { worker.drain(CancellationToken::new()).await });
    save.wait_for(1).await;
    assert_eq!(scene.journal.events(), [Event::Received { attempt: 1 }]);
    assert_eq!(scene.depth().await.leased, 1);
    save.let_through(1);

    let summary = drain.await.unwrap();
    assert_eq!((summary.processed, summary.given_back), (1, 0));
    assert_eq!(
        scene.journal.events(),
        [
            Event::Received { attempt: 1 },
            Event::Saved(id),
            Event::Acked
        ]
    );
    assert_eq!(scene.depth().await.outstanding(), 0);
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.text("mark"), Some(id.as_str()));
    assert_eq!(
        processed.lookup("dumps.upload_file_minidump"),
        Some(&4.into())
    );
    assert_eq!(scene.crash_directories(), NO_DIRECTORIES);
}

#[tokio::test(start_paused = true)]
async fn a_test_message_is_acked_and_dropped() {
    let scene = Scene::memory();
    scene.publish_body(b"test");
    let summary = scene.drain().await;
    assert_eq!((summary.dropped, summary.processed), (1, 0));
    assert_eq!(
        scene.journal.events(),
        [Event::Received { attempt: 1 }, Event::Acked]
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_can_read_is_dead_lettered_as_it_is() {
    let cases: [(&[u8], _); 4] = [
        (b"\xff\xfe", DeadLetterReason::NotUtf8),
        (b"not-a-crash-id", DeadLetterReason::BadCrashId),
        (
            b"{\"crash_id\": \"de1bb258-cbbf-4589-a673-34f800160918\"}",
            DeadLetterReason::BadCrashId,
        ),
        (
            b"de1bb258-cbbf-4589-a673-34f800160918:a b",
            DeadLetterReason::UnknownRuleset,
        ),
    ];
    for (body, reason) in cases {
        let scene = Scene::memory();
        scene.publish_body(body);
        let summary = scene.drain().await;
        assert_eq!(
            (summary.dead_lettered, summary.processed),
            (1, 0),
            "{reason}"
        );
        let dead = scene.dead_letters().await;
        assert_eq!(dead.len(), 1);
        assert_eq!((&dead[0].body[..], &dead[0].cause.reason), (body, &reason));
        assert_ne!(dead[0].cause.last_error, "");
        assert_eq!(scene.depth().await.outstanding(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_ruleset_is_dead_lettered_and_touches_no_result() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.drain().await;
    let before = scene.processed(&id).await;

    let ruleset = "no_such".parse().unwrap();
    scene.publish_job(Job::with_ruleset(id, ruleset)).await;
    assert_eq!(scene.drain().await.dead_lettered, 1);
    let dead = scene.dead_letters().await;
    assert_eq!(dead[0].cause.reason, DeadLetterReason::UnknownRuleset);
    assert_eq!(scene.processed(&id).await, before);
    assert_eq!(scene.journal.saved(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_rule_is_a_result() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let worker = scene.worker_of(default_ruleset().then(Panics));
    let summary = worker.drain(CancellationToken::new()).await;
    assert_eq!((summary.processed, summary.given_back), (1, 0));
    let notes = scene.notes(&id).await;
    assert!(
        notes.contains(&"ruleset 'default' rule 'Panics' failed: panic".to_owned()),
        "{notes:?}"
    );
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.text("mark"), Some(id.as_str()));
}

#[tokio::test(start_paused = true)]
async fn no_more_is_received_than_can_start_now() {
    let scene = Scene::memory();
    for _ in 0..5 {
        scene.submit().await;
    }
    let gate = Gate::shut();
    let worker = scene.worker_of(default_ruleset().then_async(Waits(gate.clone())));
    let drain = tokio::spawn(async move { worker.drain(CancellationToken::new()).await });
    for _ in 0..2 {
        gate.wait_for(2).await;
        // Time for whoever would come too early.
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(gate.waiting(), 0);
        assert_eq!(scene.depth().await.leased, 2);
        gate.let_through(2);
    }
    gate.wait_for(1).await;
    gate.let_through(1);
    assert_eq!(drain.await.unwrap().processed, 5);
    assert_eq!(scene.journal.saved().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_drain_leaves_what_waits_for_a_later_try() {
    let scene = Scene::memory();
    let done = scene.submit().await;
    let absent = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
    scene.publish(absent).await;

    let summary = scene.drain().await;
    assert_eq!((summary.processed, summary.given_back), (1, 1));
    let depth = scene.depth().await;
    assert_eq!((depth.delayed, depth.waiting, depth.leased), (1, 0, 0));
    assert_eq!(scene.journal.saved(), [done]);
    let nothing = scene.drain().await;
    assert_eq!((nothing.processed, nothing.given_back), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_crash_can_be_processed_without_the_queue() {
    let scene = Scene::memory();
    let id = scene.store().await;
    let processed = scene.worker().process(id).await.unwrap();
    assert_eq!(scene.processed(&id).await, Some(processed));

    let absent = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
    let failure = scene.worker().process(absent).await.unwrap_err();
    assert!(!failure.is_outage());
    assert!(failure.to_string().contains(absent.as_str()), "{failure}");
}
