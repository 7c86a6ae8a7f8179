//! The status as a document: `/status.json`, and what the page shows.

use std::time::Duration;

use serde_json::{Map, Value, json};
use socorro_collector::Collector;
use socorro_queue::{Lane, LaneDepth};

use super::observer::{Observation, Observer};

/// All there is to know.
pub(super) fn document(observer: &Observer) -> Value {
    let status = observer.status();
    let Observation {
        checks,
        depth,
        outboxes,
        memory,
    } = observer.seen();
    let watched = observer.watched();
    let in_work: Vec<Value> = status
        .in_work
        .iter()
        .map(|crash| {
            json!({
                "crash_id": crash.crash_id.as_str(),
                "ruleset": crash.ruleset,
                "lane": crash.lane.as_str(),
                "attempt": crash.attempt,
                "stage": crash.stage.as_str(),
                "stage_seconds": seconds(crash.stage_age),
                "seconds": seconds(crash.age),
                "stuck": crash.stuck,
            })
        })
        .collect();
    let lanes: Option<Map<String, Value>> = depth.map(|depth| {
        let lanes = Lane::ALL.into_iter();
        let lanes = lanes.map(|lane| (lane.to_string(), lane_document(depth.lane(lane))));
        lanes.collect()
    });
    let troubles: Vec<Value> = status
        .troubles
        .iter()
        .map(|trouble| {
            json!({
                "seconds_ago": seconds(trouble.age),
                "place": trouble.place,
                "kind": trouble.kind,
                "crash_id": trouble.crash_id.map(|id| id.to_string()),
            })
        })
        .collect();
    let recent: Vec<Value> = status
        .recent
        .iter()
        .map(|crash| {
            json!({
                "crash_id": crash.crash_id.as_str(),
                "seconds_ago": seconds(crash.age),
                "signature": crash.signature,
            })
        })
        .collect();
    let destinations: Vec<Value> = status
        .destinations
        .iter()
        .map(|destination| {
            json!({
                "name": destination.name,
                "required": destination.required,
                "taken": destination.counts.taken,
                "noted": destination.counts.noted,
                "lost": destination.counts.lost,
                "taken_later": destination.counts.taken_later,
                "outbox": outboxes.get(&destination.name),
                "rests_for_seconds": destination.rests_for.map(seconds),
            })
        })
        .collect();
    let done = status.done;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": seconds(status.uptime),
        "phase": status.phase.as_str(),
        "phase_seconds": seconds(status.phase_age),
        "healthy": checks.are_ok(),
        "heartbeat": checks.to_json(),
        "storage": watched.storage.to_string(),
        "queue": {
            "name": watched.queue.to_string(),
            "lanes": lanes,
            "dead_letters": depth.map(|depth| depth.total().dead),
            "last_receive_seconds_ago": status.last_receive.map(seconds),
            "failing_for_seconds": status.queue_failing.map(seconds),
        },
        "spool": watched.collector.as_ref().and_then(Collector::spool_status),
        "workers": {"total": status.workers, "busy": status.in_work.len()},
        "memory": {"rss_bytes": memory, "in_flight_bytes": status.bytes_in_work},
        "done": {
            "processed": done.processed,
            "dead_lettered": done.dead_lettered,
            "given_back": done.given_back,
            "leases_lost": done.leases_lost,
            "duplicates": done.duplicates,
            "per_second": per_second(done.processed, status.uptime),
        },
        "in_work": in_work,
        "recent": recent,
        "destinations": destinations,
        "troubles": troubles,
    })
}

fn lane_document(depth: &LaneDepth) -> Value {
    json!({
        "waiting": depth.waiting,
        "delayed": depth.delayed,
        "leased": depth.leased,
        "dead": depth.dead,
        "oldest_seconds": depth.oldest_age.map(seconds),
    })
}

/// With one digit behind the point.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}

/// A rate, with two digits behind the point.
#[expect(clippy::cast_precision_loss, reason = "a rate is not exact")]
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    let rate = count as f64 / time.as_secs_f64().max(1.0);
    (rate * 100.0).round() / 100.0
}
