//! What becomes of a crash when the queue fails.

use std::time::Duration;

use socorro_queue::{
    DeadLetterReason, Error, MemoryQueue,
    testkit::{Fault, FlakyQueue, Operation},
};

use crate::support::{Event, Scene};

fn outage() -> Error {
    FlakyQueue::<MemoryQueue>::outage()
}

#[tokio::test(start_paused = true)]
async fn an_ack_that_fails_is_repeated() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    for _ in 0..2 {
        scene
            .queue
            .flaky
            .fail_next(Operation::Ack, Fault::Request(outage()));
    }
    assert_eq!(scene.drain().await.processed, 1);
    assert_eq!(
        scene.journal.events(),
        [
            Event::Received { attempt: 1 },
            Event::Saved(id),
            Event::AckFailed,
            Event::AckFailed,
            Event::Acked,
        ]
    );
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_crash_whose_ack_is_lost_is_processed_again_with_the_same_result() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    for _ in 0..3 {
        scene
            .queue
            .flaky
            .fail_next(Operation::Ack, Fault::Request(outage()));
    }
    assert_eq!(scene.drain().await.processed, 1);
    let first = scene.processed(&id).await.unwrap();
    assert_eq!(scene.depth().await.leased, 1);

    scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!(scene.journal.saved(), [id, id]);
    let second = scene.processed(&id).await.unwrap();
    assert_eq!(second.get("mark"), first.get("mark"));
    assert_eq!(second.signature(), first.signature());
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_ack_whose_answer_is_lost_does_no_harm() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene
        .queue
        .flaky
        .fail_next(Operation::Ack, Fault::Answer(outage()));
    assert_eq!(scene.drain().await.processed, 1);
    assert_eq!(scene.journal.saved(), [id]);
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_cannot_be_written_is_tried_again() {
    let scene = Scene::memory();
    scene.publish_body(b"\xff\xfe");
    scene
        .queue
        .flaky
        .fail_next(Operation::DeadLetter, Fault::Request(outage()));
    let dead = Event::DeadLettered(DeadLetterReason::NotUtf8);
    let summary = scene.run_until(&scene.worker(), dead, 1).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (1, 1));
    let failed = scene.journal.events().into_iter().nth(1);
    assert_eq!(failed, Some(Event::DeadLetterFailed));
    assert!(scene.journal.delays()[0] >= Duration::from_secs(8));
    assert_eq!(scene.dead_letters().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_even_be_given_back_returns_when_its_lease_ends() {
    let scene = Scene::memory();
    scene.publish_body(b"\xff\xfe");
    scene
        .queue
        .flaky
        .fail_next(Operation::DeadLetter, Fault::Request(outage()));
    scene
        .queue
        .flaky
        .fail_next(Operation::Nack, Fault::Request(outage()));
    let dead = Event::DeadLettered(DeadLetterReason::NotUtf8);
    scene.run_until(&scene.worker(), dead, 1).await;
    let events = scene.journal.entries();
    let second = events
        .iter()
        .find(|(_, event)| *event == Event::Received { attempt: 2 });
    assert!(second.unwrap().0 >= Duration::from_secs(60), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn errors_of_receive_never_end_a_worker() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    for _ in 0..50 {
        scene
            .queue
            .flaky
            .fail_next(Operation::Receive, Fault::Request(outage()));
    }
    let began = tokio::time::Instant::now();
    let summary = scene.run_until(&scene.worker(), Event::Acked, 1).await;
    assert_eq!(summary.processed, 1);
    assert_eq!(scene.journal.saved(), [id]);
    // 1, 2, 4, 8, 16, 32 seconds, and then a minute each time.
    let pauses = Duration::from_secs(63 + 44 * 60);
    assert!((pauses..pauses + Duration::from_secs(5)).contains(&began.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn the_queue_may_ask_for_a_longer_pause() {
    let scene = Scene::memory();
    scene.submit().await;
    let busy = Error::Unavailable {
        queue: "test".to_owned(),
        reason: "slow down".to_owned(),
        retry_after: Some(Duration::from_secs(40)),
        source: None,
    };
    scene
        .queue
        .flaky
        .fail_next(Operation::Receive, Fault::Request(busy));
    let began = tokio::time::Instant::now();
    scene.drain().await;
    assert!(began.elapsed() >= Duration::from_secs(40));
}
