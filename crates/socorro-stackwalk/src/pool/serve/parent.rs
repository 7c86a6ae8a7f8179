//! The parent, as the child sees it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use tokio::sync::oneshot;

use super::super::frame::{self, Kind};
use super::super::message::{self, Reply, Request, Symbols, Walk};
use crate::symbols::ModuleName;

/// The parent, as the child sees it.
#[derive(Debug)]
pub(super) struct Parent {
    stream: UnixStream,
    /// Held while a frame is sent: it must not be interrupted by another one.
    turn: Mutex<()>,
    questions: Mutex<Questions>,
}

/// What was asked and not answered yet.
#[derive(Debug, Default)]
struct Questions {
    next: u32,
    open: HashMap<u32, oneshot::Sender<(Symbols, Vec<OwnedFd>)>>,
}

/// A minidump to walk.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) walk: Walk,
    pub(super) dump: File,
}

impl Parent {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            turn: Mutex::default(),
            questions: Mutex::default(),
        }
    }

    pub(super) fn say(&self, reply: &Reply) -> io::Result<()> {
        let content = message::encode(reply).map_err(io::Error::other)?;
        self.send(Kind::Message, &content)
    }

    /// Sends the content of an answer.
    pub(super) fn answer(&self, content: &[u8]) -> io::Result<()> {
        self.send(Kind::Answer, content)
    }

    /// Asks for the symbols of a module.
    pub(super) async fn ask(&self, module: ModuleName) -> io::Result<(Symbols, Vec<OwnedFd>)> {
        let (sender, receiver) = oneshot::channel();
        let id = {
            let mut questions = self.questions();
            questions.next = questions.next.wrapping_add(1);
            let id = questions.next;
            questions.open.insert(id, sender);
            id
        };
        self.say(&Reply::Ask { id, module })?;
        receiver.await.map_err(io::Error::other)
    }

    fn send(&self, kind: Kind, content: &[u8]) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        frame::send(&self.stream, kind, content)
    }

    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Receives the next message; `None` when the parent is gone.
pub(super) fn next(stream: &UnixStream) -> io::Result<Option<(Request, Vec<OwnedFd>)>> {
    let Some((content, files)) = frame::receive(stream)? else {
        return Ok(None);
    };
    let request = message::decode(&content).map_err(io::Error::other)?;
    Ok(Some((request, files)))
}

/// Listens to the parent until it is gone, and passes the minidumps on that it sends.
///
/// # Errors
///
/// When the parent is not to be understood.
pub(super) fn listen(parent: &Parent, orders: &mpsc::Sender<Order>) -> io::Result<()> {
    while let Some((request, mut files)) = next(&parent.stream)? {
        match request {
            Request::Walk(walk) => {
                let dump = files
                    .pop()
                    .ok_or_else(|| io::Error::other("a minidump came without its file"))?
                    .into();
                orders
                    .send(Order { walk, dump })
                    .map_err(io::Error::other)?;
            }
            Request::Symbols(symbols) => {
                let asker = parent.questions().open.remove(&symbols.id);
                // Who asked may have given up meanwhile.
                if let Some(asker) = asker {
                    let _ = asker.send((symbols, files));
                }
            }
            Request::Hello { .. } => return Err(io::Error::other("hello again")),
        }
    }
    Ok(())
}
