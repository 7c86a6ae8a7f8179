//! The life of a child.

mod confine;
mod parent;
mod symbols;

use std::io;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use self::parent::{Order, Parent};
use self::symbols::{NoSymbols, ParentsSymbols};
use super::message::{Answer, Mode, Reply, Request, VERSION};
use crate::dump;
use crate::in_process::InProcessStackwalker;
use crate::symbols::LookUpSymbols;
use crate::walker::{Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

/// Is a child of a [`WalkerPool`](super::WalkerPool): walks what the parent sends, until the parent hangs up.
///
/// A program that uses a pool calls this as the first thing when it was started with the arguments that it gave to
/// [`WalkerPool::builder`](super::WalkerPool::builder), and ends with the exit code.
///
/// Standard input is the channel to the parent. When the parent is gone, this ends the process, also in the middle of a
/// walk.
pub fn serve() -> ExitCode {
    serve_after(|_, _| ())
}

/// [`serve`] for tests: does something with every minidump before it is walked, and knows whether it is one of which
/// only is saved what can be saved.
pub(crate) fn serve_after(before: impl Fn(&[u8], bool)) -> ExitCode {
    match life(before) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("walker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn life(before: impl Fn(&[u8], bool)) -> io::Result<()> {
    let stream = inherited()?;
    let hello = parent::next(&stream)?.map(|(request, _)| request);
    let Some(Request::Hello {
        version,
        limits,
        confine,
    }) = hello
    else {
        return Err(io::Error::other(
            "nobody says hello: this is started by a pool of walkers, and of no use by itself",
        ));
    };
    if version != VERSION {
        return Err(io::Error::other(format!(
            "the parent is of version {version}, this is {VERSION}; start children from the same program file"
        )));
    }
    // First of all, while there is one thread: what is confined later than others are started lets them out.
    let isolation = confine::confine(limits, confine);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let parent = Arc::new(Parent::new(stream));
    parent.say(&Reply::Ready(isolation))?;
    let orders = parent::listen(Arc::clone(&parent))?;
    let symbols = Arc::new(ParentsSymbols::new(Arc::clone(&parent), limits.mapped));
    for order in orders {
        parent.say(&Reply::Begun)?;
        confine::allow_time(order.walk.deadline);
        let answer = runtime.block_on(walk(order, &symbols, &before))?;
        parent.answer(&answer)?;
    }
    Ok(())
}

/// The channel that the parent left as standard input.
fn inherited() -> io::Result<UnixStream> {
    let standard_input = io::stdin();
    let stream = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(&standard_input, 3)?);
    // Fails for everything that is not a socket.
    stream.peer_addr().map_err(|error| {
        io::Error::other(format!(
            "standard input is not a channel ({error}): this is started by a pool of walkers, and of no use by itself"
        ))
    })?;
    Ok(stream)
}

async fn walk(
    order: Order,
    symbols: &Arc<ParentsSymbols>,
    before: impl Fn(&[u8], bool),
) -> io::Result<Answer<Value>> {
    let mut bytes = crate::map::map(&order.dump)?;
    before(&bytes, order.walk.mode == Mode::Salvage);
    let symbols_of_mode: Arc<dyn LookUpSymbols> = match order.walk.mode {
        Mode::Full => Arc::clone(symbols) as _,
        Mode::Salvage => {
            bytes = dump::salvageable(&bytes);
            Arc::new(NoSymbols)
        }
    };
    let outcome = outcome(&order, bytes, symbols_of_mode).await;
    Ok(Answer {
        exit_code: outcome.exit_code,
        document: match outcome.output {
            WalkOutput::Json(document) => Some(document),
            WalkOutput::Text(_) | WalkOutput::None => None,
        },
        log: outcome.log,
        symbolication: outcome.symbolication.map(Value::Object),
        known: symbols.take_known(),
    })
}

async fn outcome(order: &Order, bytes: Bytes, symbols: Arc<dyn LookUpSymbols>) -> WalkOutcome {
    // The parent made this text.
    let annotations: Map<String, Value> =
        serde_json::from_str(&order.walk.annotations).unwrap_or_default();
    let walker = InProcessStackwalker::new()
        .looking_up(symbols)
        .deadline(order.walk.deadline)
        .max_dump_size(order.walk.max_dump_size)
        .max_frames(order.walk.max_frames);
    let request = WalkRequest {
        dump: bytes.into(),
        annotations: &annotations,
    };
    walker.walk(request).await
}
