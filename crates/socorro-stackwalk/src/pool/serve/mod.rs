//! The life of a child.

mod confine;
mod parent;
mod symbols;

use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{self, ExitCode};
use std::sync::{Arc, mpsc};
use std::thread;

use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

use self::parent::{Order, Parent};
use self::symbols::{NoSymbols, ParentsSymbols};
use super::message::{self, Answer, Mode, Reply, Request, VERSION};
use crate::dump::{self, OwnedDump};
use crate::error::WalkError;
use crate::fence;
use crate::in_process::{InProcessStackwalker, STACK_SIZE};
use crate::symbols::LookUpSymbols;
use crate::walked::Walked;
use crate::walker::WalkOutcome;

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
pub(crate) fn serve_after(before: impl Fn(&[u8], bool) + Send) -> ExitCode {
    match life(before) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("walker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn life(before: impl Fn(&[u8], bool) + Send) -> io::Result<()> {
    let stream = inherited()?;
    let Some((
        Request::Hello {
            version,
            limits,
            confine,
        },
        mut files,
    )) = parent::next(&stream)?
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
    let begun = files.pop().map(UnixStream::from);
    let begun = begun.ok_or_else(|| io::Error::other("a hello came without its socket"))?;
    // First of all, while there is one thread: what is confined later than others are started lets them out.
    let isolation = confine::confine(limits, confine);
    let parent = Arc::new(Parent::new(stream));
    parent.say(&Reply::Ready(isolation))?;
    let (sender, orders) = mpsc::channel();
    let walking = Arc::clone(&parent);
    let walk = move || {
        let walk_all = || walk_all(&walking, begun, orders, limits.mapped, before);
        // A panic would end this thread only.
        let ended = fence::catch(walk_all)
            .unwrap_or_else(|panic| Err(io::Error::other(WalkError::from(panic))));
        // The other thread may be waiting for the parent.
        end(&ended);
    };
    thread::scope(|scope| -> io::Result<()> {
        thread::Builder::new()
            .name("stackwalk".to_owned())
            .stack_size(STACK_SIZE)
            .spawn_scoped(scope, walk)?;
        // Whatever is being walked when that ends, nobody waits for it.
        end(&parent::listen(&parent, &sender));
    })
}

/// Ends the process, whatever its other threads do.
fn end(how: &io::Result<()>) -> ! {
    if let Err(error) = how {
        eprintln!("walker: {error}");
    }
    process::exit(i32::from(how.is_err()))
}

/// Walks the minidumps that the parent sends, one after the other, on this thread: another thread for each, as in other
/// processes, would cost as much as a tenth of a short walk.
fn walk_all(
    parent: &Arc<Parent>,
    mut begun: UnixStream,
    orders: mpsc::Receiver<Order>,
    mapped: u64,
    before: impl Fn(&[u8], bool),
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let symbols = Arc::new(ParentsSymbols::new(Arc::clone(parent), mapped));
    for order in orders {
        begun.write_all(&[0])?;
        confine::allow_time(order.walk.settings.deadline);
        parent.answer(&walk(order, &runtime, &symbols, &before)?)?;
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

/// Walks a minidump; gives the content of the answer.
fn walk(
    order: Order,
    runtime: &Runtime,
    symbols: &Arc<ParentsSymbols>,
    before: impl Fn(&[u8], bool),
) -> io::Result<Vec<u8>> {
    let Order { walk, dump } = order;
    before(&crate::map::map(&dump)?, walk.mode == Mode::Salvage);
    let (dump, symbols_of_mode): (_, Arc<dyn LookUpSymbols>) = match walk.mode {
        Mode::Full => (OwnedDump::File(dump), Arc::clone(symbols) as _),
        Mode::Salvage => (
            OwnedDump::Bytes(dump::salvageable(&dump)?),
            Arc::new(NoSymbols),
        ),
    };
    // The parent made this text.
    let annotations: Map<String, Value> =
        serde_json::from_str(&walk.annotations).unwrap_or_default();
    let walker = InProcessStackwalker::with(walk.settings, symbols_of_mode);
    let known = Arc::clone(symbols);
    let finish = move |walked: Walked| {
        let (exit_code, log) = WalkOutcome::ending(walked.partial());
        message::encode(&Answer {
            exit_code,
            document: Some(walked.document()),
            log,
            symbolication: Some(walked.symbolication()),
            known: known.take_known(),
        })
    };
    let encoded = match walker.run_here(runtime, dump, &annotations, finish) {
        Ok(encoded) => encoded,
        Err(error) => message::encode(&failed(error, symbols)),
    };
    encoded.map_err(io::Error::other)
}

fn failed(error: WalkError, symbols: &ParentsSymbols) -> Answer<Value> {
    let outcome = WalkOutcome::from(error);
    Answer {
        exit_code: outcome.exit_code,
        document: None,
        log: outcome.log,
        symbolication: None,
        known: symbols.take_known(),
    }
}
