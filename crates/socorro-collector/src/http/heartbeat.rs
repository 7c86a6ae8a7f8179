//! Asks for the health of everything, not too often.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

use super::Intake;
use crate::Health;

/// How long an answer holds.
const FRESH: Duration = Duration::from_secs(5);

/// How long an answer is waited for.
const WAIT: Duration = Duration::from_secs(10);

/// The last answer. Those who ask meanwhile wait for the same one.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat(Mutex<Option<(Instant, Health)>>);

impl Heartbeat {
    pub(crate) async fn ask<I: Intake>(&self, intake: &I) -> Health {
        let mut last = self.0.lock().await;
        if let Some((at, health)) = &*last
            && at.elapsed() < FRESH
        {
            return health.clone();
        }
        let asked = tokio::time::timeout(WAIT, intake.health()).await;
        let health = asked.unwrap_or_else(|_| {
            let mut health = Health::default();
            health.error("collector", "no answer within 10 s");
            health
        });
        *last = Some((Instant::now(), health.clone()));
        health
    }
}
