//! What the loss test found, as a table.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{Plan, Queue, Store, audit::Audit, fleet::Starts};

/// How many problems are shown.
const SHOWN: usize = 40;

/// What the loss test found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) plan: Plan,
    pub(crate) took: Duration,
    /// What happened how often.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) starts: Starts,
    pub(crate) clock_jumps: bool,
    pub(crate) full_disk: &'static str,
    pub(crate) audit: Audit,
}

impl Report {
    /// Everything that must not be; empty when nothing was lost.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = self.audit.problems.clone();
        for (end, times) in &self.starts.bad_ends {
            problems.push(format!(
                "told to end, a processor ended with {end}, {times} times"
            ));
        }
        // A processor that finds its storage down when it starts says so and ends with 1.
        for (end, times) in &self.starts.own_ends {
            if end != "exit status: 1" {
                problems.push(format!(
                    "a processor ended by itself with {end}, {times} times"
                ));
            }
        }
        problems
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, audit, .. } = self;
        let store = match &plan.store {
            Store::OwnServer => "buckets (S3, signatures checked)",
            Store::Server(_) => "buckets (S3 server given)",
            Store::Directory => "directories",
        };
        let Queue::Sqlite = plan.queue;
        writeln!(
            f,
            "seed {}: {} crashes, {} processors, {store}, queue in SQLite, {:.1} s",
            plan.seed,
            plan.crashes,
            plan.processors,
            self.took.as_secs_f64()
        )?;
        if !self.clock_jumps {
            writeln!(f, "no clock jumps: libfaketime is not on this machine")?;
        }
        writeln!(f, "full disk: {}", self.full_disk)?;
        writeln!(f, "\nwhat happened                             times")?;
        for (what, times) in &self.faults {
            writeln!(f, "  {what:<38}{times:>7}")?;
        }
        writeln!(f, "  {:<38}{:>7}", "processors started", self.starts.starts)?;
        for (end, times) in &self.starts.own_ends {
            writeln!(
                f,
                "  {:<38}{times:>7}",
                format!("ended by themselves, {end}")
            )?;
        }
        writeln!(f, "\ncrashes                 all   ended right")?;
        for (kind, (all, right)) in &audit.kinds {
            writeln!(f, "  {:<18}{all:>7}{right:>14}", kind.name())?;
        }
        writeln!(
            f,
            "\nprocessed {}, outstanding {}",
            audit.processed, audit.outstanding
        )?;
        for (reason, count) in &audit.dead_letters {
            writeln!(f, "dead letters, {reason}: {count}")?;
        }
        for (name, (has, noted)) in &audit.destinations {
            writeln!(f, "destination {name}: has {has}, noted {noted}")?;
        }
        let (crashes, times) = audit.saved_again;
        writeln!(f, "saved again: {crashes} crashes, {times} times")?;
        writeln!(
            f,
            "delivered to the webhook again: {} times",
            audit.delivered_again
        )?;
        let problems = self.problems();
        writeln!(f, "\nproblems: {}", problems.len())?;
        for problem in problems.iter().take(SHOWN) {
            writeln!(f, "  {problem}")?;
        }
        Ok(())
    }
}
