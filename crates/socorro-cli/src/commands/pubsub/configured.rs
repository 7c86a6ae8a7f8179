//! The topics and subscriptions of the settings.

use std::{collections::HashMap, time::Duration};

use socorro_queue::{
    CrashQueue as _, Delivery, Job, Lane, PartKind, PubsubOptions, PubsubQueue, QueueOptions,
    RulesetName,
};

use super::named::{print_pulled, quoted};
use crate::{
    commands::queue::{Jobs, Pull, give_back, publish, receive, text},
    exit::Exit,
    failure::Failure,
    output::Output,
    settings::Settings,
};

/// How many messages are shown at most.
const SHOWN: usize = 1000;
/// How long to wait for a message to show.
const WAIT: Duration = Duration::from_secs(4);

/// What the settings say of Pub/Sub.
pub(super) struct Configured {
    project: String,
    options: PubsubOptions,
}

impl Configured {
    /// Finds it out.
    ///
    /// # Errors
    ///
    /// When the settings name no queue, or one of another kind.
    pub(super) fn of(settings: &Settings) -> Result<Self, Failure> {
        let setting = settings.get("queue");
        let url = setting.and_then(|setting| setting.values.first()?.to_str());
        let url = url
            .filter(|url| url.starts_with("pubsub:"))
            .ok_or_else(|| {
                Failure::usage("the settings name no queue at Pub/Sub").hint(
                    "set PUBSUB_PROJECT_ID=PROJECT or SOCORRO_QUEUE=pubsub://PROJECT/TOPIC-PREFIX",
                )
            })?;
        let (project, options) = PubsubOptions::of_url(url, QueueOptions::default())?;
        Ok(Self { project, options })
    }

    pub(super) fn into_project(self) -> String {
        self.project
    }

    async fn open(&self) -> Result<PubsubQueue, Failure> {
        Ok(PubsubQueue::open(&self.project, self.options.clone()).await?)
    }

    pub(super) async fn create(self, output: &mut Output) -> Result<Exit, Failure> {
        for part in self.open().await?.create().await? {
            let (kind, name) = (capital(part.kind), part.name);
            if part.changed {
                output.line(format_args!("{kind} created: {name}"))?;
            } else {
                output.line(format_args!("{kind} {name} already created."))?;
            }
        }
        Ok(Exit::Success)
    }

    pub(super) async fn delete(self, output: &mut Output) -> Result<Exit, Failure> {
        let parts = self.open().await?.delete().await?;
        for part in parts.iter().filter(|part| part.changed) {
            let name = match part.kind {
                PartKind::Topic => part.name.rsplit('/').next().unwrap_or_default(),
                _ => &part.name,
            };
            output.line(format_args!("{} deleted: {name}", capital(part.kind)))?;
        }
        Ok(Exit::Success)
    }

    /// Dead letters are not looked at: given back, they would lose what is known about them.
    pub(super) async fn status(self, output: &mut Output) -> Result<Exit, Failure> {
        let queue = self.open().await?;
        queue.check().await?;
        let deliveries = receive(&queue, SHOWN, WAIT).await?;
        let given_back = give_back(&queue, &deliveries).await;
        queue.pause().await;
        let mut of_lane: HashMap<Lane, Vec<&Delivery>> = HashMap::new();
        for delivery in &deliveries {
            of_lane.entry(delivery.lane).or_default().push(delivery);
        }
        let project = &self.project;
        output.line(format_args!("Project id: {project}"))?;
        for lane in Lane::ALL {
            let names = self.options.names.lane(lane);
            output.line(format_args!(
                "   topic: projects/{project}/topics/{}",
                names.topic
            ))?;
            if names.subscription.is_empty() {
                continue;
            }
            output.line(format_args!(
                "      subscription: projects/{project}/subscriptions/{}",
                names.subscription
            ))?;
            let found = of_lane.remove(&lane).unwrap_or_default();
            output.line(format_args!("         crashids: {}", found.len()))?;
            for delivery in found {
                output.line(format_args!("             {}", text(delivery)))?;
            }
        }
        given_back.map(|()| Exit::Success)
    }

    pub(super) async fn publish(
        self,
        lane: Lane,
        words: &[String],
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let Jobs { jobs, bad } = Jobs::given(words, &RulesetName::DEFAULT)?;
        let mut failures: Vec<Failure> = bad.into_iter().map(|(_, failure)| failure).collect();
        let queue = self.open().await?;
        publish(&queue, lane, &jobs, false, |job: &Job, result| {
            match result {
                Ok(()) => output.line(format_args!("Published: {job}"))?,
                Err(failure) => failures.push(failure),
            }
            Ok(())
        })
        .await?;
        for failure in &failures {
            output.report(failure);
        }
        Ok(Exit::failure_if(!failures.is_empty()))
    }

    pub(super) async fn pull(self, pull: &Pull, output: &mut Output) -> Result<Exit, Failure> {
        let queue = self.open().await?;
        queue.check().await?;
        let names = Lane::ALL.map(|lane| quoted(&self.options.names.lane(lane).subscription));
        output.line(format_args!(
            "Pulling crash id from subscriptions {}:",
            names.join(", ")
        ))?;
        pull.run(&queue, output, print_pulled).await?;
        Ok(Exit::Success)
    }
}

fn capital(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Topic => "Topic",
        _ => "Subscription",
    }
}
