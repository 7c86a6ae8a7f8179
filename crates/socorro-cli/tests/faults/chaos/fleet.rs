//! The processors: real processes, started again whenever they end.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};
use tokio::{
    process::{Child, Command},
    sync::mpsc,
    task::JoinHandle,
};

use super::site::Site;

/// How long to wait before a processor is started again, as a supervisor of services does.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a processor that was told to end may take. Its own grace time is shorter.
const LONGEST_END: Duration = Duration::from_secs(30);

/// What is done to a processor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Kill,
    Terminate,
    /// Stopped in the middle, for longer than its leases last.
    Freeze(Duration),
    /// Started without the right to write files of any size, for so long.
    Cramp(Duration),
    /// The end.
    End,
}

/// How often processors were started, and how they ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Starts {
    pub(crate) starts: u32,
    /// Ends that were not brought about from here, with how often.
    pub(crate) own_ends: BTreeMap<String, u32>,
    /// Ends after SIGTERM that were not in order.
    pub(crate) bad_ends: BTreeMap<String, u32>,
}

/// The processors.
#[derive(Debug)]
pub(crate) struct Fleet {
    slots: Vec<(mpsc::Sender<Order>, JoinHandle<Result<()>>)>,
    starts: Arc<Mutex<Starts>>,
}

/// One place for a processor.
struct Slot {
    site: Arc<super::site::Command>,
    number: usize,
    orders: mpsc::Receiver<Order>,
    starts: Arc<Mutex<Starts>>,
    /// Whether, and for how long, the next one is not to write files of any size.
    cramped: Option<Duration>,
}

impl Fleet {
    pub(crate) fn start(site: &Site, count: usize) -> Self {
        let starts = Arc::<Mutex<Starts>>::default();
        let slot = |number| {
            let (sender, orders) = mpsc::channel(1);
            let slot = Slot {
                site: Arc::clone(&site.command),
                number,
                orders,
                starts: Arc::clone(&starts),
                cramped: None,
            };
            (sender, tokio::spawn(slot.run()))
        };
        Self {
            slots: (0..count).map(slot).collect(),
            starts: Arc::clone(&starts),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Gives an order to one processor; waits until it begins to be carried out.
    pub(crate) async fn order(&self, number: usize, order: Order) {
        // A supervisor that failed says so at the end.
        let _ = self.slots[number].0.send(order).await;
    }

    /// Ends all of them.
    pub(crate) async fn stop(self) -> Result<Starts> {
        for number in 0..self.len() {
            self.order(number, Order::End).await;
        }
        for (_, task) in self.slots {
            task.await??;
        }
        let starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(starts.clone())
    }
}

impl Slot {
    /// Keeps a processor running until the end.
    async fn run(mut self) -> Result<()> {
        loop {
            let mut child = self.spawn()?;
            self.note(|starts| starts.starts += 1);
            if self.follow(&mut child).await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Stays with a processor until it ends; whether it is not to be started again.
    async fn follow(&mut self, child: &mut Child) -> Result<bool> {
        let relief = self.cramped.take().map(tokio::time::sleep);
        tokio::pin!(relief);
        loop {
            let relief = async {
                match relief.as_mut().as_pin_mut() {
                    Some(relief) => relief.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                status = child.wait() => {
                    let end = describe(status?);
                    self.note(|starts| *starts.own_ends.entry(end).or_default() += 1);
                    return Ok(false);
                }
                () = relief => {
                    self.terminate(child).await?;
                    return Ok(false);
                }
                order = self.orders.recv() => match order {
                    Some(Order::Kill) => {
                        child.kill().await?;
                        return Ok(false);
                    }
                    Some(Order::Terminate) => {
                        self.terminate(child).await?;
                        return Ok(false);
                    }
                    Some(Order::Cramp(time)) => {
                        self.terminate(child).await?;
                        self.cramped = Some(time);
                        return Ok(false);
                    }
                    Some(Order::Freeze(time)) => {
                        signal(child, "STOP").await?;
                        tokio::time::sleep(time).await;
                        signal(child, "CONT").await?;
                    }
                    Some(Order::End) | None => {
                        self.terminate(child).await?;
                        return Ok(true);
                    }
                },
            }
        }
    }

    /// Asks it to end, and expects it to.
    async fn terminate(&self, child: &mut Child) -> Result<()> {
        signal(child, "TERM").await?;
        let end = match tokio::time::timeout(LONGEST_END, child.wait()).await {
            Ok(status) => match status? {
                // Done, or told what it had to give back. A signal that comes before the program
                // watches for it ends it as well.
                status if matches!(status.code(), Some(0 | 1)) || is_terminated(status) => {
                    return Ok(());
                }
                status => describe(status),
            },
            Err(_) => {
                child.kill().await?;
                format!("nothing within {LONGEST_END:?}")
            }
        };
        self.note(|starts| *starts.bad_ends.entry(end).or_default() += 1);
        Ok(())
    }

    fn spawn(&self) -> Result<Child> {
        let command = &self.site;
        let log = command
            .directory
            .join(format!("processor-{}.log", self.number));
        let log: File = OpenOptions::new().create(true).append(true).open(log)?;
        let mut process = if self.cramped.is_some() {
            // Without the trap, the first large file would end the process.
            let mut shell = Command::new("sh");
            shell
                .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""])
                .arg(&command.program);
            shell
        } else {
            Command::new(&command.program)
        };
        process
            .env_clear()
            .envs(command.environment(self.number))
            .args(&command.arguments)
            .args(["--symbols", &command.symbols])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        process.spawn().context("cannot start a processor")
    }

    fn note(&self, change: impl FnOnce(&mut Starts)) {
        change(&mut self.starts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

async fn signal(child: &Child, name: &str) -> Result<()> {
    // Without a number it has ended by itself meanwhile.
    if let Some(process) = child.id() {
        let mut kill = Command::new("kill");
        kill.args([format!("-{name}"), process.to_string()]);
        // As above.
        let _ = kill.stderr(Stdio::null()).status().await?;
    }
    Ok(())
}

fn is_terminated(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    /// POSIX.
    const SIGTERM: i32 = 15;
    status.signal() == Some(SIGTERM) || status.code() == Some(128 + SIGTERM)
}

fn describe(status: ExitStatus) -> String {
    status.to_string()
}
