//! Whether reports can be taken: at start, and from time to time.

use std::time::Duration;

use socorro_core::{CrashId, time::date, with_sources};
use socorro_storage::DocumentKey;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{Collector, Error};
use crate::{
    Ailment, Health,
    spool::{self, Spool},
};

/// How long a backend has to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// At start there is more time: connections are made, credentials fetched.
const PATIENCE_AT_START: Duration = Duration::from_secs(20);
/// For so long an answer is good.
const FRESH: Duration = Duration::from_secs(5);

/// The last answer; locked while a new one is made, so that many who ask cost no more than one.
#[derive(Debug, Default)]
pub(super) struct LastHealth(Mutex<Option<(Instant, Health)>>);

impl Collector {
    /// Whether reports can be taken. Asks storage, queue and spool, every 5 s at most.
    ///
    /// An error means that a report that comes now would be refused. Everything else that does not work
    /// is a degradation: reports are taken, and delivered later.
    pub async fn health(&self) -> Health {
        let mut last = self.0.health.0.lock().await;
        if let Some((when, health)) = &*last
            && when.elapsed() < FRESH
        {
            return health.clone();
        }
        let health = self.ask().await;
        *last = Some((Instant::now(), health.clone()));
        health
    }

    async fn ask(&self) -> Health {
        let delivery = &self.0.delivery;
        let (storage, queue) = tokio::join!(
            within(PATIENCE, async {
                let checked = delivery.storage.check().await;
                checked.map_err(|error| error.public_message())
            }),
            within(PATIENCE, async {
                // The message names the queue; who asks may be a stranger.
                let checked = delivery.queue.check().await;
                checked.map_err(|_| "it does not work".to_owned())
            }),
        );
        let mut health = Health::default();
        let no_room = match &self.0.spool {
            Some(spool) => spool.no_room().await,
            None => Some("there is none".to_owned()),
        };
        match (storage, &no_room) {
            (Ok(()), _) => {}
            (Err(reason), None) => health.degrade("storage", reason),
            (Err(reason), Some(_)) => health.error("storage", reason),
        }
        if let Err(reason) = queue {
            // An id always finds room, and without a spool the report is stored at least.
            health.degrade("queue", reason);
        }
        if let Some(status) = self.spool_status() {
            if let Some(reason) = no_room {
                health.degrade("spool", reason);
            }
            if status.entries > 0 {
                let age = status.oldest_age.unwrap_or_default().as_secs();
                let entries = status.entries;
                health.degrade("spool", format!("{entries} wait, the oldest for {age} s"));
            }
            if status.quarantined > 0 {
                let entries = status.quarantined;
                health.degrade("spool", format!("{entries} in quarantine"));
            }
        }
        health
    }

    /// Makes sure that reports can be stored and published, for the start of a service: writes an object
    /// `test/testfile-{id}.txt` to the storage and deletes it, and asks the queue. The spool was opened
    /// by [`Builder::build`](crate::Builder::build), and is asked for room.
    ///
    /// # Errors
    ///
    /// [`Error::NotReady`] with everything that does not work.
    pub async fn verify(&self) -> Result<(), Error> {
        let delivery = &self.0.delivery;
        let (storage, queue) = tokio::join!(
            within(PATIENCE_AT_START, self.write_and_delete()),
            within(PATIENCE_AT_START, async {
                let checked = delivery.queue.check().await;
                checked.map_err(|error| with_sources(&error))
            }),
        );
        let spool = match &self.0.spool {
            Some(spool) => spool.no_room().await,
            None => None,
        };
        let problems: Vec<Ailment> = [
            ("storage", storage.err()),
            ("queue", queue.err()),
            ("spool", spool),
        ]
        .into_iter()
        .filter_map(|(name, problem)| Some(Ailment::new(name, problem?)))
        .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::NotReady { problems })
    }

    async fn write_and_delete(&self) -> Result<(), String> {
        let storage = &self.0.delivery.storage;
        let id = CrashId::mint(date(self.0.environment.now()), 0);
        let key = DocumentKey::test_file(&id);
        let tried = async {
            storage.save_document(&key, "test".into()).await?;
            storage.delete_document(&key).await
        };
        let tried: Result<(), socorro_storage::Error> = tried.await;
        tried.map_err(|error| with_sources(&error))
    }

    /// What is in the spool, if there is one.
    #[must_use]
    pub fn spool_status(&self) -> Option<spool::Status> {
        self.0.spool.as_ref().map(Spool::status)
    }
}

async fn within(
    limit: Duration,
    check: impl Future<Output = Result<(), String>>,
) -> Result<(), String> {
    timeout(limit, check)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
}
