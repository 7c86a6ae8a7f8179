//! Rules that do one simple thing.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;
use socorro_processor::{AsyncRule, Crash, Item, Rule, RuleError, RuleInfo};

use super::gate::Gate;

const fn info(name: &'static str, writes: &'static [Item]) -> RuleInfo {
    RuleInfo {
        name,
        purpose: "test the worker",
        reads: &[],
        writes,
    }
}

/// Copies the annotation `Mark`, and lists the dumps with their sizes.
#[derive(Debug)]
pub(crate) struct Marks;

impl Rule for Marks {
    fn info(&self) -> RuleInfo {
        info("Marks", &[Item::Field("mark"), Item::Field("dumps")])
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let mark = crash.raw.annotation("Mark").unwrap_or_default().to_owned();
        crash.processed.set("mark", mark);
        let dumps = crash.dumps.iter();
        let dumps = dumps.map(|(name, dump)| (name.as_str().to_owned(), dump.size().into()));
        let dumps: serde_json::Map<String, Value> = dumps.collect();
        crash.processed.set("dumps", dumps);
        Ok(())
    }
}

/// Makes a signature out of the processed crash.
#[derive(Debug)]
pub(crate) struct Signs;

impl Rule for Signs {
    fn info(&self) -> RuleInfo {
        info("Signs", &[Item::Field("signature")])
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let mark = crash.processed.text("mark").unwrap_or("nothing");
        let signature = format!("crash of {mark}");
        crash.processed.set("signature", signature);
        Ok(())
    }
}

/// Panics.
#[derive(Debug)]
pub(crate) struct Panics;

impl Rule for Panics {
    fn info(&self) -> RuleInfo {
        info("Panics", &[])
    }

    fn apply(&self, _: &mut Crash) -> Result<(), RuleError> {
        panic!("told to panic")
    }
}

/// Ends the whole process when it sees a crash with this mark.
#[derive(Debug)]
pub(crate) struct Kills {
    pub(crate) mark: String,
    /// Whether it says that it reads the dumps, as what walks stacks does.
    pub(crate) reads_dumps: bool,
    /// With SIGKILL, or else with SIGABRT.
    pub(crate) with_sigkill: bool,
}

impl Rule for Kills {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            reads: if self.reads_dumps {
                &[Item::Dumps]
            } else {
                &[]
            },
            ..info("Kills", &[])
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        if crash.raw.annotation("Mark") != Some(self.mark.as_str()) {
            return Ok(());
        }
        if self.with_sigkill {
            let this_process = std::process::id().to_string();
            let kill = std::process::Command::new("kill")
                .args(["-s", "KILL", &this_process])
                .status();
            assert!(kill.unwrap().success());
        }
        std::process::abort()
    }
}

/// Stops at a gate.
#[derive(Debug)]
pub(crate) struct Waits(pub(crate) Arc<Gate>);

#[async_trait]
impl AsyncRule for Waits {
    fn info(&self) -> RuleInfo {
        info("Waits", &[])
    }

    async fn apply(&self, _: &mut Crash) -> Result<(), RuleError> {
        self.0.pass().await;
        Ok(())
    }
}

/// Takes its time, which is paused time.
#[derive(Debug)]
pub(crate) struct Takes(pub(crate) Duration);

#[async_trait]
impl AsyncRule for Takes {
    fn info(&self) -> RuleInfo {
        info("Takes", &[])
    }

    async fn apply(&self, _: &mut Crash) -> Result<(), RuleError> {
        tokio::time::sleep(self.0).await;
        Ok(())
    }
}
