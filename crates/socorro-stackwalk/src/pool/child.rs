//! A child, as its parent sees it, and the conversation about one minidump.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::builder::Settings;
use super::document::Document;
use super::frame::{Channel, Frame, Kind};
use super::isolation::Isolation;
use super::loss::{Cause, Loss};
use super::message::{self, Answer, Reply, Request, Symbols, VERSION, Walk};
use super::parcel;
use super::process::{End, Process};
use crate::symbols::{LookUpSymbols, SymbolStore};

/// How long a child may take until it is ready.
const START: Duration = Duration::from_secs(30);

/// How long a child that has closed its channel may take to end.
const DEATH: Duration = Duration::from_secs(5);

/// How many questions may be open at once: more than any minidump has modules.
const MOST_QUESTIONS: usize = 1 << 16;

/// Answers above this size, some 10 ms of work, are decoded on a thread that may take its time. That of a browser with a
/// thousand frames has less than half a megabyte.
const LARGE: usize = 2 << 20;

/// A child that is ready for a minidump. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Child {
    process: Process,
    socket: UnixStream,
    /// Where the child leaves a byte when it begins a walk. It is only looked at when a child was lost: a message would
    /// wake this process for every walk.
    begun: UnixStream,
    /// How many minidumps it was given.
    pub(super) walks: u32,
}

/// Why a walk has no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The child was lost before it looked at the minidump, which has therefore nothing to do with it.
    NotBegun(String),
    /// The child was lost while it walked.
    Lost(Loss),
}

/// What goes wrong in a conversation.
enum Trouble {
    Deadline,
    Nonsense(String),
    Channel,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::Nonsense(error.to_string()),
            _ => Self::Channel,
        }
    }
}

impl Child {
    /// Starts a child and waits until it is ready.
    pub(super) async fn start(settings: &Settings) -> Result<(Self, Isolation), String> {
        let (socket, theirs) = sockets().map_err(|error| error.to_string())?;
        let (begun, begins) = sockets().map_err(|error| error.to_string())?;
        let command = settings.command(OwnedFd::from(theirs));
        let shown = settings.program.display();
        let process = Process::start(command)
            .await
            .map_err(|error| format!("cannot start {shown}: {error}"))?;
        let child = Self {
            process,
            socket,
            begun,
            walks: 0,
        };
        match timeout(START, child.greet(settings, begins)).await {
            Ok(Ok(isolation)) => Ok((child, isolation)),
            Ok(Err(trouble)) => {
                let end = child.end(matches!(trouble, Trouble::Channel)).await;
                let reason = match trouble {
                    Trouble::Nonsense(reason) => reason,
                    Trouble::Channel | Trouble::Deadline => format!("{end}: {}", end.said),
                };
                Err(format!("{shown} does not become a walker: {reason}"))
            }
            Err(_) => Err(format!(
                "{shown} is not ready for walking after {} s",
                START.as_secs()
            )),
        }
    }

    async fn greet(&self, settings: &Settings, begins: UnixStream) -> Result<Isolation, Trouble> {
        let mut channel = self.channel()?;
        let hello = Request::Hello {
            version: VERSION.to_owned(),
            limits: settings.limits,
            confine: settings.confine,
        };
        channel.send(&encode(&hello)?, &[begins.as_fd()]).await?;
        match reply(&channel.receive().await?)? {
            Reply::Ready(isolation) => Ok(isolation),
            other => Err(Trouble::Nonsense(format!("{other:?} instead of Ready"))),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.process.is_alive()
    }

    /// Ends the child and waits until it is collected.
    pub(super) async fn close(self) {
        self.process.kill();
        self.process.ended().await;
    }

    /// Lets the child walk a minidump. One that did not answer is ended.
    ///
    /// When this is dropped, the child is in the midst of a walk that nobody waits for, and must be dropped too.
    pub(super) async fn walk(
        &mut self,
        walk: &Walk,
        dump: &File,
        symbols: &SymbolStore,
        grace: Duration,
    ) -> Result<Answer<Document>, NoAnswer> {
        self.walks += 1;
        self.take_begun();
        let trouble = match self.converse(walk, dump, symbols, grace).await {
            Ok(answer) => return Ok(answer),
            Err(trouble) => trouble,
        };
        let end = self.end(matches!(trouble, Trouble::Channel)).await;
        if !self.take_begun() {
            return Err(NoAnswer::NotBegun(end.to_string()));
        }
        let cause = match trouble {
            Trouble::Deadline => Cause::Deadline,
            Trouble::Nonsense(reason) => Cause::Nonsense(reason),
            Trouble::Channel => Cause::Death,
        };
        Err(NoAnswer::Lost(Loss { cause, end }))
    }

    async fn converse(
        &self,
        walk: &Walk,
        dump: &File,
        symbols: &SymbolStore,
        grace: Duration,
    ) -> Result<Answer<Document>, Trouble> {
        let patience = Instant::now()
            .checked_add(walk.settings.deadline.saturating_add(grace))
            .unwrap_or_else(|| Instant::now() + FOR_EVER);
        let mut channel = self.channel()?;
        let order = encode(&Request::Walk(walk.clone()))?;
        channel.send(&order, &[dump.as_fd()]).await?;
        // Dropped with the questions that are still open, of which nobody wants to know the answer.
        let mut lookups = JoinSet::new();
        loop {
            tokio::select! {
                frame = channel.receive() => {
                    let frame = frame?;
                    if frame.kind == Kind::Answer {
                        return answer(frame).await;
                    }
                    match reply(&frame)? {
                        Reply::Ask { id, module } if lookups.len() < MOST_QUESTIONS => {
                            let symbols = symbols.clone();
                            lookups.spawn(async move {
                                parcel::pack(id, &symbols.look_up(&module).await)
                            });
                        }
                        other => return Err(Trouble::Nonsense(format!("unexpected {other:?}"))),
                    }
                }
                Some(found) = lookups.join_next() => {
                    // A panic of a symbol source; the child waits in vain until its deadline, as the walk in this
                    // process would.
                    let Ok((symbols, files)) = found else { continue };
                    send_symbols(&mut channel, symbols, &files).await?;
                }
                () = sleep_until(patience) => return Err(Trouble::Deadline),
            }
        }
    }

    /// Whether the child has begun a walk since this was asked last.
    fn take_begun(&self) -> bool {
        let mut bytes = [0; 16];
        let mut has_begun = false;
        while (&self.begun).read(&mut bytes).is_ok_and(|read| read > 0) {
            has_begun = true;
        }
        has_begun
    }

    fn channel(&self) -> io::Result<Channel> {
        Channel::new(self.socket.try_clone()?)
    }

    /// Waits for the end of a child that has closed its channel; any other is brought about.
    async fn end(&self, is_closed: bool) -> Arc<End> {
        if is_closed && let Ok(end) = timeout(DEATH, self.process.ended()).await {
            return end;
        }
        self.process.kill();
        self.process.ended().await
    }
}

/// A socket of this process, which does not block, and the other end of it, which does.
fn sockets() -> io::Result<(UnixStream, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((ours, theirs))
}

/// What a deadline beyond all time amounts to.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

async fn send_symbols(
    channel: &mut Channel,
    symbols: Symbols,
    files: &[File],
) -> Result<(), Trouble> {
    let descriptors: Vec<_> = files.iter().map(File::as_fd).collect();
    let content = encode(&Request::Symbols(symbols))?;
    Ok(channel.send(&content, &descriptors).await?)
}

fn encode(request: &Request) -> Result<Vec<u8>, Trouble> {
    message::encode(request).map_err(|_| Trouble::Channel)
}

fn reply(frame: &Frame) -> Result<Reply, Trouble> {
    message::decode(&frame.content).map_err(|error| Trouble::Nonsense(error.to_string()))
}

/// Large answers take a time for which no other task should have to wait.
async fn answer(frame: Frame) -> Result<Answer<Document>, Trouble> {
    let is_large = frame.content.len() > LARGE;
    let decode = move || message::decode(&frame.content);
    let decoded = if is_large {
        let decoding = tokio::task::spawn_blocking(decode).await;
        decoding.map_err(|error| Trouble::Nonsense(error.to_string()))?
    } else {
        decode()
    };
    decoded.map_err(|error| Trouble::Nonsense(error.to_string()))
}
