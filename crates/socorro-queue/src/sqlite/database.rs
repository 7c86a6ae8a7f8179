//! One connection, used by any number of tasks.
//!
//! A commit costs a flush of the disk, which is far more than everything else a call does. So calls
//! that come while the disk is busy are collected and run in one transaction, and each is answered
//! when that transaction is on disk. The work is done by one blocking task of the runtime at a time,
//! started when there is something to do: no thread waits for nothing, none has to be stopped, and
//! a paused clock of a test knows that somebody is working.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::{runtime::Handle, sync::oneshot};

use super::file::QueueFile;
use crate::error::Error;

/// Most calls in one transaction.
const MAX_CALLS: usize = 256;
/// After how many transactions the length of the log is looked at.
const LOOK_AT_LOG_EVERY: u32 = 256;

/// A database; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: QueueFile,
    connection: Mutex<Connection>,
    inbox: Mutex<Inbox>,
}

/// Calls that wait to be run.
#[derive(Default)]
struct Inbox {
    calls: VecDeque<Box<dyn Call>>,
    /// Whether a [`Runner`] is there, who will see calls that are added now.
    has_runner: bool,
    transactions: u32,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox")
            .field("calls", &self.calls.len())
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database at `path`; blocks.
    pub(super) fn open(path: &Path, busy_timeout: Duration) -> Result<Self, Error> {
        let (file, connection) = QueueFile::open(path, busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(32);
        let shared = Arc::new(Shared {
            file,
            connection: Mutex::new(connection),
            inbox: Mutex::default(),
        });
        Ok(Self { shared })
    }

    /// Runs `work`, which only reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.call(false, work, |done| done).await
    }

    /// Runs `work` in a transaction; returns when it is on disk.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.call(true, work, |done| done).await
    }

    /// Like [`write`](Self::write). `then` gets the result when it is on disk, even if the caller
    /// has gone away by then.
    pub(super) async fn write_then<T: Send + 'static, U: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, Error> {
        self.call(true, work, then).await
    }

    /// Runs `work` some time soon; nobody waits for it.
    pub(super) fn write_later(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) {
        let (reply, _) = oneshot::channel();
        self.submit(Box::new(OneCall {
            writes: true,
            work: Some(work),
            result: None,
            then: |()| (),
            reply,
        }));
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.shared.file.path()
    }

    /// Deletes the file while nobody can write to it; says whether it was there.
    pub(super) async fn delete(&self) -> Result<bool, Error> {
        let shared = Arc::clone(&self.shared);
        self.write(move |_| Ok(shared.file.delete())).await?
    }

    async fn call<T: Send + 'static, U: Send + 'static>(
        &self,
        writes: bool,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, Error> {
        let (reply, answer) = oneshot::channel();
        self.submit(Box::new(OneCall {
            writes,
            work: Some(work),
            result: None,
            then,
            reply,
        }));
        answer.await.unwrap_or_else(|_| Err(self.shared.stopped()))
    }

    fn submit(&self, call: Box<dyn Call>) {
        let mut inbox = self.shared.inbox();
        inbox.calls.push_back(call);
        if inbox.has_runner {
            return;
        }
        inbox.has_runner = true;
        drop(inbox);
        let runner = Runner {
            shared: Arc::clone(&self.shared),
            finished: false,
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || runner.run())),
            // Called from a destructor after the runtime is gone.
            Err(_) => runner.run(),
        }
    }
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> Error {
        Error::Unavailable {
            queue: self.file.name(),
            reason: "the runtime stopped before the call was answered".to_owned(),
            retry_after: None,
            source: None,
        }
    }

    /// Runs all of `calls` in one transaction and commits it. A call that fails is undone alone.
    fn transact(&self, calls: &mut [Box<dyn Call>]) -> Result<(), Error> {
        let in_words = |error| self.file.sqlite_error(error);
        let behavior = if calls.iter().any(|call| call.writes()) {
            self.file.check_in_place()?;
            TransactionBehavior::Immediate
        } else {
            TransactionBehavior::Deferred
        };
        let mut connection = self.connection();
        let mut transaction = connection
            .transaction_with_behavior(behavior)
            .map_err(in_words)?;
        for call in calls {
            let savepoint = transaction.savepoint().map_err(in_words)?;
            let result = call.run(&savepoint, &self.file);
            if savepoint.is_autocommit() {
                // A full disk and the like end the whole transaction.
                return Err(result.err().unwrap_or_else(|| self.stopped()));
            }
            if result.is_ok() {
                savepoint.commit().map_err(in_words)?;
            }
        }
        transaction.commit().map_err(in_words)
    }

    /// Looks after the log now and then.
    fn tidy(&self) {
        let transactions = {
            let mut inbox = self.inbox();
            inbox.transactions = inbox.transactions.wrapping_add(1);
            inbox.transactions
        };
        if transactions.is_multiple_of(LOOK_AT_LOG_EVERY)
            && let Err(error) = self.file.keep_log_short(&self.connection())
        {
            tracing::debug!(queue = %self.file.name(), %error, "log of the queue stays long for now");
        }
    }
}

/// Runs calls until there are none.
struct Runner {
    shared: Arc<Shared>,
    finished: bool,
}

impl Runner {
    fn run(mut self) {
        while let Some(mut calls) = self.next_calls() {
            let committed = self.shared.transact(&mut calls);
            for call in calls {
                call.answer(committed.clone());
            }
            self.shared.tidy();
        }
    }

    fn next_calls(&mut self) -> Option<Vec<Box<dyn Call>>> {
        let mut inbox = self.shared.inbox();
        if inbox.calls.is_empty() {
            inbox.has_runner = false;
            self.finished = true;
            return None;
        }
        let count = inbox.calls.len().min(MAX_CALLS);
        Some(inbox.calls.drain(..count).collect())
    }
}

/// A runtime that shuts down drops a runner before its start. The callers that relied on it must
/// hear of it, and the next call needs another runner.
impl Drop for Runner {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let unanswered = {
            let mut inbox = self.shared.inbox();
            inbox.has_runner = false;
            std::mem::take(&mut inbox.calls)
        };
        drop(unanswered);
    }
}

/// One call with its way back, whatever its types.
trait Call: Send {
    fn writes(&self) -> bool;

    /// Does the work; an error has been kept for the caller.
    fn run(&mut self, connection: &Connection, file: &QueueFile) -> Result<(), Error>;

    /// Tells the caller, once it is known whether the work is on disk.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

struct OneCall<W, T, F, U> {
    writes: bool,
    work: Option<W>,
    result: Option<Result<T, Error>>,
    then: F,
    reply: oneshot::Sender<Result<U, Error>>,
}

impl<W, T, F, U> Call for OneCall<W, T, F, U>
where
    W: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
    F: FnOnce(T) -> U + Send,
    U: Send,
{
    fn writes(&self) -> bool {
        self.writes
    }

    fn run(&mut self, connection: &Connection, file: &QueueFile) -> Result<(), Error> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        match work(connection) {
            Ok(done) => {
                self.result = Some(Ok(done));
                Ok(())
            }
            Err(error) => {
                let error = file.sqlite_error(error);
                self.result = Some(Err(error.clone()));
                Err(error)
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let answer = match (committed, self.result) {
            (Ok(()), Some(Ok(done))) => Ok((self.then)(done)),
            (_, Some(Err(error))) | (Err(error), _) => Err(error),
            // Without an answer the caller learns that the call was not run.
            (Ok(()), None) => return,
        };
        // A caller that has gone away needs no answer.
        let _ = self.reply.send(answer);
    }
}
