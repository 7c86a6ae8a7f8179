//! A child process and the thread that watches over it.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, WaitId, WaitIdOptions};
use tokio::sync::{oneshot, watch};

/// How much is kept of what a child says on its standard error: the end of it.
const MOST_SAID: usize = 4096;

/// A running child process. It is killed when this is dropped, and never left behind as a zombie.
pub(super) struct Process {
    child: Arc<Mutex<Child>>,
    ended: watch::Receiver<Option<Arc<End>>>,
}

/// How a child ended.
#[derive(Debug)]
pub(super) struct End {
    /// `None` if the operating system would not tell.
    pub(super) status: Option<ExitStatus>,
    /// The last that it said on its standard error.
    pub(super) said: String,
}

impl Process {
    /// Starts a process, whose standard error must be piped.
    ///
    /// A thread of its own starts it, watches it and collects it when it has ended: the kernel takes the end of the
    /// thread that started a process for the end of its parent.
    pub(super) async fn start(mut command: Command) -> io::Result<Self> {
        let (started, starting) = oneshot::channel();
        let (end, ended) = watch::channel(None);
        let watch_over = move || {
            let spawned = command.spawn().map(|mut child| {
                let said = child.stderr.take();
                (Arc::new(Mutex::new(child)), said)
            });
            match spawned {
                Ok((child, said)) => {
                    // Nobody may be waiting any more; the process then ends because nobody holds its channel.
                    let _ = started.send(Ok(Arc::clone(&child)));
                    // Closes the parent's copy of the child's end of the channel.
                    drop(command);
                    end.send_replace(Some(Arc::new(outlive(&child, said))));
                }
                Err(error) => drop(started.send(Err(error))),
            }
        };
        thread::Builder::new()
            .name("walker-watch".to_owned())
            .spawn(watch_over)?;
        let child = starting.await.map_err(io::Error::other)??;
        Ok(Self { child, ended })
    }

    pub(super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none() && self.ended.has_changed().is_ok()
    }

    /// Ends the process at once. One that has ended is not mistaken for another that has got its number.
    pub(super) fn kill(&self) {
        if let Err(error) = lock(&self.child).kill() {
            tracing::warn!(%error, "cannot kill a walker");
        }
    }

    /// Waits until the process has ended and is collected.
    pub(super) async fn ended(&self) -> Arc<End> {
        let mut ended = self.ended.clone();
        let end = ended.wait_for(Option::is_some).await;
        end.ok().and_then(|end| end.clone()).unwrap_or_else(|| {
            Arc::new(End {
                status: None,
                said: String::new(),
            })
        })
    }
}

/// Names of signals that say something about a program.
const SIGNALS: [(i32, &str); 8] = [
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (24, "SIGXCPU"),
    (31, "SIGSYS"),
];

impl End {
    /// The signal that ended the process, if one did.
    pub(super) fn signal(&self) -> Option<i32> {
        self.status?.signal()
    }

    /// Name of the signal, if it says something; numbers of others differ between systems.
    pub(super) fn signal_name(&self) -> Option<&'static str> {
        let signal = self.signal()?;
        let known = SIGNALS.iter().find(|(number, _)| *number == signal);
        known.map(|(_, name)| *name)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.signal(), self.status) {
            (Some(signal), _) => {
                let name = self.signal_name().unwrap_or("another signal");
                write!(f, "ended by signal {signal} ({name})")
            }
            (None, Some(status)) => write!(f, "ended by itself ({status})"),
            (None, None) => f.write_str("ended, nobody knows how"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Process")
            .field(&lock(&self.child).id())
            .finish()
    }
}

/// Listens to what the process says until it has ended.
fn outlive(child: &Mutex<Child>, said: Option<ChildStderr>) -> End {
    let said = said.map(tail).unwrap_or_default();
    let id = i32::try_from(lock(child).id()).ok().and_then(Pid::from_raw);
    if let Some(id) = id {
        // Waits without the lock, and without collecting: until that is done under the lock, the number of the process
        // is not given to another one, which `kill` would then hit.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let wait = || rustix::process::waitid(WaitId::Pid(id), options).map(drop);
        while wait() == Err(rustix::io::Errno::INTR) {}
    }
    let status = lock(child).wait().ok();
    End { status, said }
}

/// The end of all that comes out of `source`.
fn tail(mut source: impl Read) -> String {
    let mut tail = Vec::new();
    let mut piece = [0; 1024];
    loop {
        match source.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => {
                tail.extend_from_slice(&piece[..read]);
                tail.drain(..tail.len().saturating_sub(MOST_SAID));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&tail).trim().to_owned()
}

/// No code panics while it holds the lock, so a poisoned one is as good as any.
fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_told_with_the_last_it_said() {
        let talks = "i=0; while [ $i -lt 2000 ]; do echo $i >&2; i=$((i+1)); done; exit 7";
        let end = Process::start(shell(talks)).await.unwrap().ended().await;
        assert_eq!(end.status.unwrap().code(), Some(7));
        assert!(end.said.ends_with("\n1998\n1999"), "{}", end.said);
        assert!(end.said.len() <= MOST_SAID);
    }

    #[tokio::test]
    async fn a_process_is_killed_even_if_it_has_closed_its_standard_error() {
        let process = Process::start(shell("exec 2>&-; read forever </dev/zero; exec sleep 1000"))
            .await
            .unwrap();
        assert!(process.is_alive());
        process.kill();
        let end = process.ended().await;
        assert_eq!(end.status.unwrap().signal(), Some(9));
        assert!(!process.is_alive());
        // Once more does no harm.
        process.kill();
    }

    #[tokio::test]
    async fn a_program_that_does_not_exist_is_an_error() {
        let error = Process::start(Command::new("/no/such/program"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
