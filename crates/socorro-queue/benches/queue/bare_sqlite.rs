//! SQLite without this crate: the same table, index, durability and transactions.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

use rusqlite::{Connection, params};
use socorro_queue::{CrashQueue, QueueOptions, SqliteQueue};

use crate::{Extent, job, measure, one_crash, report_cost};

pub(crate) async fn compare(extent: Extent) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ours.sqlite");
    let queue = SqliteQueue::open(&path, QueueOptions::default());
    let queue: Arc<dyn CrashQueue> = Arc::new(queue.await.unwrap());
    measure("SQLite", &queue, extent).await;

    let bare = Arc::new(Mutex::new(open(&directory.path().join("bare.sqlite"))));
    let (mut ours_took, mut bare_took) = (Vec::new(), Vec::new());
    for _ in 0..(extent.turns * extent.crashes / 8).max(1) {
        let begun = Instant::now();
        one_crash(&*queue).await;
        ours_took.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        bare_crash(&bare).await;
        bare_took.push(begun.elapsed().as_secs_f64());
    }
    report_cost("SQLite", ours_took, bare_took);
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .unwrap();
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             CREATE TABLE messages (
                 id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, body BLOB NOT NULL,
                 attempts INTEGER NOT NULL DEFAULT 0, due_at_ms INTEGER NOT NULL) STRICT;
             CREATE INDEX messages_by_due ON messages (lane, due_at_ms, id);",
        )
        .unwrap();
    connection
}

/// Three transactions, as the three calls are.
async fn bare_crash(connection: &Arc<Mutex<Connection>>) {
    let body = job().to_body();
    transaction(connection, move |connection| {
        connection
            .prepare_cached(
                "INSERT INTO messages (lane, body, due_at_ms) VALUES ('standard', ?1, 1)",
            )?
            .execute(params![body.as_ref()])
    })
    .await;
    let id: i64 = transaction(connection, |connection| {
        connection
            .prepare_cached(
                "UPDATE messages SET attempts = attempts + 1, due_at_ms = 60000
                 WHERE id = (SELECT id FROM messages WHERE lane = 'standard' AND due_at_ms <= 1
                             ORDER BY due_at_ms, id LIMIT 1)
                 RETURNING id",
            )?
            .query_row([], |row| row.get(0))
    })
    .await;
    transaction(connection, move |connection| {
        connection
            .prepare_cached("DELETE FROM messages WHERE id = ?1")?
            .execute([id])
    })
    .await;
}

/// A flush takes long, and the threads of an async program are not to be blocked for so long.
async fn transaction<T: Send + 'static>(
    connection: &Arc<Mutex<Connection>>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> T {
    let connection = Arc::clone(connection);
    tokio::task::spawn_blocking(move || work(&connection.lock().unwrap()).unwrap())
        .await
        .unwrap()
}
