//! Who gets what, and when.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    GLIMPSE, PATIENCE, expect_nothing, job, jobs, jobs_of, publish, receive_all, receive_one,
    sorted, take_all,
};
use crate::{
    dead_letter::DeadLetterReason,
    lane::Lane,
    message::{Job, Message},
    testkit::Fixture,
};

/// First in, first out, within a lane.
pub async fn messages_keep_their_order(fixture: &dyn Fixture) {
    if !fixture.capabilities().ordered {
        return;
    }
    let queue = fixture.queue();
    let published: [Job; 6] = jobs();
    publish(&queue, Lane::Standard, &published[..4]).await;
    publish(&queue, Lane::Standard, &published[4..]).await;
    assert_eq!(jobs_of(&receive_all(&queue, 6).await), published);
}

/// At most `max`, and nothing at all for 0, without waiting.
pub async fn receive_takes_no_more_than_asked_for(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    publish(&queue, Lane::Standard, &jobs::<5>()).await;
    let nothing = tokio::time::timeout(PATIENCE, queue.receive(0, 2 * PATIENCE)).await;
    assert_eq!(nothing.expect("0 is answered at once").unwrap(), []);
    let first = queue.receive(3, PATIENCE).await.unwrap();
    assert!((1..=3).contains(&first.len()), "{} came", first.len());
    receive_all(&queue, 5 - first.len()).await;
    expect_nothing(&queue).await;
}

/// Who waits is served as soon as something is published.
pub async fn a_publication_ends_the_wait(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    let published = [job()];
    let publisher = async {
        // Let the receiver begin to wait.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        publish(&queue, Lane::Priority, &published).await;
    };
    let (delivery, ()) = tokio::join!(receive_one(&queue), publisher);
    assert_eq!(delivery.job(), Some(&published[0]));
}

/// Nothing came is no error.
pub async fn waiting_ends_when_nothing_comes(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    assert_eq!(queue.receive(1, Duration::ZERO).await.unwrap(), []);
    assert_eq!(queue.receive(1, GLIMPSE).await.unwrap(), []);
}

/// Receivers at the same time get different messages, and together all of them.
pub async fn many_receivers_share_the_messages(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    let published: [Job; 60] = jobs();
    publish(&queue, Lane::Standard, &published).await;

    let receivers: Vec<_> = (0..6)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { take_all(&queue, 10).await })
        })
        .collect();
    let mut received = Vec::new();
    for receiver in receivers {
        received.extend(receiver.await.unwrap());
    }
    assert_eq!(sorted(jobs_of(&received)), sorted(published.to_vec()));
    let receipts: HashSet<_> = received.iter().map(|delivery| &delivery.receipt).collect();
    assert_eq!(receipts.len(), received.len(), "receipts are unique");
}

/// A `receive` whose future is dropped at any moment keeps no message for good.
pub async fn a_receive_that_is_given_up_loses_nothing(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    for polls in 0..8 {
        let published = job();
        let receiver = queue.receive(1, PATIENCE);
        let given_up = async {
            publish(&queue, Lane::Standard, std::slice::from_ref(&published)).await;
            for _ in 0..polls {
                tokio::task::yield_now().await;
            }
        };
        let received = tokio::select! {
            biased;
            received = receiver => received.unwrap(),
            () = given_up => Vec::new(),
        };
        let delivery = match received.into_iter().next() {
            Some(delivery) => delivery,
            None => {
                fixture.pass(fixture.lease()).await;
                receive_one(&queue).await
            }
        };
        assert_eq!(delivery.job(), Some(&published));
        queue.ack(&delivery.receipt).await.unwrap();
        expect_nothing(&queue).await;
    }
}

/// A poison message reaches the worker, who sees what is wrong with it.
pub async fn a_body_nobody_can_read_is_delivered(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    for (body, reason) in [
        (&b"\xff\xfe\x00"[..], DeadLetterReason::NotUtf8),
        (b"", DeadLetterReason::BadCrashId),
        (b"{\"crash_id\": 1}", DeadLetterReason::BadCrashId),
        (
            b"de1bb258-cbbf-4589-a673-34f800160918: default",
            DeadLetterReason::UnknownRuleset,
        ),
    ] {
        let body = Bytes::from_static(body);
        fixture
            .publish_body(Lane::Standard, body.clone())
            .await
            .unwrap();
        let delivery = receive_one(&queue).await;
        assert_eq!(delivery.raw_body, body);
        assert_eq!(delivery.message.unwrap_err().reason(), reason);
        queue.ack(&delivery.receipt).await.unwrap();
    }
}

/// The collector's start-up check is a message like any other.
pub async fn the_test_message_is_delivered(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    let body = Bytes::from_static(b"test\n");
    fixture.publish_body(Lane::Standard, body).await.unwrap();
    let delivery = receive_one(&queue).await;
    assert_eq!(delivery.message, Ok(Message::Test));
    queue.ack(&delivery.receipt).await.unwrap();
    expect_nothing(&queue).await;
}
