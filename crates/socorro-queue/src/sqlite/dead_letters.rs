//! What can be done to dead letters, in SQL.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use socorro_core::time::Timestamp;

use super::time::{from_millis, to_millis};
use crate::{
    dead_letter::{DeadLetter, DeadLetterCause, DeadLetterId, DeadLetterReason},
    lane::Lane,
    lease::Lease,
    limits::MAX_BODY_BYTES,
};

/// Moves the message to the dead letters, if the lease holds it; says whether it is there now.
pub(super) fn bury(
    connection: &Connection,
    lease: Lease,
    cause: &DeadLetterCause,
    now: Timestamp,
    host: &str,
) -> Result<bool> {
    let moved = connection
        .prepare_cached(
            "INSERT INTO dead_letters (id, lane, body, reason, last_error, attempts, failures,
                 published_at_ms, first_received_at_ms, dead_lettered_at_ms, host)
             SELECT id, lane, body, ?3, ?4, attempts, failures,
                 published_at_ms, coalesce(first_received_at_ms, ?5), ?5, ?6
             FROM messages WHERE id = ?1 AND attempts = ?2 AND leased = 1",
        )?
        .execute(params![
            lease.message,
            lease.attempt,
            cause.reason.as_str(),
            cause.last_error,
            to_millis(now),
            host
        ])?;
    if moved > 0 {
        connection
            .prepare_cached("DELETE FROM messages WHERE id = ?1")?
            .execute([lease.message])?;
        return Ok(true);
    }
    // The same call may have been made before.
    connection
        .prepare_cached("SELECT 1 FROM dead_letters WHERE id = ?1 AND attempts = ?2")?
        .exists(params![lease.message, lease.attempt])
}

/// `?1` bounds what somebody else may have written. SQLite's `substr` makes NULL of an empty body.
const COLUMNS: &str = "id, lane, coalesce(substr(body, 1, ?1), x''), substr(reason, 1, ?1), \
    substr(last_error, 1, ?1), attempts, \
    published_at_ms, first_received_at_ms, dead_lettered_at_ms, substr(host, 1, ?1), failures";

/// Up to `max` dead letters in the order in which they were published.
pub(super) fn list(
    connection: &Connection,
    after: Option<i64>,
    max: usize,
) -> Result<Vec<DeadLetter>> {
    let sql = format!("SELECT {COLUMNS} FROM dead_letters WHERE id > ?2 ORDER BY id LIMIT ?3");
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    connection
        .prepare_cached(&sql)?
        .query_map(
            params![text_limit(), after.unwrap_or(i64::MIN), max],
            dead_letter_of,
        )?
        .collect()
}

/// One dead letter.
pub(super) fn get(connection: &Connection, id: i64) -> Result<Option<DeadLetter>> {
    let sql = format!("SELECT {COLUMNS} FROM dead_letters WHERE id = ?2");
    connection
        .prepare_cached(&sql)?
        .query_row(params![text_limit(), id], dead_letter_of)
        .optional()
}

/// Publishes the message again; says whether there was such a dead letter.
pub(super) fn replay(connection: &Connection, id: i64, now: Timestamp) -> Result<bool> {
    connection
        .prepare_cached(
            "INSERT INTO messages (lane, body, published_at_ms, due_at_ms, decided_at_ms)
             SELECT lane, body, ?2, ?2, ?2 FROM dead_letters WHERE id = ?1",
        )?
        .execute(params![id, to_millis(now)])?;
    discard(connection, id)
}

/// Forgets the dead letter; says whether there was one.
pub(super) fn discard(connection: &Connection, id: i64) -> Result<bool> {
    connection
        .prepare_cached("DELETE FROM dead_letters WHERE id = ?1")?
        .execute([id])
        .map(|rows| rows > 0)
}

fn text_limit() -> i64 {
    i64::try_from(MAX_BODY_BYTES).unwrap_or(i64::MAX)
}

/// A count; an absurd one, written by somebody else, is cut to its bounds.
fn count_of(row: &Row<'_>, column: usize) -> Result<u32> {
    let count: i64 = row.get(column)?;
    Ok(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}

fn dead_letter_of(row: &Row<'_>) -> Result<DeadLetter> {
    let id: i64 = row.get(0)?;
    let reason = match row.get_ref(3)?.as_str()?.parse::<DeadLetterReason>() {
        Ok(reason) => reason,
        Err(never) => match never {},
    };
    Ok(DeadLetter {
        id: DeadLetterId::new(id.to_string()),
        // The table admits the names of lanes only.
        lane: row.get_ref(1)?.as_str()?.parse().unwrap_or(Lane::Standard),
        body: Bytes::from(row.get::<_, Vec<u8>>(2)?),
        cause: DeadLetterCause::new(reason, row.get::<_, String>(4)?),
        attempts: count_of(row, 5)?,
        failures: count_of(row, 10)?,
        published_at: from_millis(row.get(6)?),
        first_received_at: from_millis(row.get(7)?),
        dead_lettered_at: from_millis(row.get(8)?),
        host: row.get(9)?,
    })
}
