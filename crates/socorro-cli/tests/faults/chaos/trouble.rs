//! What goes wrong around the processors, one thing after the other.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::{
    clock::Clock,
    disk::Disk,
    fleet::{Fleet, Order},
    random::Random,
    site::{LEASE, Site},
    switches::{Part, Switches},
};

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Kill,
    Terminate,
    Freeze,
    ClockJump,
    StorageDown,
    CopyDown,
    WebhookDown,
    DiskFull,
    QueueLocked,
}

impl Trouble {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill -9",
            Self::Terminate => "SIGTERM",
            Self::Freeze => "stopped for longer than a lease",
            Self::ClockJump => "clock jump",
            Self::StorageDown => "storage down",
            Self::CopyDown => "copy down",
            Self::WebhookDown => "webhook down",
            Self::DiskFull => "disk full",
            Self::QueueLocked => "queue locked",
        }
    }

    /// How likely it is, beside the others.
    fn weight(self) -> usize {
        match self {
            Self::Kill => 6,
            Self::Terminate | Self::Freeze | Self::ClockJump => 2,
            _ => 1,
        }
    }
}

/// Makes trouble.
#[derive(Debug)]
pub(crate) struct Troublemaker<'a> {
    fleet: &'a Fleet,
    switches: &'a Arc<Switches>,
    clock: Option<&'a Clock>,
    disk: &'a Disk,
    queue_file: &'a std::path::Path,
    possible: Vec<Trouble>,
    random: &'a Random,
}

impl<'a> Troublemaker<'a> {
    pub(crate) fn new(site: &'a Site, fleet: &'a Fleet, random: &'a Random) -> Self {
        let mut possible = vec![
            Trouble::Kill,
            Trouble::Terminate,
            Trouble::Freeze,
            Trouble::WebhookDown,
            Trouble::QueueLocked,
        ];
        if site.clock.is_some() {
            possible.push(Trouble::ClockJump);
        }
        match site.disk {
            Disk::None => possible.extend([Trouble::StorageDown, Trouble::CopyDown]),
            _ => possible.push(Trouble::DiskFull),
        }
        site.switches
            .expect(possible.iter().map(|trouble| trouble.name()));
        Self {
            fleet,
            switches: &site.switches,
            clock: site.clock.as_ref(),
            disk: &site.disk,
            queue_file: &site.queue_file,
            possible,
            random,
        }
    }

    /// Makes trouble until it is to be calm: each kind once, then at random.
    pub(crate) async fn run(self, calm: CancellationToken) -> Result<()> {
        let mut first = self.possible.clone();
        self.random.on("order of troubles").shuffle(&mut first);
        for number in 0_u64.. {
            let mut chance = self.random.on(("trouble", number));
            let trouble = first.pop().unwrap_or_else(|| self.choose(&mut chance));
            let pause = Duration::from_millis(chance.u64(200..1500));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = calm.cancelled() => break,
            }
            self.make(trouble, &mut chance).await?;
            self.switches.count(trouble.name());
        }
        self.switches.calm();
        if let Some(clock) = self.clock {
            for processor in 0..self.fleet.len() {
                clock.set(processor, 0)?;
            }
        }
        Ok(self.disk.empty()?)
    }

    fn choose(&self, chance: &mut fastrand::Rng) -> Trouble {
        let weights = || self.possible.iter().map(|trouble| trouble.weight());
        let mut number = chance.usize(..weights().sum::<usize>());
        for trouble in &self.possible {
            if number < trouble.weight() {
                return *trouble;
            }
            number -= trouble.weight();
        }
        Trouble::Kill
    }

    async fn make(&self, trouble: Trouble, chance: &mut fastrand::Rng) -> Result<()> {
        let processor = chance.usize(..self.fleet.len());
        match trouble {
            Trouble::Kill => self.fleet.order(processor, Order::Kill).await,
            Trouble::Terminate => self.fleet.order(processor, Order::Terminate).await,
            Trouble::Freeze => {
                let time = LEASE + Duration::from_millis(chance.u64(200..2500));
                self.fleet.order(processor, Order::Freeze(time)).await;
            }
            Trouble::ClockJump => {
                if let Some(clock) = self.clock {
                    let jumps = [-86_400, -3600, -30, 30, 3600, 86_400];
                    clock.set(processor, jumps[chance.usize(..jumps.len())])?;
                    tokio::time::sleep(Duration::from_millis(chance.u64(500..4000))).await;
                    clock.set(processor, 0)?;
                }
            }
            Trouble::StorageDown => self.down(Part::Storage, chance).await,
            Trouble::CopyDown => self.down(Part::Copy, chance).await,
            Trouble::WebhookDown => self.down(Part::Webhook, chance).await,
            Trouble::DiskFull => self.full_disk(processor, chance).await?,
            Trouble::QueueLocked => self.lock_queue(chance).await?,
        }
        Ok(())
    }

    async fn down(&self, part: Part, chance: &mut fastrand::Rng) {
        self.switches.set_down(part, true);
        tokio::time::sleep(Duration::from_millis(chance.u64(500..5000))).await;
        self.switches.set_down(part, false);
    }

    async fn full_disk(&self, processor: usize, chance: &mut fastrand::Rng) -> Result<()> {
        let time = Duration::from_millis(chance.u64(1000..4000));
        if matches!(self.disk, Disk::Limited) {
            self.fleet.order(processor, Order::Cramp(time)).await;
        }
        self.disk.fill()?;
        tokio::time::sleep(time).await;
        Ok(self.disk.empty()?)
    }

    /// Keeps everybody from writing to the queue for longer than they are ready to wait.
    async fn lock_queue(&self, chance: &mut fastrand::Rng) -> Result<()> {
        let time = Duration::from_millis(chance.u64(2000..4000));
        let lock = Connection::open(self.queue_file)?;
        lock.busy_timeout(Duration::from_secs(20))?;
        let locked = tokio::task::block_in_place(|| lock.execute_batch("BEGIN IMMEDIATE"));
        if locked.is_ok() {
            tokio::time::sleep(time).await;
            lock.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }
}
