//! Stores the crashes and publishes their ids.

use std::{collections::HashSet, time::Duration};

use anyhow::{Result, bail};
use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use object_store::ObjectStoreExt as _;
use socorro_core::CrashId;
use socorro_queue::{CrashQueue as _, DeadLetter, DeadLetterReason, Job, Lane, Message};
use socorro_storage::CrashStorage as _;

use super::{
    crashes::{Crash, Kind},
    random::Random,
    site::Site,
};

/// How many are stored at once.
const AT_ONCE: usize = 8;
/// How long to wait before a disk or a queue that refuses is asked again, and how often.
const PAUSE: Duration = Duration::from_millis(250);
const TRIES: u32 = 400;
/// How many dead letters are listed at once.
const PAGE: usize = 500;

/// Stores all crashes and publishes their ids, in the order and at the pace of chance.
pub(crate) async fn all(site: &Site, crashes: &[Crash], random: &Random) -> Result<()> {
    let mut order: Vec<&Crash> = crashes.iter().collect();
    random.on("order of crashes").shuffle(&mut order);
    stream::iter(order.into_iter().map(Ok))
        .try_for_each_concurrent(AT_ONCE, |crash| async move {
            let mut chance = random.on(("submit", crash.id.as_str()));
            submit(site, crash, &mut chance).await
        })
        .await
}

async fn submit(site: &Site, crash: &Crash, chance: &mut fastrand::Rng) -> Result<()> {
    let jobs = crash.jobs()?;
    match crash.kind {
        Kind::NeverStored => {}
        Kind::Late => {
            for (lane, job) in jobs {
                publish(site, lane, job).await?;
            }
            tokio::time::sleep(Duration::from_millis(chance.u64(200..3000))).await;
            return store(site, crash).await;
        }
        _ => store(site, crash).await?,
    }
    for (number, (lane, job)) in jobs.into_iter().enumerate() {
        if number > 0 {
            tokio::time::sleep(Duration::from_millis(chance.u64(0..1500))).await;
        }
        publish(site, lane, job).await?;
    }
    Ok(())
}

/// Stores a crash, however often that has to be tried.
async fn store(site: &Site, crash: &Crash) -> Result<()> {
    let (raw, dumps) = site.contents[crash.content].report(&crash.id)?;
    for attempt in 1.. {
        let saved = async {
            site.storage.save_raw_crash(&crash.id, &raw, &dumps).await?;
            if crash.kind == Kind::Corrupt {
                let key = socorro_storage::layout::raw_crash(&crash.id);
                let nonsense = Bytes::from_static(b"{\"ProductName\": ");
                site.storage
                    .store()
                    .put(&key.into(), nonsense.into())
                    .await?;
            }
            anyhow::Ok(())
        };
        match saved.await {
            Ok(()) => return Ok(()),
            Err(error) if attempt == TRIES => bail!("cannot store {}: {error:#}", crash.id),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    Ok(())
}

/// Publishes a job, however often that has to be tried.
async fn publish(site: &Site, lane: Lane, job: Job) -> Result<()> {
    let jobs = [job];
    for attempt in 1.. {
        let published = async { site.queue.publish(lane, &jobs).await?.into_result() };
        match published.await {
            Ok(()) => return Ok(()),
            Err(error) if attempt == TRIES => bail!("cannot publish {:?}: {error}", jobs[0]),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    Ok(())
}

/// Does what an operator does about crashes that were stored so late that they had been given up:
/// publishes them again. Returns whether there were any.
pub(crate) async fn replay(site: &Site, crashes: &[Crash]) -> Result<bool> {
    let is_late = |crash: &&Crash| crash.kind == Kind::Late;
    let late: HashSet<CrashId> = crashes
        .iter()
        .filter(is_late)
        .map(|crash| crash.id)
        .collect();
    let letters = dead_letters(site).await?;
    let mut any = false;
    for letter in letters {
        let Ok(Message::Process(job)) = Message::parse(&letter.body) else {
            continue;
        };
        if letter.cause.reason == DeadLetterReason::RawCrashNotFound && late.contains(&job.crash_id)
        {
            if let Some(list) = site.queue.dead_letters() {
                list.replay(&letter.id).await?;
            }
            site.switches.count("stored too late, replayed");
            any = true;
        }
    }
    Ok(any)
}

/// All dead letters.
pub(crate) async fn dead_letters(site: &Site) -> Result<Vec<DeadLetter>> {
    let mut all: Vec<DeadLetter> = Vec::new();
    let Some(list) = site.queue.dead_letters() else {
        return Ok(all);
    };
    loop {
        let page = list.list(all.last().map(|letter| &letter.id), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
