//! The walker that works in child processes.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tracing::{error, warn};

use super::builder::{Settings, WalkerPoolBuilder};
use super::child::NoAnswer;
use super::document::Document;
use super::dump_file;
use super::isolation::Isolation;
use super::loss::{Cause, Loss};
use super::message::{Answer, Mode, Walk};
use super::roster::{Restart, Roster};
use crate::dump::OwnedDump;
use crate::error::WalkError;
use crate::in_process::InProcessStackwalker;
use crate::metrics;
use crate::symbols::SymbolStore;
use crate::walker::{Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

/// How often a minidump is handed out anew after a child was lost that had not looked at it yet.
const ATTEMPTS: u32 = 3;

/// How long a walk may take that only saves what can be saved.
const SALVAGE: Duration = Duration::from_secs(10);

/// Walks minidumps in child processes.
///
/// A minidump that ends its walker, by an abort, by taking all memory, or by never coming to an end, ends with
/// the status that says so, and with the system information, modules and threads that a second child could read without
/// walking; no other walk is affected. Children have bounds on memory and processor time, and give up the right to open
/// files and use the network where the operating system lets them ([`isolation`](Self::isolation)): the parent hands them
/// open files, of the minidump and of the symbols that they ask for.
///
/// A child serves many minidumps one after the other, and keeps the symbols mapped that it was handed; the memory of
/// symbol files is shared by all processes.
///
/// Children are the same program, or another, that calls [`serve`](super::serve) when it is started with certain
/// arguments:
///
/// ```no_run
/// use std::process::ExitCode;
/// use socorro_stackwalk::{SymbolStore, WalkerPool, pool};
///
/// fn main() -> ExitCode {
///     if std::env::args().nth(1).as_deref() == Some("walker-child") {
///         return pool::serve();
///     }
///     # fn build() -> std::io::Result<()> {
///     let pool = WalkerPool::builder(pool::this_program()?)
///         .argument("walker-child")
///         .symbols(SymbolStore::empty())
///         .build();
///     # Ok(()) }
///     // Use `pool` as any `Stackwalker`.
///     ExitCode::SUCCESS
/// }
/// ```
///
/// Must be used within a tokio runtime, of either flavour, with its time and I/O drivers enabled. Cloning gives another
/// handle to the same pool. Children end with the last handle, and with the process, however that ends.
#[derive(Clone, Debug)]
pub struct WalkerPool {
    roster: Arc<Roster>,
    symbols: SymbolStore,
}

impl WalkerPool {
    /// A pool whose children run `program`, to be told the rest.
    pub fn builder(program: impl Into<PathBuf>) -> WalkerPoolBuilder {
        WalkerPoolBuilder::new(program.into())
    }

    pub(super) fn new(settings: Settings, symbols: SymbolStore) -> Self {
        Self {
            roster: Arc::new(Roster::new(settings)),
            symbols,
        }
    }

    /// Starts a child, unless there is one, and tells what keeps it in.
    ///
    /// # Errors
    ///
    /// When children cannot be started.
    pub async fn check(&self) -> Result<Isolation, WalkError> {
        let no_walker = |reason| WalkError::NoWalker { reason };
        self.roster.child().await.map_err(no_walker)?.give_back();
        let isolation = self.isolation().cloned();
        isolation.ok_or_else(|| no_walker("the walker does not tell its limits".to_owned()))
    }

    /// What keeps the children in; `None` until one was started.
    pub fn isolation(&self) -> Option<&Isolation> {
        self.roster.isolation()
    }

    /// Lets walks come to their end, and ends all children. Later walks fail.
    pub async fn close(&self) {
        self.roster.close().await;
    }

    async fn answer(&self, request: WalkRequest<'_>) -> Result<WalkOutcome, WalkError> {
        let settings = self.roster.settings().walk;
        let limit = settings.max_dump_size;
        let dump = open(OwnedDump::from(request.dump), limit).await?;
        let walk = Walk {
            annotations: annotations_for_walk(request.annotations),
            settings,
            mode: Mode::Full,
        };
        match self.attempt(&walk, &dump).await? {
            Ok(answer) => Ok(outcome(answer)),
            Err(loss) => {
                warn!(status = loss.name(), "a minidump ended its walker: {loss}");
                Ok(self.salvage(walk, &dump, &loss).await)
            }
        }
    }

    /// Walks in a child. The child may be lost over it, but one that was lost before it began is replaced.
    async fn attempt(
        &self,
        walk: &Walk,
        dump: &File,
    ) -> Result<Result<Answer<Document>, Loss>, WalkError> {
        let mut reason = String::new();
        for _ in 0..ATTEMPTS {
            let no_walker = |reason| WalkError::NoWalker { reason };
            let mut at_work = self.roster.child().await.map_err(no_walker)?;
            match at_work.walk(walk, dump, &self.symbols).await {
                Ok(answer) => {
                    if answer.document.is_none() && answer.exit_code == WalkOutcome::KILLED {
                        // A walk that could not even be stopped may still be going on.
                        at_work.let_go(Restart::Killed);
                    } else {
                        at_work.give_back();
                    }
                    return Ok(Ok(answer));
                }
                Err(NoAnswer::Lost(loss)) => {
                    at_work.let_go(match loss.cause {
                        Cause::Death => Restart::Died,
                        Cause::Deadline | Cause::Nonsense(_) => Restart::Killed,
                    });
                    return Ok(Err(loss));
                }
                Err(NoAnswer::NotBegun(why)) => {
                    at_work.let_go(Restart::DiedIdle);
                    reason = why;
                }
            }
        }
        Err(WalkError::NoWalker { reason })
    }

    /// What can be said about a minidump that ended its walker: how, and what is in it besides stacks.
    async fn salvage(&self, mut walk: Walk, dump: &File, loss: &Loss) -> WalkOutcome {
        walk.mode = Mode::Salvage;
        walk.settings.deadline = walk.settings.deadline.min(SALVAGE);
        let document = match self.attempt(&walk, dump).await {
            Ok(Ok(answer)) => answer.document,
            Ok(Err(again)) => {
                warn!(status = again.name(), "nothing can be saved of it: {again}");
                None
            }
            Err(error) => {
                error!(%error, "cannot save what is in it");
                None
            }
        };
        WalkOutcome {
            exit_code: loss.exit_code(),
            output: document.map_or(WalkOutput::None, |Document(document)| {
                WalkOutput::Json(with_status(document, loss.name()))
            }),
            log: Some(loss.log()),
            symbolication: None,
        }
    }
}

async fn open(dump: OwnedDump, limit: u64) -> Result<File, WalkError> {
    if dump_file::is_quick(&dump) {
        return dump_file::file_of(dump, limit);
    }
    let opening = tokio::task::spawn_blocking(move || dump_file::file_of(dump, limit));
    opening.await.unwrap_or_else(|error| {
        Err(WalkError::NoWalker {
            reason: error.to_string(),
        })
    })
}

/// A document that is not all there is does not say `OK`.
fn with_status(mut document: Value, status: &str) -> Value {
    if let Some(field) = document.get_mut("status") {
        *field = status.into();
    }
    document
}

/// The annotations that reach the stackwalk document.
fn annotations_for_walk(annotations: &Map<String, Value>) -> String {
    let relevant = crate::annotations::RELEVANT.into_iter();
    let relevant: Map<String, Value> = relevant
        .filter_map(|name| Some((name.to_owned(), annotations.get(name)?.clone())))
        .collect();
    Value::Object(relevant).to_string()
}

fn outcome(answer: Answer<Document>) -> WalkOutcome {
    let (hits, negative_hits) = answer.known;
    metrics::count_many(&metrics::HIT, hits);
    metrics::count_many(&metrics::NEGATIVE_HIT, negative_hits);
    WalkOutcome {
        exit_code: answer.exit_code,
        output: match answer.document {
            Some(Document(document)) => WalkOutput::Json(document),
            None => WalkOutput::None,
        },
        log: answer.log,
        symbolication: match answer.symbolication {
            Some(Document(Value::Object(symbolication))) => Some(symbolication),
            _ => None,
        },
    }
}

#[async_trait]
impl Stackwalker for WalkerPool {
    fn version(&self) -> String {
        InProcessStackwalker::new().version()
    }

    fn is_isolated(&self) -> bool {
        true
    }

    async fn walk(&self, request: WalkRequest<'_>) -> WalkOutcome {
        self.answer(request).await.unwrap_or_else(WalkOutcome::from)
    }
}
