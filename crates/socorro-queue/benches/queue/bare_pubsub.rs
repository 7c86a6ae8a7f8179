//! Google's Pub/Sub client without this crate.

use std::{sync::Arc, time::Instant};

use google_cloud_auth::credentials::anonymous;
use google_cloud_pubsub::{
    client::{BasePublisher, Publisher, Subscriber},
    model::Message,
    subscriber::{MessageStream, handler::Handler},
};
use socorro_queue::{CrashQueue, PubsubNames, PubsubOptions, PubsubQueue, QueueOptions};

use crate::{Extent, job, measure, one_crash, report_cost};

const PROJECT: &str = "bench";

pub(crate) async fn compare(extent: Extent) {
    let Ok(host) = std::env::var("PUBSUB_EMULATOR_HOST") else {
        println!("Pub/Sub             skipped: PUBSUB_EMULATOR_HOST is not set");
        return;
    };
    // An ack is confirmed after about 100 ms: the client library collects acks for so long.
    let extent = Extent {
        turns: extent.turns.min(5),
        crashes: extent.crashes.min(64),
    };
    let (ours, _) = queue().await;
    measure("Pub/Sub emulator", &ours, extent).await;

    let (_created, names) = queue().await;
    let endpoint = format!("http://{host}");
    let credentials = anonymous::Builder::new().build();
    let publisher = BasePublisher::builder()
        .with_endpoint(&endpoint)
        .with_credentials(credentials.clone());
    let topic = format!("projects/{PROJECT}/topics/{}", names.standard.topic);
    let publisher = publisher.build().await.unwrap().publisher(topic).build();
    let subscriber = Subscriber::builder()
        .with_endpoint(&endpoint)
        .with_credentials(credentials);
    let subscription = &names.standard.subscription;
    let subscription = format!("projects/{PROJECT}/subscriptions/{subscription}");
    let mut stream = subscriber
        .build()
        .await
        .unwrap()
        .subscribe(subscription)
        .build();

    let (mut ours_took, mut bare_took) = (Vec::new(), Vec::new());
    for _ in 0..(extent.turns * extent.crashes / 4).max(1) {
        let begun = Instant::now();
        one_crash(&*ours).await;
        ours_took.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        bare_crash(&publisher, &mut stream).await;
        bare_took.push(begun.elapsed().as_secs_f64());
    }
    report_cost("Pub/Sub emulator", ours_took, bare_took);
}

/// A queue with topics of its own, and their names.
async fn queue() -> (Arc<dyn CrashQueue>, PubsubNames) {
    let names = PubsubNames::with_prefix(&format!("bench-{}-", job().crash_id));
    let mut options = PubsubOptions::from(QueueOptions::default());
    options.names = names.clone();
    let queue = PubsubQueue::open(PROJECT, options).await.unwrap();
    queue.create().await.unwrap();
    (Arc::new(queue), names)
}

/// The same: published, received, and the ack confirmed.
async fn bare_crash(publisher: &Publisher, stream: &mut MessageStream) {
    let message = Message::new().set_data(job().to_body());
    publisher.publish(message).await.unwrap();
    match stream.next().await.unwrap().unwrap().1 {
        Handler::ExactlyOnce(handler) => handler.confirmed_ack().await.unwrap(),
        handler => handler.ack(),
    }
}
