//! Amazon's SQS client without this crate.

use std::{sync::Arc, time::Instant};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::Client;
use socorro_queue::{CrashQueue, QueueOptions, SqsNames, SqsOptions, SqsQueue};

use crate::{Extent, job, measure, one_crash, report_cost};

const ENDPOINT: &str = "SOCORRO_TEST_SQS_ENDPOINT";
const REGION: &str = "us-east-1";

pub(crate) async fn compare(extent: Extent) {
    let Ok(endpoint) = std::env::var(ENDPOINT) else {
        println!("SQS                 skipped: {ENDPOINT} is not set");
        return;
    };
    // Moto is written in Python, and one request takes it milliseconds.
    let extent = Extent {
        turns: extent.turns.min(5),
        crashes: extent.crashes.min(64),
    };
    let (ours, _) = queue(&endpoint).await;
    measure("SQS on Moto", &ours, extent).await;

    let (_created, names) = queue(&endpoint).await;
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .load()
        .await;
    let client = Client::new(&config);
    let url = async |name: String| {
        let found = client.get_queue_url().queue_name(name).send().await;
        found.unwrap().queue_url.unwrap()
    };
    let (priority, standard) = (url(names.priority).await, url(names.standard).await);

    let (mut ours_took, mut bare_took) = (Vec::new(), Vec::new());
    for _ in 0..(extent.turns * extent.crashes / 4).max(1) {
        let begun = Instant::now();
        one_crash(&*ours).await;
        ours_took.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        bare_crash(&client, &priority, &standard).await;
        bare_took.push(begun.elapsed().as_secs_f64());
    }
    report_cost("SQS on Moto", ours_took, bare_took);
}

/// A queue with names of its own, and these.
async fn queue(endpoint: &str) -> (Arc<dyn CrashQueue>, SqsNames) {
    let names = SqsNames::with_prefix(&format!("bench-{}-", job().crash_id));
    let options = SqsOptions {
        queue: QueueOptions::default(),
        names: names.clone(),
        region: Some(REGION.to_owned()),
        endpoint: Some(endpoint.to_owned()),
    };
    let queue = SqsQueue::open(options).await.unwrap();
    queue.create().await.unwrap();
    (Arc::new(queue), names)
}

/// Four requests: SQS cannot be asked for two queues at once, and priority goes first. (Ours asks for
/// reprocessing as well, with every sixth crash.)
async fn bare_crash(client: &Client, priority: &str, standard: &str) {
    let body = String::from_utf8(job().to_body().to_vec()).unwrap();
    let sent = client.send_message().queue_url(standard).message_body(body);
    sent.send().await.unwrap();
    let received = client.receive_message().queue_url(priority);
    let received = received.wait_time_seconds(0).send().await.unwrap();
    assert!(received.messages().is_empty());
    let received = client.receive_message().queue_url(standard);
    let received = received.wait_time_seconds(20).send().await.unwrap();
    let handle = received.messages()[0].receipt_handle().unwrap();
    let deleted = client.delete_message().queue_url(standard);
    deleted.receipt_handle(handle).send().await.unwrap();
}
