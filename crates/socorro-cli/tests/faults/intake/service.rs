//! The collector: a real process, started again whenever it ends.

use std::{
    fs::OpenOptions,
    io::Write as _,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::Site;
use crate::chaos::site::KEY;

/// How long to wait before it is started again, as a supervisor of services does.
const PAUSE: Duration = Duration::from_millis(100);
/// How long it may take to end when it is told to.
const LONGEST_END: Duration = Duration::from_secs(30);

/// What is done to it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Kill,
    Terminate,
    /// The end.
    End,
}

/// The collector.
pub(crate) struct Service {
    orders: mpsc::Sender<Order>,
    task: tokio::sync::Mutex<Option<JoinHandle<Result<()>>>>,
    address: watch::Receiver<Option<String>>,
    starts: Arc<AtomicU32>,
}

/// How it is started.
struct Supervisor {
    arguments: Vec<String>,
    log: std::path::PathBuf,
    orders: mpsc::Receiver<Order>,
    address: Arc<watch::Sender<Option<String>>>,
    starts: Arc<AtomicU32>,
}

impl Service {
    pub(crate) fn start(site: &Site) -> Result<Self> {
        let (orders, receiver) = mpsc::channel(1);
        let (sender, address) = watch::channel(None);
        let starts = Arc::<AtomicU32>::default();
        let directory = site.directory.path();
        let spool = directory.join("spool").display().to_string();
        let queue = site.queue_address();
        let arguments = [
            ["--bind", "127.0.0.1:0"],
            ["--storage", &site.storage_address],
            ["--queue", &queue],
            ["--spool", &spool],
            ["--save-budget", "1s"],
            // It has to start while the storage is down.
            ["--verify", "warn"],
            ["--shutdown-grace", "10s"],
            ["--log-format", "json"],
        ];
        let arguments = ["collector"]
            .into_iter()
            .chain(arguments.into_iter().flatten());
        let supervisor = Supervisor {
            arguments: arguments.map(str::to_owned).collect(),
            log: directory.join("collector.log"),
            orders: receiver,
            address: Arc::new(sender),
            starts: Arc::clone(&starts),
        };
        Ok(Self {
            orders,
            task: Some(tokio::spawn(supervisor.run())).into(),
            address,
            starts,
        })
    }

    /// Where it listens now.
    pub(crate) async fn address(&self) -> Result<String> {
        let mut address = self.address.clone();
        let known = address.wait_for(Option::is_some).await?;
        known.clone().context("an address")
    }

    /// Gives an order; waits until it begins to be carried out.
    pub(crate) async fn order(&self, order: Order) {
        // A supervisor that failed says so at the end.
        let _ = self.orders.send(order).await;
    }

    /// Ends it.
    pub(crate) async fn stop(&self) -> Result<()> {
        self.order(Order::End).await;
        match self.task.lock().await.take() {
            Some(task) => task.await?,
            None => Ok(()),
        }
    }

    pub(crate) fn starts(&self) -> u32 {
        self.starts.load(Ordering::SeqCst)
    }
}

impl Supervisor {
    async fn run(mut self) -> Result<()> {
        loop {
            let mut child = self.spawn()?;
            self.starts.fetch_add(1, Ordering::SeqCst);
            let end = self.follow(&mut child).await;
            self.address.send_replace(None);
            if end? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Stays with it until it ends; whether it is not to be started again.
    async fn follow(&mut self, child: &mut Child) -> Result<bool> {
        tokio::select! {
            status = child.wait() => bail!("the collector ended by itself: {}", status?),
            order = self.orders.recv() => match order {
                Some(Order::Kill) => {
                    child.kill().await?;
                    Ok(false)
                }
                Some(Order::Terminate) => terminate(child).await.map(|()| false),
                Some(Order::End) | None => terminate(child).await.map(|()| true),
            }
        }
    }

    fn spawn(&self) -> Result<Child> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_socorro"));
        process
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", KEY),
                ("AWS_SECRET_ACCESS_KEY", KEY),
                ("PATH", "/usr/bin:/bin"),
            ])
            .args(&self.arguments)
            .current_dir(self.log.parent().context("a directory")?)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = process.spawn().context("cannot start the collector")?;
        let stderr = child.stderr.take().context("its log")?;
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)?;
        let address = Arc::clone(&self.address);
        tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = writeln!(log, "{line}");
                if let Some(found) = address_in(&line) {
                    address.send_replace(Some(found));
                }
            }
        });
        Ok(child)
    }
}

/// The address in the line that says where it listens.
fn address_in(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let url = line.get("submit")?.as_str()?;
    let address = url.strip_prefix("http://")?.strip_suffix("/submit")?;
    Some(address.replace("localhost", "127.0.0.1"))
}

/// Asks it to end, and expects it to.
async fn terminate(child: &mut Child) -> Result<()> {
    if let Some(process) = child.id() {
        let mut kill = Command::new("kill");
        let _ = kill.args(["-TERM", &process.to_string()]).status().await?;
    }
    match tokio::time::timeout(LONGEST_END, child.wait()).await {
        Ok(status) => {
            let status = status?;
            // A signal that comes before the program watches for it ends it as well.
            if status.success() || status.code().is_none() {
                return Ok(());
            }
            bail!("the collector was told to end, and ended with {status}")
        }
        Err(_) => bail!("the collector was told to end, and did not within {LONGEST_END:?}"),
    }
}
