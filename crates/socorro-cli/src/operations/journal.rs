//! What the log says about the whole: a line each minute, and a table when somebody asks.

use std::{sync::Arc, time::Duration};

use socorro_processor::Status;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{
    observer::{Observation, Observer},
    status::per_second,
};
use crate::failure::Failure;

const MINUTE: Duration = Duration::from_secs(60);

/// Sums up each minute, for as long as it is polled.
pub(super) async fn every_minute(observer: Arc<Observer>) {
    let mut ticks = interval_at(Instant::now() + MINUTE, MINUTE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = observer.status();
    loop {
        ticks.tick().await;
        let now = observer.status();
        sum_up(&before, &now, &observer.seen());
        before = now;
    }
}

fn sum_up(before: &Status, now: &Status, seen: &Observation) {
    let total = seen.depth.map(|depth| depth.total());
    let processed = now.done.processed - before.done.processed;
    let transform = now
        .done
        .times
        .transform
        .saturating_sub(before.done.times.transform);
    let mean = processed
        .try_into()
        .ok()
        .and_then(|processed: u32| transform.checked_div(processed));
    tracing::info!(
        phase = now.phase.as_str(),
        processed,
        per_second = per_second(processed, now.uptime.saturating_sub(before.uptime)),
        mean_transform_ms = mean.map(|mean| u64::try_from(mean.as_millis()).unwrap_or(u64::MAX)),
        given_back = now.done.given_back - before.done.given_back,
        dead_lettered = now.done.dead_lettered - before.done.dead_lettered,
        leases_lost = now.done.leases_lost - before.done.leases_lost,
        in_work = now.in_work.len(),
        queue_outstanding = total.map(|total| total.outstanding()),
        queue_oldest_s = total
            .and_then(|total| total.oldest_age)
            .map(|age| age.as_secs()),
        rss_mib = seen.memory.map(|bytes| bytes >> 20),
        healthy = seen.checks.are_ok(),
        "last minute"
    );
}

/// Writes a table of what is going on at every SIGUSR1, from now on.
///
/// # Errors
///
/// When the operating system does not allow to watch for the signal.
#[cfg(unix)]
pub(super) fn at_signal(observer: Arc<Observer>) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut signals = signal(SignalKind::user_defined1())
        .map_err(|error| Failure::because("cannot watch for signals", &error))?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            tell(&observer);
        }
    });
    Ok(())
}

/// There is no such signal.
#[cfg(not(unix))]
pub(super) fn at_signal(_: Arc<Observer>) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn tell(observer: &Observer) {
    let (status, seen) = (observer.status(), observer.seen());
    tracing::info!(
        phase = status.phase.as_str(),
        uptime_s = status.uptime.as_secs(),
        workers = status.workers,
        in_work = status.in_work.len(),
        processed = status.done.processed,
        given_back = status.done.given_back,
        dead_lettered = status.done.dead_lettered,
        healthy = seen.checks.are_ok(),
        rss_mib = seen.memory.map(|bytes| bytes >> 20),
        "status"
    );
    for (check, reason) in seen.checks.failing() {
        tracing::info!(check, reason, "status: failing");
    }
    for crash in &status.in_work {
        tracing::info!(
            crash_id = %crash.crash_id, ruleset = crash.ruleset, attempt = crash.attempt,
            queue = %crash.lane, stage = crash.stage.as_str(), age_s = crash.age.as_secs(),
            stuck = crash.stuck,
            "status: in work"
        );
    }
    if let Some(depth) = seen.depth {
        for lane in socorro_queue::Lane::ALL {
            let of_lane = depth.lane(lane);
            tracing::info!(
                queue = %lane, waiting = of_lane.waiting, delayed = of_lane.delayed,
                leased = of_lane.leased, dead = of_lane.dead,
                oldest_s = of_lane.oldest_age.map(|age| age.as_secs()),
                "status: queue"
            );
        }
    }
    for (destination, outbox) in &seen.outboxes {
        tracing::info!(destination, outbox, "status: destination");
    }
    for trouble in &status.troubles {
        tracing::info!(
            place = trouble.place,
            kind = trouble.kind,
            ago_s = trouble.age.as_secs(),
            crash_id = trouble.crash_id.map(|id| id.to_string()),
            "status: trouble"
        );
    }
}
