//! Messages that are set aside.

use std::time::Duration;

use bytes::Bytes;

use super::{expect_nothing, jobs, one_leased, publish, receive_one};
use crate::{
    dead_letter::{DeadLetter, DeadLetterCause, DeadLetterId, DeadLetterReason},
    delivery::Blame,
    error::Error,
    lane::Lane,
    queue::CrashQueue,
    testkit::Fixture,
};

fn cause() -> DeadLetterCause {
    DeadLetterCause::new(DeadLetterReason::CorruptRawCrash, "not valid JSON")
}

/// All dead letters, of a queue that can list them.
async fn list(queue: &dyn CrashQueue) -> Vec<DeadLetter> {
    let dead_letters = queue.dead_letters().expect("it can list dead letters");
    dead_letters.list(None, 100).await.unwrap()
}

/// It is delivered no more.
pub async fn a_dead_letter_ends_the_message(fixture: &dyn Fixture) {
    let (queue, delivery) = one_leased(fixture).await;
    queue.dead_letter(&delivery, &cause()).await.unwrap();
    expect_nothing(&queue).await;
    fixture.pass(fixture.lease()).await;
    expect_nothing(&queue).await;
}

/// Body, lane, reason, error, attempts, times and host.
pub async fn a_dead_letter_says_everything(fixture: &dyn Fixture) {
    if !fixture.capabilities().lists_dead_letters {
        return;
    }
    let queue = fixture.queue();
    let body = Bytes::from_static(b"\xffpoison");
    fixture
        .publish_body(Lane::Reprocessing, body.clone())
        .await
        .unwrap();
    let first = receive_one(&queue).await;
    fixture.pass(fixture.lease()).await;
    let second = receive_one(&queue).await;
    let cause = DeadLetterCause::from(second.message.as_ref().unwrap_err());
    queue.dead_letter(&second, &cause).await.unwrap();

    let [letter]: [DeadLetter; 1] = list(&queue).await.try_into().unwrap();
    assert_eq!(letter.body, body);
    assert_eq!(letter.lane, Lane::Reprocessing);
    assert_eq!(letter.cause, cause);
    assert_eq!(letter.cause.reason, DeadLetterReason::NotUtf8);
    assert_eq!(letter.attempts, second.attempt);
    assert_eq!(letter.published_at, first.published_at);
    assert!(letter.published_at <= letter.first_received_at);
    let held = letter
        .dead_lettered_at
        .duration_since(letter.first_received_at);
    assert!(
        Duration::try_from(held).unwrap() >= fixture.lease(),
        "{held:?}"
    );
    assert!(!letter.host.is_empty());

    let dead_letters = queue.dead_letters().unwrap();
    assert_eq!(dead_letters.get(&letter.id).await.unwrap(), Some(letter));
}

/// The answer to the first call may have been lost.
pub async fn a_dead_letter_may_be_repeated(fixture: &dyn Fixture) {
    let (queue, delivery) = one_leased(fixture).await;
    queue.dead_letter(&delivery, &cause()).await.unwrap();
    queue.dead_letter(&delivery, &cause()).await.unwrap();
    if fixture.capabilities().lists_dead_letters {
        assert_eq!(list(&queue).await.len(), 1);
    }
}

/// Who has lost the lease has no say.
pub async fn a_dead_letter_needs_the_lease(fixture: &dyn Fixture) {
    if !fixture.capabilities().tells_lost_leases {
        return;
    }
    let (queue, lost) = one_leased(fixture).await;
    fixture.pass(fixture.lease()).await;
    let held = receive_one(&queue).await;
    let result = queue.dead_letter(&lost, &cause()).await;
    assert!(matches!(result, Err(Error::LeaseLost { .. })), "{result:?}");

    queue
        .nack(&held.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    assert_eq!(receive_one(&queue).await.raw_body, held.raw_body);
    if fixture.capabilities().lists_dead_letters {
        assert_eq!(list(&queue).await, []);
    }
}

/// Each once, with no gap between the pages.
pub async fn dead_letters_are_listed_in_pages(fixture: &dyn Fixture) {
    if !fixture.capabilities().lists_dead_letters {
        return;
    }
    let queue = fixture.queue();
    publish(&queue, Lane::Standard, &jobs::<5>()).await;
    for _ in 0..5 {
        let delivery = receive_one(&queue).await;
        queue.dead_letter(&delivery, &cause()).await.unwrap();
    }
    let all = list(&queue).await;
    assert_eq!(all.len(), 5);

    let dead_letters = queue.dead_letters().unwrap();
    let mut paged: Vec<DeadLetter> = Vec::new();
    loop {
        let after = paged.last().map(|letter| &letter.id);
        let page = dead_letters.list(after, 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        paged.extend(page);
    }
    assert_eq!(paged, all);
}

/// In its lane, as if it were new.
pub async fn a_dead_letter_can_be_replayed(fixture: &dyn Fixture) {
    if !fixture.capabilities().lists_dead_letters {
        return;
    }
    let (queue, delivery) = one_leased(fixture).await;
    queue.dead_letter(&delivery, &cause()).await.unwrap();
    let dead_letters = queue.dead_letters().unwrap();
    let id = list(&queue).await.remove(0).id;
    dead_letters.replay(&id).await.unwrap();

    let replayed = receive_one(&queue).await;
    assert_eq!(replayed.raw_body, delivery.raw_body);
    assert_eq!(replayed.lane, delivery.lane);
    assert_eq!(replayed.attempt, 1);
    assert_eq!(list(&queue).await, []);
    // The receipt from before its death is worth nothing.
    queue.ack(&delivery.receipt).await.unwrap();
    queue
        .nack(&replayed.receipt, Duration::ZERO, Blame::Nobody)
        .await
        .unwrap();
    receive_one(&queue).await;

    let again = dead_letters.replay(&id).await;
    assert!(
        matches!(again, Err(Error::NoSuchDeadLetter { .. })),
        "{again:?}"
    );
}

/// And is gone; an id that is not there is an error.
pub async fn a_dead_letter_can_be_discarded(fixture: &dyn Fixture) {
    if !fixture.capabilities().lists_dead_letters {
        return;
    }
    let (queue, delivery) = one_leased(fixture).await;
    queue.dead_letter(&delivery, &cause()).await.unwrap();
    let dead_letters = queue.dead_letters().unwrap();
    let id = list(&queue).await.remove(0).id;
    dead_letters.discard(&id).await.unwrap();
    assert_eq!(list(&queue).await, []);
    assert_eq!(dead_letters.get(&id).await.unwrap(), None);
    expect_nothing(&queue).await;

    for id in [id, DeadLetterId::new("no such id")] {
        let result = dead_letters.discard(&id).await;
        assert!(matches!(&result, Err(Error::NoSuchDeadLetter { id: named, .. }) if *named == id));
    }
}
