//! `socorro pubsub`: Google Cloud Pub/Sub in the forms of Socorro's own tools.
//!
//! The tools of 2019 (`socorro-cmd pubsub`) work on the topics of the settings ([`configured`]),
//! those of 2024 (`pubsub-cli`) on topics that are named ([`named`]).

#[cfg(feature = "pubsub")]
mod configured;
#[cfg(feature = "pubsub")]
mod named;

use clap::{Args, Subcommand};
use socorro_queue::Lane;

use super::queue::Pull;
use crate::{exit::Exit, failure::Failure, output::Output, settings::Settings};

const EXAMPLES: &str = "\
Examples:
  export PUBSUB_EMULATOR_HOST=localhost:5010 PUBSUB_PROJECT_ID=local-dev-socorro
  socorro pubsub create
  socorro pubsub publish --queue priority de1bb258-cbbf-4589-a673-34f800160918
  socorro pubsub status

  socorro pubsub create-topic my-project my-topic
  socorro pubsub create-subscription my-project my-topic my-subscription
  socorro pubsub publish my-project my-topic < ids.txt
  socorro pubsub pull my-project my-subscription --ack --max-messages 10

Without names, the topics are those of the settings: --queue of other commands, SOCORRO_QUEUE, or
PUBSUB_PROJECT_ID with PUBSUB_STANDARD_TOPIC_NAME and so on. Without PUBSUB_EMULATOR_HOST, this is
Google's service itself. `socorro queue` does the same for every kind of queue.

Needs a program that was built with the feature pubsub.";

/// Look after topics and subscriptions at Google Cloud Pub/Sub, as Socorro's own tools do.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PubsubCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the topics and subscriptions of the settings that are not there
    #[command(after_help = EXAMPLES, visible_alias = "create-all")]
    Create,
    /// Delete the topics of the settings with all their subscriptions and messages, dead letters
    /// included
    #[command(after_help = EXAMPLES, visible_alias = "delete-all")]
    Delete,
    /// Show the topics and subscriptions of the settings, and what is in them. The messages are
    /// given back at once, which counts as a delivery
    #[command(after_help = EXAMPLES)]
    Status,
    #[command(after_help = EXAMPLES)]
    Publish(PublishArguments),
    /// List the topics of a project
    #[command(after_help = EXAMPLES)]
    ListTopics {
        /// The project [default: that of the settings]
        project: Option<String>,
    },
    /// List the subscriptions of a topic
    #[command(after_help = EXAMPLES)]
    ListSubscriptions { project: String, topic: String },
    /// Make a topic
    #[command(after_help = EXAMPLES)]
    CreateTopic { project: String, topic: String },
    /// Make a subscription of a topic, with an ack deadline of 600 seconds
    #[command(after_help = EXAMPLES)]
    CreateSubscription {
        project: String,
        topic: String,
        subscription: String,
    },
    /// Delete a topic with all its subscriptions
    #[command(after_help = EXAMPLES)]
    DeleteTopic { project: String, topic: String },
    #[command(after_help = EXAMPLES)]
    Pull(PullArguments),
}

/// Publish crash ids, to a lane of the settings or to a topic that is named
#[derive(Debug, Args)]
struct PublishArguments {
    /// Which lane of the settings: standard, priority or reprocessing [default: standard]
    #[arg(long = "lane", alias = "queue", value_name = "LANE")]
    lane: Option<Lane>,
    /// Project and topic, if the lanes of the settings are not meant, then crash ids; without any,
    /// they are read from standard input
    #[arg(value_name = "[PROJECT TOPIC] CRASHID")]
    words: Vec<String>,
}

/// Print what a subscription has, one of the settings or one that is named
#[derive(Debug, Args)]
struct PullArguments {
    /// The project, and then a subscription [default: those of the settings]
    #[arg(requires = "subscription")]
    project: Option<String>,
    subscription: Option<String>,
    #[command(flatten)]
    pull: Pull,
}

/// Does it.
///
/// # Errors
///
/// When the program was built without Pub/Sub.
#[cfg(not(feature = "pubsub"))]
pub(crate) async fn run(_: &PubsubCommand, _: &Settings, _: &mut Output) -> Result<Exit, Failure> {
    Err(Failure::usage(
        "Pub/Sub was left out of this program; build it with the feature \"pubsub\"",
    )
    .hint(crate::failure::install_with("pubsub")))
}

/// Does it.
///
/// # Errors
///
/// What kept it from being done; the caller tells the user.
#[cfg(feature = "pubsub")]
pub(crate) async fn run(
    command: &PubsubCommand,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    use configured::Configured;
    use named::Project;

    match &command.command {
        Command::Create => Configured::of(settings)?.create(output).await,
        Command::Delete => Configured::of(settings)?.delete(output).await,
        Command::Status => Configured::of(settings)?.status(output).await,
        Command::Publish(PublishArguments { lane, words }) => match (lane, &words[..]) {
            (None, [project, topic, ids @ ..]) if !is_id(project) && !is_id(topic) => {
                Project::connect(project)
                    .await?
                    .publish(topic, ids, output)
                    .await
            }
            _ => {
                let lane = lane.unwrap_or(Lane::Standard);
                Configured::of(settings)?.publish(lane, words, output).await
            }
        },
        Command::ListTopics { project } => {
            let project = match project {
                Some(project) => project.clone(),
                None => Configured::of(settings)?.into_project(),
            };
            Project::connect(&project).await?.list_topics(output).await
        }
        Command::ListSubscriptions { project, topic } => {
            let project = Project::connect(project).await?;
            project.list_subscriptions(topic, output).await
        }
        Command::CreateTopic { project, topic } => {
            let project = Project::connect(project).await?;
            project.create_topic(topic, output).await
        }
        Command::CreateSubscription {
            project,
            topic,
            subscription,
        } => {
            let project = Project::connect(project).await?;
            project
                .create_subscription(topic, subscription, output)
                .await
        }
        Command::DeleteTopic { project, topic } => {
            let project = Project::connect(project).await?;
            project.delete_topic(topic, output).await
        }
        Command::Pull(PullArguments {
            project,
            subscription,
            pull,
        }) => match (project, subscription) {
            (Some(project), Some(subscription)) => {
                let project = Project::connect(project).await?;
                project.pull(subscription, pull, output).await
            }
            _ => Configured::of(settings)?.pull(pull, output).await,
        },
    }
}

/// Whether a word is a crash id, or stands for a list of them.
#[cfg(feature = "pubsub")]
fn is_id(word: &str) -> bool {
    let found = crate::crash_ids::CrashIds::among([word]);
    word == "-" || !found.ids.is_empty()
}
