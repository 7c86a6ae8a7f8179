//! Topics and subscriptions that are named, one by one. What is printed has the form of Socorro's
//! tool of 2024, `pubsub-cli`.

use std::fmt::Write as _;

use socorro_queue::{
    CrashQueue as _, Delivery, PubsubAdmin, PubsubLane, PubsubNames, PubsubOptions, PubsubQueue,
    RulesetName,
};

use crate::{
    commands::queue::{Jobs, Pull, not_published},
    exit::Exit,
    failure::Failure,
    output::Output,
};

/// A project at Pub/Sub.
pub(super) struct Project {
    name: String,
    admin: PubsubAdmin,
}

impl Project {
    /// Connects to the service, or to the emulator of the environment.
    ///
    /// # Errors
    ///
    /// When there are no credentials, or the name can be none.
    pub(super) async fn connect(name: &str) -> Result<Self, Failure> {
        let emulator = PubsubOptions::default().emulator;
        Ok(Self {
            name: name.to_owned(),
            admin: PubsubAdmin::connect(name, emulator).await?,
        })
    }

    pub(super) async fn list_topics(&self, output: &mut Output) -> Result<Exit, Failure> {
        let topics = self.admin.topics().await?;
        output.line(format_args!("Listing topics in project {}.", self.name))?;
        for topic in topics {
            output.line(topic)?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn list_subscriptions(
        &self,
        topic: &str,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let subscriptions = self.admin.subscriptions(topic).await?;
        let topic = quoted(topic);
        output.line(format_args!("Listing subscriptions in topic {topic}:"))?;
        for subscription in subscriptions {
            output.line(subscription)?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn create_topic(
        &self,
        topic: &str,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let part = self.admin.create_topic(topic).await?;
        if part.changed {
            output.line(format_args!("Topic created: {}", part.name))?;
        } else {
            output.line("Topic already created.")?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn create_subscription(
        &self,
        topic: &str,
        subscription: &str,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let made = self.admin.create_subscription(topic, subscription);
        let part = made.await?;
        if part.changed {
            output.line(format_args!("Subscription created: {}", part.name))?;
        } else {
            output.line("Subscription already created.")?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn delete_topic(
        &self,
        topic: &str,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let mut parts = self.admin.delete_topic(topic).await?;
        let last = parts.pop();
        for subscription in parts {
            output.line(format_args!("Deleting {} ...", subscription.name))?;
        }
        if last.is_some_and(|topic| topic.changed) {
            output.line(format_args!("Topic deleted: {topic}"))?;
        } else {
            output.line(format_args!("Topic {topic} does not exist."))?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn publish(
        &self,
        topic: &str,
        ids: &[String],
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let Jobs { jobs, bad } = Jobs::given(ids, &RulesetName::DEFAULT)?;
        let published = self.admin.publish(topic, &jobs).await?;
        let header = quoted(topic);
        output.line(format_args!("Publishing crash ids to topic: {header}:"))?;
        let mut failures: Vec<Failure> = bad.into_iter().map(|(_, failure)| failure).collect();
        for (job, result) in jobs.iter().zip(published) {
            match result {
                Ok(message_id) => output.line(message_id)?,
                Err(error) => failures.push(not_published(job, &error)),
            }
        }
        for failure in &failures {
            output.report(failure);
        }
        Ok(Exit::failure_if(!failures.is_empty()))
    }

    pub(super) async fn pull(
        &self,
        subscription: &str,
        pull: &Pull,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        // What is given back is published anew.
        let topic = self.admin.topic_of(subscription).await?;
        let not_received = |lane: &mut PubsubLane| lane.subscription.clear();
        let mut names = PubsubNames::default();
        not_received(&mut names.priority);
        not_received(&mut names.reprocessing);
        names.standard = PubsubLane {
            topic,
            subscription: subscription.to_owned(),
        };
        let options = PubsubOptions {
            names,
            ..PubsubOptions::default()
        };
        let queue = PubsubQueue::open(&self.name, options).await?;
        let name = quoted(subscription);
        output.line(format_args!("Pulling crash id from subscription {name}:"))?;
        pull.run(&queue, output, print_pulled).await?;
        queue.pause().await;
        Ok(Exit::Success)
    }
}

/// Prints the body of a message as a Python bytes literal.
pub(super) fn print_pulled(delivery: &Delivery, output: &mut Output) -> Result<(), Failure> {
    let literal = bytes_literal(&delivery.raw_body);
    output.line(format_args!("crash id: {literal}"))
}

/// A name between quotation marks. (Names at Pub/Sub have none in them.)
pub(super) fn quoted(name: &str) -> String {
    format!("'{name}'")
}

/// Bytes as Python writes them.
fn bytes_literal(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut text = format!("b{quote}");
    for &byte in bytes {
        let character = char::from(byte);
        match character {
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\\' => text.push_str("\\\\"),
            _ if character == quote => {
                text.push('\\');
                text.push(character);
            }
            ' '..='~' => text.push(character),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text.push(quote);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_python_writes_them() {
        for (bytes, literal) in [
            (&b"de1bb258"[..], "b'de1bb258'"),
            (b"it's", "b\"it's\""),
            (b"'\"", "b'\\'\"'"),
            (b"a\\\t\n\r\x00\xff", "b'a\\\\\\t\\n\\r\\x00\\xff'"),
        ] {
            assert_eq!(bytes_literal(bytes), literal);
        }
    }
}
