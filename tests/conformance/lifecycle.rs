//! The vectors of a delivery's life: what happens to it, and which calls of the queue are wanted.

use std::{panic, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use async_trait::async_trait;
use serde_json::Value;
use socorro::{
    prelude::*,
    queue::{
        Blame, MemoryQueue,
        testkit::{Fault, FlakyQueue, Operation as QueueOperation},
    },
    storage::{Error, testkit::Operation},
};

use crate::{
    Verdict,
    world::{Call, LEASE, World},
};

/// What a panic says that a case asks for. The panic hook gets it before anybody catches it.
const WANTED_PANIC: &str = "told to panic";

/// Leaves panics that cases ask for out of the output, where they would look like failures.
pub(crate) fn silence_wanted_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(WANTED_PANIC) {
            report(info);
        }
    }));
}

/// Runs a case.
pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    let events = texts(&case["events"])?;
    let wanted = texts(&case["want"])?;
    let checked = runtime.block_on(async {
        let life = Life::of(&events).await?;
        life.check(&wanted).await
    });
    Ok(Verdict::from(
        checked.map_err(|problem| format!("{problem:#}")),
    ))
}

fn texts(value: &Value) -> Result<Vec<&str>> {
    let texts = value.as_array().context("no array")?.iter();
    texts.map(|text| text.as_str().context("no text")).collect()
}

/// What the events lead to.
struct Life {
    world: World,
    /// How many messages there were.
    messages: usize,
    summary: socorro::processor::Summary,
    calls: Vec<Call>,
}

impl Life {
    /// Lets the events happen.
    async fn of(events: &[&str]) -> Result<Self> {
        let world = World::new()?;
        let mut rule = Deed::Nothing;
        let mut messages = 0;
        for event in events {
            match *event {
                "deliver" | "deliver same" => {
                    if messages == 0 && !events.contains(&"load_not_found") {
                        world.store().await?;
                    }
                    world.publish().await?;
                    messages += 1;
                }
                "deliver test" | "deliver not-utf8" => {
                    let body = if *event == "deliver test" {
                        &b"test"[..]
                    } else {
                        b"\xff\xfe"
                    };
                    world.memory.publish_body(Lane::Standard, body.into())?;
                    messages += 1;
                }
                // Nothing is stored, and nothing has to be broken.
                "load_not_found" | "save_ok" => {}
                "load_unavailable" => {
                    let outage = || Error::unavailable("test", "503");
                    world.storage.fail(Operation::RawCrash, ..=1, outage);
                }
                "worker_panic" => world.storage.plan(|call| {
                    let first = call.operation == Operation::RawCrash && call.count == 1;
                    assert!(!first, "{WANTED_PANIC}");
                    None
                }),
                "ack_err" => fail_next(&world, QueueOperation::Ack, 1),
                "dead_letter_err" => fail_next(&world, QueueOperation::DeadLetter, 1),
                "rule_panic" => rule = Deed::Panic,
                "process_killed" => rule = Deed::Hang,
                "lease expired" => {
                    fail_next(&world, QueueOperation::Extend, 3);
                    // Shortly before the worker learns of it.
                    rule = Deed::Take(LEASE + Duration::from_secs(1));
                }
                _ => rule = other_event(&world, event).await?,
            }
        }
        let summary = live(&world, rule).await?;
        let calls = world.queue.calls();
        Ok(Self {
            world,
            messages,
            summary,
            calls,
        })
    }

    async fn check(&self, wanted: &[&str]) -> Result<()> {
        let mut calls = self.calls.iter();
        for want in wanted {
            match *want {
                "ack" if wanted.contains(&"dead_letter") => {
                    // Setting aside ends the message too.
                    ensure!(self.world.outstanding().await? == 0, "not ended");
                }
                "ack" => {
                    let next = calls.next();
                    ensure!(next == Some(&Call::Ack { well: true }), "{:?}", self.calls);
                }
                "nack" => {
                    let failed = self.calls.first() == Some(&Call::DeadLetter { well: false });
                    let next = if failed { calls.nth(1) } else { calls.next() };
                    let later = matches!(next, Some(Call::Nack { delay, .. }) if !delay.is_zero());
                    ensure!(later, "{:?}", self.calls);
                }
                "dead_letter" => {
                    let next = calls.next();
                    let well = next == Some(&Call::DeadLetter { well: true });
                    ensure!(well, "{:?}", self.calls);
                    let letters = self.world.dead_letters().await?;
                    ensure!(letters == ["raw_crash_not_found"], "{letters:?}");
                }
                "retry ack" => ensure!(
                    self.calls == [Call::Ack { well: false }, Call::Ack { well: true }],
                    "{:?}",
                    self.calls
                ),
                "else redelivered, same result" => same_result_again().await?,
                "redelivered_after_lease" => self.redelivered().await?,
                "extend_lease every <= deadline/2" => self.extended()?,
                "ack ignored, no error" => self.ignored().await?,
                other => bail!("unknown wish {other:?}"),
            }
        }
        Ok(())
    }

    /// The worker is gone without a word; the next one has its message when the lease ends.
    async fn redelivered(&self) -> Result<()> {
        ensure!(self.calls.is_empty(), "{:?}", self.calls);
        let again = self.world.memory.receive(1, 2 * LEASE).await?;
        let [delivery] = &again[..] else {
            bail!("not delivered again");
        };
        ensure!(
            (delivery.attempt, delivery.lapses, delivery.failures) == (2, 1, 0),
            "{delivery:?}"
        );
        let receipt = &delivery.receipt;
        let memory = &self.world.memory;
        memory.nack(receipt, Duration::ZERO, Blame::Nobody).await?;
        let worker = self.world.worker(|ruleset| ruleset);
        ensure!(self.world.drain(&worker).await.processed == 1, "lost");
        Ok(())
    }

    /// No half of a lease passes without an extension.
    fn extended(&self) -> Result<()> {
        let calls = self.world.queue.timed_calls();
        let extensions = calls
            .iter()
            .filter(|(_, call)| *call == Call::Extend)
            .count();
        ensure!(extensions >= 30, "{extensions} extensions");
        let gaps = calls.windows(2).map(|pair| pair[1].0 - pair[0].0);
        let longest = gaps.max().unwrap_or_default();
        ensure!(longest <= LEASE / 2, "{longest:?} without one");
        Ok(())
    }

    /// The result was saved, and the ack of the lost lease was no error and no ack.
    async fn ignored(&self) -> Result<()> {
        ensure!(self.calls == [Call::Ack { well: true }], "{:?}", self.calls);
        ensure!(self.summary.processed == 1, "{}", self.summary);
        ensure!(self.world.processed().await.is_some(), "not saved");
        ensure!(self.world.outstanding().await? == 1, "somebody else has it");
        ensure!(self.messages == 1, "one message");
        Ok(())
    }
}

/// Events with a number in them.
async fn other_event(world: &World, event: &str) -> Result<Deed> {
    if let Some(time) = event.strip_prefix("work ") {
        let seconds = time.strip_suffix('s').context("no seconds")?.parse()?;
        return Ok(Deed::Take(Duration::from_secs(seconds)));
    }
    let attempt: u32 = event
        .strip_prefix("attempt=")
        .with_context(|| format!("unknown event {event:?}"))?
        .parse()?;
    for _ in 1..attempt {
        let delivery = world.memory.receive(1, Duration::ZERO).await?;
        let receipt = &delivery.first().context("nothing delivered")?.receipt;
        let blame = Blame::Crash;
        world.memory.nack(receipt, Duration::ZERO, blame).await?;
    }
    Ok(Deed::Nothing)
}

fn fail_next(world: &World, operation: QueueOperation, times: usize) {
    for _ in 0..times {
        let outage = FlakyQueue::<MemoryQueue>::outage();
        world
            .queue
            .flaky
            .fail_next(operation, Fault::Request(outage));
    }
}

/// Lets a worker take what there is.
async fn live(world: &World, deed: Deed) -> Result<socorro::processor::Summary> {
    let worker = world.worker(|ruleset| ruleset.then_async(Does(deed)));
    match deed {
        Deed::Hang => {
            let drain = {
                let worker = worker.clone();
                tokio::spawn(async move { worker.drain(Default::default()).await })
            };
            tokio::time::sleep(LEASE / 6).await;
            drain.abort();
            ensure!(drain.await.is_err(), "the worker did not hang");
            Ok(Default::default())
        }
        // When the lease is over, somebody else comes first.
        Deed::Take(time) if time < 2 * LEASE => {
            let steal = world.memory.receive(1, 2 * LEASE);
            let begun = async {
                tokio::time::sleep(LEASE / 6).await;
                steal.await
            };
            let (summary, stolen) = tokio::join!(world.drain(&worker), begun);
            ensure!(stolen?.len() == 1, "the lease was not over");
            Ok(summary)
        }
        _ => Ok(world.drain(&worker).await),
    }
}

/// An ack that never arrives: the crash is processed again, with the same result.
async fn same_result_again() -> Result<()> {
    let world = World::new()?;
    world.store().await?;
    world.publish().await?;
    fail_next(&world, QueueOperation::Ack, 3);
    let worker = world.worker(|ruleset| ruleset);
    world.drain(&worker).await;
    let first = world.processed().await.context("not saved")?;
    ensure!(world.outstanding().await? == 1, "acked");
    world.work(&worker).await?;
    ensure!(world.outstanding().await? == 0, "never acked");
    ensure!(world.processed().await == Some(first), "another result");
    Ok(())
}

/// What the rule does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Nothing,
    Panic,
    Hang,
    Take(Duration),
}

#[derive(Debug)]
struct Does(Deed);

#[async_trait]
impl AsyncRule for Does {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "Does",
            purpose: "do what the case wants",
            reads: &[],
            writes: &[],
        }
    }

    async fn apply(&self, _: &mut Crash) -> Result<(), RuleError> {
        match self.0 {
            Deed::Nothing => Ok(()),
            Deed::Panic => panic!("{WANTED_PANIC}"),
            Deed::Hang => std::future::pending().await,
            Deed::Take(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }
}
