//! Health checks.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value, json};
use socorro_core::{CrashId, Environment, time};
use socorro_processor::{Phase, Status};
use socorro_queue::CrashQueue;
use socorro_storage::{CrashStorage, Item};
use tokio::time::{Instant, timeout};

/// How long storage or queue may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long receiving may fail.
const LONGEST_OUTAGE: Duration = Duration::from_secs(60);
/// For how long the queue may leave a request for messages without an answer. Queues wait for
/// messages for 20 s at most.
const LONGEST_REQUEST: Duration = Duration::from_secs(120);
/// How much room a directory needs.
const LEAST_ROOM: u64 = 512 << 20;

/// What was found to be in order, or not; `Err` says what is wrong.
pub(super) type Finding = (&'static str, Result<String, String>);

/// A check and what it found, since when.
#[derive(Debug, Clone)]
pub(super) struct Check {
    name: &'static str,
    result: Result<String, String>,
    since: (Instant, time::Timestamp),
}

/// All checks.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks(Vec<Check>);

impl Checks {
    /// Whether everything is in order.
    pub(super) fn are_ok(&self) -> bool {
        self.0.iter().all(|check| check.result.is_ok())
    }

    /// What is not in order.
    pub(super) fn failing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let failing = self.0.iter();
        failing.filter_map(|check| Some((check.name, check.result.as_ref().err()?.as_str())))
    }

    /// Takes over what was found now. A check that goes on as before keeps its time.
    pub(super) fn update(&mut self, findings: Vec<Finding>) {
        let now = (Instant::now(), Environment::system().now());
        let checks = findings.into_iter().map(|(name, result)| {
            let before = self.0.iter().find(|check| check.name == name);
            let since = before
                .filter(|before| before.result.is_ok() == result.is_ok())
                .map_or(now, |before| before.since);
            Check {
                name,
                result,
                since,
            }
        });
        self.0 = checks.collect();
    }

    /// The body of `/__heartbeat__`.
    pub(super) fn to_json(&self) -> Value {
        let checks: Map<String, Value> = self
            .0
            .iter()
            .map(
                |Check {
                     name,
                     result,
                     since,
                 }| {
                    let msg = result.as_ref().unwrap_or_else(|error| error);
                    let since = time::isoformat(since.1);
                    let check = json!({"ok": result.is_ok(), "msg": msg, "since": since});
                    ((*name).to_owned(), check)
                },
            )
            .collect();
        let errors: Vec<Value> = self
            .failing()
            .map(|(name, msg)| json!({"name": name, "msg": msg}))
            .collect();
        json!({"ok": self.are_ok(), "checks": checks, "errors": errors})
    }
}

/// Asks for something that is not there: that costs little, and needs a storage that works.
pub(super) async fn storage(storage: &dyn CrashStorage) -> Finding {
    let today = time::date(Environment::system().now());
    let nobody = CrashId::mint(today, 0);
    let asked = timeout(PATIENCE, storage.exists(&nobody, &Item::RawCrash)).await;
    let result = match asked {
        Ok(Ok(_)) => Ok("answers".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("{storage} does not answer within {PATIENCE:?}")),
    };
    ("storage", result)
}

/// Whether the queue answers.
pub(super) async fn queue(queue: &dyn CrashQueue) -> Finding {
    let result = match timeout(PATIENCE, queue.check()).await {
        Ok(Ok(())) => Ok("answers".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("{queue} does not answer within {PATIENCE:?}")),
    };
    ("queue", result)
}

/// Whether messages can be received.
pub(super) fn receive(status: &Status) -> Finding {
    let result = match (status.queue_failing, status.asking_for) {
        (Some(time), _) if time > LONGEST_OUTAGE => {
            Err(format!("receiving has failed for {} s", time.as_secs()))
        }
        (_, Some(time)) if time > LONGEST_REQUEST => {
            let time = time.as_secs();
            Err(format!("the queue has not answered for {time} s"))
        }
        _ => Ok(status.phase.as_str().to_owned()),
    };
    ("receive", result)
}

/// Whether work goes on. An outage of the storage is told by another check.
pub(super) fn workers(status: &Status) -> Finding {
    let stuck: Vec<String> = status
        .stuck()
        .map(|crash| {
            let (stage, time) = (crash.stage.as_str(), crash.stage_age.as_secs());
            format!("{} in {stage} for {time} s", crash.crash_id)
        })
        .collect();
    let result = if stuck.is_empty() {
        let (busy, workers) = (status.in_work.len(), status.workers);
        Ok(format!("{busy} of {workers} busy"))
    } else {
        Err(format!("stuck: {}", stuck.join(", ")))
    };
    ("workers", result)
}

/// Whether there is room on disk. Asks the disk, so it may block.
pub(super) fn disk(directories: &[PathBuf]) -> Finding {
    let mut least = None;
    for directory in directories {
        let Some(free) = free_bytes(directory) else {
            continue;
        };
        if free < LEAST_ROOM {
            let (path, mebibytes) = (directory.display(), free >> 20);
            return ("disk", Err(format!("{path} has only {mebibytes} MiB free")));
        }
        least = Some(least.unwrap_or(free).min(free));
    }
    let message = match least {
        Some(free) => format!("{} MiB free", free >> 20),
        None => "not known".to_owned(),
    };
    ("disk", Ok(message))
}

#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Whether a load balancer may count on this process.
pub(super) fn is_draining(status: &Status) -> bool {
    matches!(status.phase, Phase::Draining | Phase::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_keeps_the_time_since_when_it_is_as_it_is() {
        let mut checks = Checks::default();
        assert!(checks.are_ok());
        checks.update(vec![
            ("disk", Ok("9 MiB".to_owned())),
            ("queue", Err("one".to_owned())),
        ]);
        let first = checks.clone();
        checks.update(vec![
            ("disk", Err("full".to_owned())),
            ("queue", Err("two".to_owned())),
        ]);
        assert_ne!(first.0[0].since, checks.0[0].since);
        assert_eq!(first.0[1].since, checks.0[1].since);
        assert_eq!(
            checks.failing().collect::<Vec<_>>(),
            [("disk", "full"), ("queue", "two")]
        );
        let body = checks.to_json();
        assert_eq!(body["ok"], false);
        assert_eq!(body["checks"]["queue"]["msg"], "two");
        assert_eq!(body["errors"][0], json!({"name": "disk", "msg": "full"}));
    }

    #[test]
    fn a_directory_has_room_or_not_and_one_that_is_not_there_is_not_asked() {
        let (name, result) = disk(&["/no/such/directory".into()]);
        assert_eq!((name, result), ("disk", Ok("not known".to_owned())));
        #[cfg(unix)]
        assert!(free_bytes(Path::new("/")).is_some());
    }
}
