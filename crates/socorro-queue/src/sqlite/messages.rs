//! What can be done to messages, in SQL.

use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Result, params};
use socorro_core::time::Timestamp;

use super::time::{from_millis, later, to_millis};
use crate::{
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    lane::{Lane, Rotation},
    lease::Lease,
    limits::{MAX_BODY_BYTES, MAX_HOLD},
};

/// Highest count of anything that is counted up.
const MAX_COUNT: u32 = u32::MAX - 1;

/// How far clocks that are in order may be apart.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(10);

/// Adds messages in the given order.
pub(super) fn publish(
    connection: &Connection,
    lane: Lane,
    bodies: &[Bytes],
    now: Timestamp,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO messages (lane, body, published_at_ms, due_at_ms, decided_at_ms)
         VALUES (?1, ?2, ?3, ?3, ?3)",
    )?;
    for body in bodies {
        insert.execute(params![lane.as_str(), &body[..], to_millis(now)])?;
    }
    Ok(())
}

/// Leases up to `max` messages that are due.
pub(super) fn receive(
    connection: &Connection,
    rotation: &mut Rotation,
    max: usize,
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Delivery>> {
    let mut due = Vec::with_capacity(Lane::ALL.len());
    for lane in Lane::ALL {
        due.push(first_due(connection, lane, max, now)?.into_iter());
    }
    let mut deliveries = Vec::new();
    while deliveries.len() < max {
        let lane = rotation.next(|lane| due[lane.index()].len() > 0);
        let Some((lane, id)) = lane.and_then(|lane| Some((lane, due[lane.index()].next()?))) else {
            break;
        };
        deliveries.extend(lease_one(connection, lane, id, now, lease)?);
    }
    if deliveries.is_empty() && max > 0 {
        bring_back_from_future(connection, now)?;
    }
    Ok(deliveries)
}

/// The numbers of the first messages of a lane that are due.
fn first_due(connection: &Connection, lane: Lane, max: usize, now: Timestamp) -> Result<Vec<i64>> {
    let limit = i64::try_from(max).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "SELECT id FROM messages WHERE lane = ?1 AND due_at_ms <= ?2
             ORDER BY due_at_ms, id LIMIT ?3",
        )?
        .query_map(params![lane.as_str(), to_millis(now), limit], |row| {
            row.get(0)
        })?
        .collect()
}

/// Leases one message. An absurd body or count, written by somebody else, is cut to its bounds
/// rather than left to block the lane. (SQLite's `substr` makes NULL of an empty body.)
fn lease_one(
    connection: &Connection,
    lane: Lane,
    id: i64,
    now: Timestamp,
    lease: Duration,
) -> Result<Option<Delivery>> {
    let mut update = connection.prepare_cached(
        "UPDATE messages
         SET attempts = min(max(attempts, 0), ?4) + 1,
             lapses = min(max(lapses, 0), ?4) + (leased <> 0),
             leased = 1, due_at_ms = ?3, decided_at_ms = ?2,
             first_received_at_ms = coalesce(first_received_at_ms, ?2)
         WHERE id = ?1
         RETURNING attempts, published_at_ms, coalesce(substr(body, 1, ?5), x''),
             min(max(failures, 0), ?4), lapses",
    )?;
    let due_at = to_millis(later(now, lease));
    let limit = i64::try_from(MAX_BODY_BYTES).unwrap_or(i64::MAX);
    update
        .query_row(
            params![id, to_millis(now), due_at, MAX_COUNT, limit],
            |row| {
                let attempt = row.get(0)?;
                let lease = Lease {
                    message: id,
                    attempt,
                };
                Ok(Delivery::new(
                    lane,
                    lease.to_receipt(),
                    attempt,
                    from_millis(row.get(1)?),
                    Bytes::from(row.get::<_, Vec<u8>>(2)?),
                )
                .after(row.get(3)?, row.get(4)?))
            },
        )
        .optional()
}

/// Puts right what was decided by a clock that was wrong, or has been set back since: messages would
/// wait for hours or years. A lease or delay decided in the future begins now instead, so that
/// whoever holds the message still can go on. Nothing is ever held for longer than [`MAX_HOLD`].
fn bring_back_from_future(connection: &Connection, now: Timestamp) -> Result<()> {
    let mut begin_again = connection.prepare_cached(
        "UPDATE messages SET due_at_ms = ?2 + (due_at_ms - decided_at_ms), decided_at_ms = ?2
         WHERE lane = ?1 AND due_at_ms > ?2 AND decided_at_ms > ?3
             AND due_at_ms - decided_at_ms BETWEEN 0 AND ?4",
    )?;
    let mut end = connection.prepare_cached(
        "UPDATE messages SET due_at_ms = ?2, decided_at_ms = ?2
         WHERE lane = ?1 AND due_at_ms > ?3",
    )?;
    let horizon = to_millis(later(now, MAX_HOLD));
    let future = to_millis(later(now, CLOCK_TOLERANCE));
    let longest = i64::try_from(MAX_HOLD.as_millis()).unwrap_or(i64::MAX);
    let now = to_millis(now);
    for lane in Lane::ALL {
        begin_again.execute(params![lane.as_str(), now, future, longest])?;
        end.execute(params![lane.as_str(), now, horizon])?;
    }
    Ok(())
}

/// Gives messages back that nobody has seen, as if they had not been delivered.
pub(super) fn undo_receive(
    connection: &Connection,
    receipts: &[Receipt],
    now: Timestamp,
) -> Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE messages
         SET leased = 0, due_at_ms = ?3, decided_at_ms = ?3, attempts = attempts - 1
         WHERE id = ?1 AND attempts = ?2 AND leased = 1",
    )?;
    for lease in receipts.iter().filter_map(Lease::from_receipt) {
        update.execute(params![lease.message, lease.attempt, to_millis(now)])?;
    }
    Ok(())
}

/// Ends the message, if the lease holds it.
pub(super) fn ack(connection: &Connection, lease: Lease) -> Result<bool> {
    connection
        .prepare_cached("DELETE FROM messages WHERE id = ?1 AND attempts = ?2 AND leased = 1")?
        .execute(params![lease.message, lease.attempt])
        .map(|rows| rows > 0)
}

/// Gives the message back, if the lease holds it.
pub(super) fn nack(
    connection: &Connection,
    lease: Lease,
    now: Timestamp,
    delay: Duration,
    blame: Blame,
) -> Result<bool> {
    connection
        .prepare_cached(
            "UPDATE messages
             SET leased = 0, due_at_ms = ?3, decided_at_ms = ?6,
                 failures = min(max(failures, 0), ?5) + ?4
             WHERE id = ?1 AND attempts = ?2 AND leased = 1",
        )?
        .execute(params![
            lease.message,
            lease.attempt,
            to_millis(later(now, delay)),
            blame == Blame::Crash,
            MAX_COUNT,
            to_millis(now)
        ])
        .map(|rows| rows > 0)
}

/// Moves the end of the lease, if it holds the message.
pub(super) fn extend(
    connection: &Connection,
    lease: Lease,
    now: Timestamp,
    by: Duration,
) -> Result<bool> {
    connection
        .prepare_cached(
            "UPDATE messages SET due_at_ms = ?3, decided_at_ms = ?4
             WHERE id = ?1 AND attempts = ?2 AND leased = 1",
        )?
        .execute(params![
            lease.message,
            lease.attempt,
            to_millis(later(now, by)),
            to_millis(now)
        ])
        .map(|rows| rows > 0)
}

/// Forgets all messages of a lane; how many they were.
pub(super) fn purge(connection: &Connection, lane: Lane) -> Result<u64> {
    connection
        .prepare_cached("DELETE FROM messages WHERE lane = ?1")?
        .execute([lane.as_str()])
        .map(|rows| rows as u64)
}

/// When the next message is due, if there is any that will be.
pub(super) fn next_due(connection: &Connection) -> Result<Option<Timestamp>> {
    let mut select = connection.prepare_cached(
        "SELECT due_at_ms FROM messages WHERE lane = ?1 ORDER BY due_at_ms LIMIT 1",
    )?;
    let mut next: Option<i64> = None;
    for lane in Lane::ALL {
        let due_at: Option<i64> = select
            .query_row([lane.as_str()], |row| row.get(0))
            .optional()?;
        next = [next, due_at].into_iter().flatten().min();
    }
    Ok(next.map(from_millis))
}

/// Counts everything.
pub(super) fn depth(connection: &Connection, now: Timestamp) -> Result<QueueDepth> {
    let mut depth = QueueDepth::default();
    let mut messages = connection.prepare_cached(
        "SELECT lane, count(*) FILTER (WHERE due_at_ms <= ?1),
             count(*) FILTER (WHERE due_at_ms > ?1 AND leased = 0),
             count(*) FILTER (WHERE due_at_ms > ?1 AND leased <> 0),
             min(published_at_ms)
         FROM messages GROUP BY lane",
    )?;
    let mut rows = messages.query([to_millis(now)])?;
    while let Some(row) = rows.next()? {
        let Some(lane) = lane_of(row, 0)? else {
            continue;
        };
        let lane = depth.lane_mut(lane);
        lane.waiting = count_of(row, 1)?;
        lane.delayed = count_of(row, 2)?;
        lane.leased = count_of(row, 3)?;
        let age = now.duration_since(from_millis(row.get(4)?));
        lane.oldest_age = Some(Duration::try_from(age).unwrap_or_default());
    }
    let mut dead =
        connection.prepare_cached("SELECT lane, count(*) FROM dead_letters GROUP BY lane")?;
    let mut rows = dead.query([])?;
    while let Some(row) = rows.next()? {
        let Some(lane) = lane_of(row, 0)? else {
            continue;
        };
        depth.lane_mut(lane).dead = count_of(row, 1)?;
    }
    Ok(depth)
}

/// The lane in a column. The table admits no other text; one that is there nevertheless is
/// skipped.
fn lane_of(row: &rusqlite::Row<'_>, column: usize) -> Result<Option<Lane>> {
    Ok(row.get_ref(column)?.as_str()?.parse().ok())
}

fn count_of(row: &rusqlite::Row<'_>, column: usize) -> Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}
