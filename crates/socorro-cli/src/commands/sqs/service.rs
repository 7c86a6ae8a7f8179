//! What is asked of SQS.

use socorro_queue::{
    CrashQueue as _, Error, Lane, QueueOptions, QueuePart, RulesetName, SqsAdmin, SqsNames,
    SqsOptions, SqsQueue,
};

use crate::{
    commands::queue::{Jobs, publish},
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
    settings::Settings,
};

/// How many messages of a queue are shown at most.
const SHOWN: usize = 1000;

/// SQS as the settings have it.
pub(super) struct Service {
    options: SqsOptions,
    admin: SqsAdmin,
}

impl Service {
    /// Finds out region, endpoint and names.
    ///
    /// # Errors
    ///
    /// When the settings name a queue at SQS and make no sense.
    pub(super) async fn of(settings: &Settings) -> Result<Self, Failure> {
        let setting = settings.get("queue");
        let url = setting.and_then(|setting| setting.values.first()?.to_str());
        let options = match url.filter(|url| url.starts_with("sqs:")) {
            Some(url) => SqsOptions::of_url(url, QueueOptions::default())?,
            None => SqsOptions {
                names: SqsNames::from_environment(),
                ..SqsOptions::default()
            },
        };
        let admin = SqsAdmin::connect(&options).await;
        Ok(Self { options, admin })
    }

    async fn configured(&self) -> Result<SqsQueue, Failure> {
        Ok(SqsQueue::open(self.options.clone()).await?)
    }

    pub(super) async fn list_all(&self, output: &mut Output) -> Result<Exit, Failure> {
        let mut failed = false;
        for name in self.admin.queues().await? {
            output.line(format_args!("{name}:"))?;
            failed |= self.list_one(&name, output).await? != Exit::Success;
        }
        Ok(Exit::failure_if(failed))
    }

    pub(super) async fn list_one(&self, name: &str, output: &mut Output) -> Result<Exit, Failure> {
        let bodies = match self.admin.peek(name, SHOWN).await {
            Err(Error::Missing { .. }) => {
                output.line(format_args!("Queue '{name}' does not exist."))?;
                return Ok(Exit::Failure);
            }
            bodies => bodies?,
        };
        for body in &bodies {
            output.line(Clean(&String::from_utf8_lossy(body)))?;
        }
        if bodies.is_empty() {
            output.line(format_args!("Queue {name} is empty."))?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn publish(
        &self,
        name: &str,
        ids: &[String],
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let Jobs { jobs, bad } = Jobs::given(ids, &RulesetName::DEFAULT)?;
        let mut failures: Vec<Failure> = bad.into_iter().map(|(_, failure)| failure).collect();
        let mut options = self.options.clone();
        options.names.standard = name.to_owned();
        let queue = SqsQueue::open(options).await?;
        publish(&queue, Lane::Standard, &jobs, false, |job, result| {
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

    pub(super) async fn list_queues(&self, output: &mut Output) -> Result<Exit, Failure> {
        for name in self.admin.queues().await? {
            output.line(name)?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn create(&self, name: &str, output: &mut Output) -> Result<Exit, Failure> {
        tell_created(&self.admin.create(name).await?, output)?;
        Ok(Exit::Success)
    }

    pub(super) async fn create_all(&self, output: &mut Output) -> Result<Exit, Failure> {
        for part in self.configured().await?.create().await? {
            tell_created(&part, output)?;
        }
        Ok(Exit::Success)
    }

    pub(super) async fn delete(&self, name: &str, output: &mut Output) -> Result<Exit, Failure> {
        tell_deleted(&self.admin.delete(name).await?, output)?;
        Ok(Exit::Success)
    }

    pub(super) async fn delete_all(&self, output: &mut Output) -> Result<Exit, Failure> {
        for part in self.configured().await?.delete().await? {
            tell_deleted(&part, output)?;
        }
        Ok(Exit::Success)
    }
}

fn tell_created(part: &QueuePart, output: &mut Output) -> Result<(), Failure> {
    let what = if part.changed {
        "created"
    } else {
        "already exists"
    };
    output.line(format_args!("Queue {} {what}.", part.name))
}

fn tell_deleted(part: &QueuePart, output: &mut Output) -> Result<(), Failure> {
    let what = if part.changed {
        "deleted"
    } else {
        "does not exist"
    };
    output.line(format_args!("Queue {} {what}.", part.name))
}
