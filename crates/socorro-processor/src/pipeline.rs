//! Running a ruleset over a crash.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use ::metrics::Key;
use futures::FutureExt as _;
use serde_json::Value;
use socorro_core::{Environment, ProcessedCrash, json::is_truthy, time};

use crate::{
    crash::Crash,
    error::Error,
    metrics,
    rule::RuleError,
    ruleset::{Ruleset, Step},
};

/// What is in a processed crash before the first rule runs: reading it needs no rule that writes it.
pub const GIVEN_FIELDS: [&str; 3] = ["success", "signature", "started_datetime"];

/// The signature of a crash whose signature rule did not run.
const PLACEHOLDER_SIGNATURE: &str = "EMPTY: crash failed to process";
/// What outlives a run when a ruleset starts from an empty processed crash.
const CARRIED_OVER: [&str; 2] = ["processor_history", "processor_notes"];

/// The rulesets a processor knows, and the environment they run in.
///
/// ```
/// use serde_json::json;
/// use socorro_core::{CrashId, Dumps, Environment, RawCrash};
/// use socorro_processor::{Crash, Pipeline, Ruleset, rules::general::Identifier};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let pipeline = Pipeline::new(Environment::fixed("2026-01-02T03:04:05Z".parse()?, "host"))
///     .with(Ruleset::named("tiny").then(Identifier));
///
/// let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?;
/// let crash = pipeline.run("tiny", Crash::new(id, RawCrash::new(), Dumps::new())).await?;
/// assert_eq!(crash.processed.get("crash_id"), Some(&json!(id.as_str())));
/// assert_eq!(crash.processed.get("success"), Some(&json!(true)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pipeline {
    rulesets: BTreeMap<String, Timed>,
    environment: Environment,
}

/// A ruleset, and the metrics for the times of its rules: made once, as they are needed for every
/// rule of every crash.
#[derive(Debug, Clone)]
struct Timed {
    ruleset: Ruleset,
    timings: Vec<Key>,
}

impl From<Ruleset> for Timed {
    fn from(ruleset: Ruleset) -> Self {
        let rules = ruleset.infos().map(|info| info.name);
        let timings = rules.map(|rule| metrics::RULE_TIMING.key(&[("rule", rule.into())]));
        Self {
            timings: timings.collect(),
            ruleset,
        }
    }
}

impl Pipeline {
    /// A pipeline without rulesets.
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        Self {
            rulesets: BTreeMap::new(),
            environment,
        }
    }

    /// Adds a ruleset; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, ruleset: Ruleset) -> Self {
        self.rulesets
            .insert(ruleset.name().to_owned(), ruleset.into());
        self
    }

    /// The ruleset of that name.
    #[must_use]
    pub fn ruleset(&self, name: &str) -> Option<&Ruleset> {
        self.rulesets.get(name).map(|timed| &timed.ruleset)
    }

    /// All rulesets, by name.
    pub fn rulesets(&self) -> impl Iterator<Item = &Ruleset> {
        self.rulesets.values().map(|timed| &timed.ruleset)
    }

    /// The clock and the host name that appear in results.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Processes one crash: every rule of the ruleset in order, then the bookkeeping fields
    /// (`success`, `started_datetime`, `completed_datetime`, `processor_notes`,
    /// `processor_history`).
    ///
    /// `crash.processed` is the result of an earlier run, or empty. A rule that fails or panics
    /// leaves a note and its name in `processor_failed_rules`. Source: Socorro
    /// `processor/pipeline.py`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRuleset`], before anything is touched; [`Error::Unavailable`] when a rule cannot
    /// do its work for the moment, so that there is no result.
    pub async fn run(&self, ruleset: &str, mut crash: Crash) -> Result<Crash, Error> {
        let Some(Timed { ruleset, timings }) = self.rulesets.get(ruleset) else {
            let known = self.rulesets.keys().cloned().collect();
            return Err(Error::UnknownRuleset {
                name: ruleset.to_owned(),
                known,
            });
        };
        if !ruleset.is_in_place() {
            carry_over(&mut crash.processed);
        }
        self.begin(&mut crash);
        let mut failed = Vec::new();
        let mut before = Instant::now();
        for (step, timing) in ruleset.steps().iter().zip(timings) {
            let name = step.info().name;
            if crash.is_in_safe_mode() && !step.runs_in_safe_mode() {
                crash.note(format!(
                    "ruleset '{}' rule '{name}' left out in safe mode",
                    ruleset.name()
                ));
                continue;
            }
            crash.enter(name);
            if let Err(error) = run_step(step, &mut crash).await {
                if error.is_temporary() {
                    return Err(Error::Unavailable {
                        rule: name.to_owned(),
                        reason: error.to_string(),
                    });
                }
                tracing::warn!(rule = name, kind = error.kind(), "rule failed");
                tracing::debug!(rule = name, %error, "rule failed");
                crash.note(format!(
                    "ruleset '{}' rule '{name}' failed: {}",
                    ruleset.name(),
                    error.kind()
                ));
                failed.push(Value::from(name));
            }
            let after = Instant::now();
            metrics::time(timing, after - before);
            before = after;
        }
        self.finish(&mut crash, failed);
        Ok(crash)
    }

    fn begin(&self, crash: &mut Crash) {
        let now = self.environment.now();
        crash.processed.set("success", false);
        crash
            .processed
            .set("started_datetime", time::isoformat(now));
        let (now, host) = (time::note_format(now), self.environment.host_name());
        crash.note(format!(">>> Start processing: {now} ({host})"));
        crash.processed.set("signature", PLACEHOLDER_SIGNATURE);
        // The id under which the crash is stored is the one that counts.
        if crash.raw.annotation("uuid") != Some(crash.id.as_str()) {
            if crash.raw.contains("uuid") {
                crash.note("The raw crash names another crash id");
            }
            crash.raw.set("uuid", crash.id.as_str());
        }
    }

    fn finish(&self, crash: &mut Crash, failed: Vec<Value>) {
        crash.processed.set("success", true);
        if failed.is_empty() {
            crash.processed.remove("processor_failed_rules");
        } else {
            crash.processed.set("processor_failed_rules", failed);
        }
        let mut history = match crash.processed.remove("processor_history") {
            Some(Value::Array(history)) => history,
            _ => Vec::new(),
        };
        if let Some(earlier) = crash.processed.remove("processor_notes").filter(is_truthy) {
            history.insert(0, earlier);
        }
        crash.processed.set("processor_history", history);
        let notes = crash.notes().join("\n");
        crash.processed.set("processor_notes", notes);
        crash.processed.set(
            "completed_datetime",
            time::isoformat(self.environment.now()),
        );
    }
}

/// Forgets what an earlier run found out, but not that there was one.
fn carry_over(processed: &mut ProcessedCrash) {
    let mut earlier = std::mem::take(processed);
    for name in CARRIED_OVER {
        if let Some(value) = earlier.remove(name) {
            processed.set(name, value);
        }
    }
}

impl Ruleset {
    /// Applies one rule of the ruleset to a crash, if it applies, and nothing else: no bookkeeping,
    /// no other rules. `None` when the ruleset has no rule of that name.
    ///
    /// In debug builds, a rule that writes what it does not declare fails with the kind
    /// `undeclared_write`.
    pub async fn apply_rule(&self, name: &str, crash: &mut Crash) -> Option<Result<(), RuleError>> {
        let step = self.steps().iter().find(|step| step.info().name == name)?;
        let info = step.info();
        let before = cfg!(debug_assertions).then(|| crash.clone());
        crash.enter(info.name);
        let result = run_step(step, crash).await;
        let undeclared = before.map(|before| info.undeclared_writes(&before, crash));
        Some(
            match undeclared.filter(|undeclared| !undeclared.is_empty()) {
                Some(undeclared) => Err(RuleError::new("undeclared_write", undeclared.join(", "))),
                None => result,
            },
        )
    }
}

/// Runs one rule behind a fence that turns a panic into an error.
async fn run_step(step: &Step, crash: &mut Crash) -> Result<(), RuleError> {
    let result = match step {
        Step::Sync(rule) => catch_unwind(AssertUnwindSafe(|| {
            if rule.applies(crash) {
                rule.apply(crash)
            } else {
                Ok(())
            }
        })),
        Step::Async(rule) => {
            let run = async {
                if rule.applies(crash) {
                    rule.apply(crash).await
                } else {
                    Ok(())
                }
            };
            AssertUnwindSafe(run).catch_unwind().await
        }
    };
    result.unwrap_or_else(|panic| Err(RuleError::new("panic", panic_message(panic.as_ref()))))
}

/// The text of a panic, when it has one.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{AsyncRule, Item, Rule, RuleInfo};
    use async_trait::async_trait;
    use serde_json::json;
    use socorro_core::{CrashId, Dumps, RawCrash};

    const NOW: &str = "2026-01-02T03:04:05.5Z";

    const fn info(name: &'static str) -> RuleInfo {
        RuleInfo {
            name,
            purpose: "",
            reads: &[],
            writes: &[Item::Field("mark")],
        }
    }

    #[derive(Debug)]
    struct Fails;
    impl Rule for Fails {
        fn info(&self) -> RuleInfo {
            info("Fails")
        }
        fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
            crash.processed.set("mark", "before the error");
            Err(RuleError::new("no_luck", "private detail"))
        }
    }

    #[derive(Debug)]
    struct Panics;
    #[async_trait]
    impl AsyncRule for Panics {
        fn info(&self) -> RuleInfo {
            info("Panics")
        }
        async fn apply(&self, _: &mut Crash) -> Result<(), RuleError> {
            panic!("private detail")
        }
    }

    #[derive(Debug)]
    struct Marks;
    impl Rule for Marks {
        fn info(&self) -> RuleInfo {
            info("Marks")
        }
        fn applies(&self, crash: &Crash) -> bool {
            crash.raw.contains("Mark")
        }
        fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
            crash.processed.set("marked", true);
            Ok(())
        }
    }

    fn crash(raw: Value) -> Crash {
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        let Value::Object(raw) = raw else {
            panic!("not an object")
        };
        Crash::new(id, RawCrash::from(raw), Dumps::new())
    }

    async fn run(ruleset: Ruleset, crash: Crash) -> ProcessedCrash {
        let name = ruleset.name().to_owned();
        let environment = Environment::fixed(NOW.parse().unwrap(), "testhost");
        Pipeline::new(environment)
            .with(ruleset)
            .run(&name, crash)
            .await
            .unwrap()
            .processed
    }

    #[tokio::test]
    async fn a_rule_that_fails_or_panics_leaves_a_note_without_detail_and_the_next_one_runs() {
        let ruleset = Ruleset::named("r")
            .then(Fails)
            .then_async(Panics)
            .then(Marks);
        let processed = run(ruleset, crash(json!({"Mark": "1"}))).await;
        let notes: Vec<_> = processed.processor_notes().collect();
        assert_eq!(
            notes,
            [
                ">>> Start processing: 2026-01-02 03:04:05.500000+00:00 (testhost)",
                "ruleset 'r' rule 'Fails' failed: no_luck",
                "ruleset 'r' rule 'Panics' failed: panic",
            ]
        );
        assert_eq!(
            processed.get("processor_failed_rules"),
            Some(&json!(["Fails", "Panics"]))
        );
        assert_eq!(processed.get("mark"), Some(&json!("before the error")));
        assert_eq!(processed.get("marked"), Some(&json!(true)));
        assert_eq!(processed.get("success"), Some(&json!(true)));
        assert_eq!(
            processed.get("started_datetime"),
            Some(&json!("2026-01-02T03:04:05+00:00"))
        );
        assert_eq!(processed.signature(), Some(PLACEHOLDER_SIGNATURE));
    }

    #[tokio::test]
    async fn a_second_run_keeps_history_and_notes_and_nothing_else() {
        let Value::Object(earlier) = json!({
            "processor_notes": "second", "processor_history": ["first"], "stale": 1,
        }) else {
            panic!("not an object")
        };
        let earlier = ProcessedCrash::from(earlier);
        let again = |ruleset| run(ruleset, crash(json!({})).with_processed(earlier.clone()));

        let clean = again(Ruleset::named("r").then(Marks)).await;
        assert_eq!(
            clean.get("processor_history"),
            Some(&json!(["second", "first"]))
        );
        assert!(!clean.contains("stale"));

        let in_place = again(Ruleset::named("r").in_place()).await;
        assert_eq!(
            in_place.get("processor_history"),
            Some(&json!(["second", "first"]))
        );
        assert!(in_place.contains("stale"));
    }

    #[tokio::test]
    async fn an_unknown_ruleset_is_refused_before_anything_is_touched() {
        let pipeline = Pipeline::new(Environment::system()).with(Ruleset::named("known"));
        let error = pipeline.run("nosuch", crash(json!({}))).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown ruleset \"nosuch\"; known are: known"
        );
    }

    #[tokio::test]
    async fn the_id_under_which_a_crash_is_stored_wins() {
        let processed = run(
            Ruleset::named("r").then(crate::rules::general::Identifier),
            crash(json!({"uuid": "x"})),
        )
        .await;
        assert_eq!(
            processed.crash_id().unwrap().as_str(),
            "de1bb258-cbbf-4589-a673-34f800160918"
        );
        assert!(
            processed
                .processor_notes()
                .any(|note| note.contains("another crash id"))
        );
    }
}
