//! What goes wrong.

use std::time::Duration;

use anyhow::Result;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::{
    Site,
    service::{Order, Service},
};
use crate::chaos::switches::Part;

/// One kind of trouble.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Kill,
    Terminate,
    StorageDown,
    QueueLocked,
    KilledInOutage,
}

impl Trouble {
    const ALL: [Self; 5] = [
        Self::Kill,
        Self::Terminate,
        Self::StorageDown,
        Self::QueueLocked,
        Self::KilledInOutage,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "collector killed",
            Self::Terminate => "collector told to stop",
            Self::StorageDown => "storage down",
            Self::QueueLocked => "queue locked",
            Self::KilledInOutage => "collector killed while storage and queue were down",
        }
    }
}

/// Makes trouble until it is to be calm: each kind once, then at random.
pub(crate) async fn make(site: &Site, service: &Service, calm: CancellationToken) -> Result<()> {
    site.switches.expect(Trouble::ALL.map(Trouble::name));
    let mut first = Trouble::ALL.to_vec();
    site.random.on("order of troubles").shuffle(&mut first);
    for number in 0_u64.. {
        let mut chance = site.random.on(("trouble", number));
        let all = Trouble::ALL;
        let trouble = first
            .pop()
            .unwrap_or_else(|| all[chance.usize(..all.len())]);
        let pause = Duration::from_millis(chance.u64(100..700));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = calm.cancelled() => break,
        }
        one(site, service, trouble, &mut chance).await?;
        site.switches.count(trouble.name());
    }
    site.switches.calm();
    Ok(())
}

async fn one(
    site: &Site,
    service: &Service,
    trouble: Trouble,
    chance: &mut fastrand::Rng,
) -> Result<()> {
    let time = Duration::from_millis(chance.u64(300..3000));
    match trouble {
        Trouble::Kill => service.order(Order::Kill).await,
        Trouble::Terminate => service.order(Order::Terminate).await,
        Trouble::StorageDown => {
            site.switches.set_down(Part::Storage, true);
            tokio::time::sleep(time).await;
            site.switches.set_down(Part::Storage, false);
        }
        Trouble::QueueLocked => {
            let lock = lock(site)?;
            tokio::time::sleep(time).await;
            lock.execute_batch("ROLLBACK")?;
        }
        Trouble::KilledInOutage => {
            site.switches.set_down(Part::Storage, true);
            let lock = lock(site)?;
            tokio::time::sleep(time / 2).await;
            service.order(Order::Kill).await;
            tokio::time::sleep(time / 2).await;
            lock.execute_batch("ROLLBACK")?;
            site.switches.set_down(Part::Storage, false);
        }
    }
    Ok(())
}

/// Keeps everybody else from writing to the queue.
fn lock(site: &Site) -> Result<Connection> {
    let lock = Connection::open(&site.queue_file)?;
    lock.busy_timeout(Duration::from_secs(20))?;
    tokio::task::block_in_place(|| lock.execute_batch("BEGIN IMMEDIATE"))?;
    Ok(lock)
}
