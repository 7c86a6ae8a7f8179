//! A queue from its URL.

use std::sync::Arc;

use crate::{
    error::{Error, shorten},
    memory::MemoryQueue,
    options::QueueOptions,
    queue::CrashQueue,
    queue_url::QueueUrl,
};

/// How the URLs of all queues look that any version of this crate knows.
const FORMS: [&str; 4] = [
    "memory:",
    "sqlite:///absolute/file (or sqlite:relative/file)",
    "pubsub://project/topic-prefix",
    "sqs://queue-prefix",
];

/// Opens the queue that `url` names.
///
/// | URL | Queue | Options in the query |
/// |---|---|---|
/// | `memory:` | a new [`MemoryQueue`] | `lease` |
/// | `pubsub://project/prefix`, `pubsub://project` | Google Cloud Pub/Sub; topics and subscriptions are named by the prefix, or by Socorro's environment variables | `lease`; `standard`, `priority`, `reprocessing`, `dead_letters`, each `TOPIC,SUBSCRIPTION` |
/// | `sqs://prefix`, `sqs:` | Amazon SQS; queues are named by the prefix, or by Socorro's environment variables | `lease`, `region`, `endpoint`; `standard`, `priority`, `reprocessing`, `dead_letters`, each a name |
/// | `sqlite:///absolute/file`, `sqlite:relative/file` | a durable file of this machine, made when it is not there; its directory must exist | `lease`, `busy_timeout` |
///
/// The path is percent-encoded where it has to be (`%3F` for `?`). Options in the query win over
/// `options`; `?lease=90s&busy_timeout=10s`.
///
/// # Errors
///
/// [`Error::InvalidUrl`], [`Error::InvalidOption`] and [`Error::UnknownScheme`] when the URL is
/// wrong; [`Error::CompiledOut`] when this program lacks the backend;
/// otherwise what keeps the backend from opening it, see
/// [`SqliteQueue::open`](crate::SqliteQueue::open).
pub async fn open(url: &str, options: QueueOptions) -> Result<Arc<dyn CrashQueue>, Error> {
    let url = QueueUrl::parse(url)?;
    match url.scheme {
        "memory" => Ok(Arc::new(MemoryQueue::from_url(url, options)?)),
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(Arc::new(
            crate::sqlite::SqliteQueue::from_url(url, options).await?,
        )),
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => Err(Error::CompiledOut {
            scheme: "sqlite",
            feature: "sqlite",
        }),
        #[cfg(feature = "pubsub")]
        "pubsub" => Ok(Arc::new(
            crate::pubsub::PubsubQueue::from_url(url, options).await?,
        )),
        #[cfg(not(feature = "pubsub"))]
        "pubsub" => Err(Error::CompiledOut {
            scheme: "pubsub",
            feature: "pubsub",
        }),
        #[cfg(feature = "sqs")]
        "sqs" => Ok(Arc::new(
            crate::sqs::SqsQueue::from_url(url, options).await?,
        )),
        #[cfg(not(feature = "sqs"))]
        "sqs" => Err(Error::CompiledOut {
            scheme: "sqs",
            feature: "sqs",
        }),
        other => Err(Error::UnknownScheme {
            scheme: shorten(other),
            known: FORMS.join(", "),
        }),
    }
}

/// Looks at a URL without touching what it names; options in its query are looked at by [`open`].
///
/// ```
/// assert!(socorro_queue::check_url("sqlite:///srv/queue.sqlite").is_ok());
/// assert!(socorro_queue::check_url("redis://host").is_err());
/// ```
///
/// # Errors
///
/// [`Error::InvalidUrl`] and [`Error::UnknownScheme`].
pub fn check_url(url: &str) -> Result<(), Error> {
    let QueueUrl { scheme, .. } = QueueUrl::parse(url)?;
    let is_known = |form: &str| form.split(':').next() == Some(scheme);
    if FORMS.iter().any(|form| is_known(form)) {
        return Ok(());
    }
    Err(Error::UnknownScheme {
        scheme: shorten(scheme),
        known: FORMS.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn error(url: &str) -> Error {
        open(url, QueueOptions::default()).await.unwrap_err()
    }

    #[tokio::test]
    async fn memory_opens_with_its_options() {
        let queue = open("memory:?lease=5s", QueueOptions::default())
            .await
            .unwrap();
        assert_eq!(queue.to_string(), "memory:");
        assert_eq!(
            queue.depth().await.unwrap(),
            Some(crate::QueueDepth::default())
        );
    }

    #[tokio::test]
    async fn a_wrong_url_says_what_is_wrong_and_what_would_be_right() {
        for (url, part) in [
            ("queue.sqlite", "no scheme"),
            ("memory:somewhere", "memory:"),
            ("memory:?lese=5s", "lese"),
            ("memory:?lease=0s", "1 ms"),
            ("memory:#x", "%23"),
            ("redis://localhost", "sqlite:///absolute/file"),
        ] {
            let error = error(url).await;
            assert!(error.to_string().contains(part), "{url}: {error}");
            assert!(!error.is_temporary(), "{url}");
        }
    }

    #[cfg(not(feature = "pubsub"))]
    #[tokio::test]
    async fn pubsub_left_out_names_its_feature() {
        let error = error("pubsub://project").await;
        assert!(error.to_string().contains("feature \"pubsub\""), "{error}");
    }

    #[cfg(not(feature = "sqs"))]
    #[tokio::test]
    async fn sqs_left_out_names_its_feature() {
        let error = error("sqs://prefix").await;
        assert!(error.to_string().contains("feature \"sqs\""), "{error}");
    }

    #[cfg(not(feature = "sqlite"))]
    #[tokio::test]
    async fn a_backend_left_out_names_its_feature() {
        let error = error("sqlite:///tmp/queue").await;
        assert!(error.to_string().contains("feature \"sqlite\""), "{error}");
    }
}
