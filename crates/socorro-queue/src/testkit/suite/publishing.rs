//! What goes in comes out.

use socorro_core::CrashId;

use super::{
    expect_nothing, job, jobs, jobs_of, publish, receive_all, receive_one, sorted, take_all,
};
use crate::{
    lane::Lane,
    message::{Job, Message},
    testkit::Fixture,
};

/// Nothing comes from nothing.
pub async fn an_empty_queue_delivers_nothing(fixture: &dyn Fixture) {
    expect_nothing(&fixture.queue()).await;
}

/// Crash id, ruleset, lane and body are what was published; it is the first attempt.
pub async fn a_published_job_is_delivered_as_it_was(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
    let job = Job::with_ruleset(id, "regenerate_signature".parse().unwrap());
    publish(&queue, Lane::Reprocessing, std::slice::from_ref(&job)).await;

    let delivery = receive_one(&queue).await;
    assert_eq!(delivery.message, Ok(Message::Process(job)));
    assert_eq!(delivery.lane, Lane::Reprocessing);
    assert_eq!(
        delivery.raw_body,
        "de1bb258-cbbf-4589-a673-34f800160918:regenerate_signature"
    );
    assert_eq!(delivery.attempt, 1);
}

/// One outcome per job, in the order given, the same job twice included; no jobs are no error.
pub async fn a_report_names_every_job_in_order(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    let [a, b] = jobs();
    let published = [a.clone(), b.clone(), a.clone()];
    let report = queue.publish(Lane::Standard, &published).await.unwrap();
    let named: Vec<Job> = report
        .outcomes()
        .iter()
        .map(|outcome| outcome.job.clone())
        .collect();
    assert_eq!(named, published);
    assert_eq!(report.published(), 3);
    assert_eq!(report.failed().count(), 0);

    let nothing = queue.publish(Lane::Standard, &[]).await.unwrap();
    assert_eq!(nothing.outcomes().len(), 0);

    let received = jobs_of(&receive_all(&queue, 3).await);
    assert_eq!(sorted(received), sorted(published.to_vec()));
}

/// A publication may be larger than any batch of the backend.
pub async fn a_large_publication_arrives_whole(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    let count = if fixture.capabilities().quick {
        2345
    } else {
        234
    };
    let published: Vec<Job> = (0..count).map(|_| job()).collect();
    publish(&queue, Lane::Standard, &published).await;

    let received = jobs_of(&take_all(&queue, published.len()).await);
    if fixture.capabilities().ordered {
        assert_eq!(received, published);
    }
    assert_eq!(sorted(received), sorted(published));
    expect_nothing(&queue).await;
}

/// `check` finds nothing wrong, and the queue has a name.
pub async fn the_queue_is_fit_for_use(fixture: &dyn Fixture) {
    let queue = fixture.queue();
    queue.check().await.unwrap();
    assert!(queue.to_string().contains(':'), "{queue} is no URL");
}
