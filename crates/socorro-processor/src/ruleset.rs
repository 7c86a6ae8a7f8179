//! An ordered list of rules.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    error::Error,
    rule::{AsyncRule, Item, Rule, RuleInfo},
    suggestion::nearest,
};

/// A named, ordered list of rules, read from top to bottom.
///
/// ```
/// # use socorro_processor::{Crash, Rule, RuleError, RuleInfo};
/// # #[derive(Debug)]
/// # struct MyRule;
/// # impl Rule for MyRule {
/// #     fn info(&self) -> RuleInfo {
/// #         RuleInfo { name: "MyRule", purpose: "", reads: &[], writes: &[] }
/// #     }
/// #     fn apply(&self, _: &mut Crash) -> Result<(), RuleError> { Ok(()) }
/// # }
/// use socorro_processor::Ruleset;
///
/// let ruleset = Ruleset::named("mine").then(MyRule);
/// assert_eq!(ruleset.infos().next().map(|info| info.name), Some("MyRule"));
/// ```
///
/// A ruleset is changed by naming the rules that are in it; a name that is not in it is an error:
///
/// ```
/// use socorro_processor::{Ruleset, rules::{breakpad::ThreadCount, general::{CpuInfo, OsInfo}}};
///
/// let ruleset = Ruleset::named("machine").then(CpuInfo).then(ThreadCount);
/// let ruleset = ruleset.renamed("other").insert_after("CPUInfoRule", OsInfo)?.without("ThreadCountRule")?;
/// let names: Vec<_> = ruleset.infos().map(|info| info.name).collect();
/// assert_eq!(names, ["CPUInfoRule", "OSInfoRule"]);
///
/// let error = ruleset.without("CpuInfo").unwrap_err();
/// assert_eq!(error.to_string(), r#"ruleset "other" has no rule "CpuInfo"; did you mean "CPUInfoRule"?"#);
/// # Ok::<(), socorro_processor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ruleset {
    name: String,
    steps: Vec<Step>,
    in_place: bool,
}

/// A rule in a ruleset.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// One that runs through.
    Sync(Arc<dyn Rule>),
    /// One that waits for something.
    Async(Arc<dyn AsyncRule>),
}

impl Step {
    pub(crate) fn info(&self) -> RuleInfo {
        match self {
            Self::Sync(rule) => rule.info(),
            Self::Async(rule) => rule.info(),
        }
    }
}

impl Ruleset {
    /// A ruleset without rules.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            steps: Vec::new(),
            in_place: false,
        }
    }

    /// Adds a rule at the end.
    #[must_use]
    pub fn then(mut self, rule: impl Rule) -> Self {
        self.steps.push(Step::Sync(Arc::new(rule)));
        self
    }

    /// Adds a rule that waits for something outside.
    #[must_use]
    pub fn then_async(mut self, rule: impl AsyncRule) -> Self {
        self.steps.push(Step::Async(Arc::new(rule)));
        self
    }

    /// Takes a rule out.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRule`] when there is none of that name.
    pub fn without(mut self, name: &str) -> Result<Self, Error> {
        let index = self.position(name)?;
        self.steps.remove(index);
        Ok(self)
    }

    /// Puts a rule in front of the one of that name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRule`] when there is none of that name.
    pub fn insert_before(self, name: &str, rule: impl Rule) -> Result<Self, Error> {
        self.insert(name, 0, Step::Sync(Arc::new(rule)))
    }

    /// [`Ruleset::insert_before`] for a rule that waits for something outside.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRule`] when there is none of that name.
    pub fn insert_before_async(self, name: &str, rule: impl AsyncRule) -> Result<Self, Error> {
        self.insert(name, 0, Step::Async(Arc::new(rule)))
    }

    /// Puts a rule behind the one of that name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRule`] when there is none of that name.
    pub fn insert_after(self, name: &str, rule: impl Rule) -> Result<Self, Error> {
        self.insert(name, 1, Step::Sync(Arc::new(rule)))
    }

    /// [`Ruleset::insert_after`] for a rule that waits for something outside.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRule`] when there is none of that name.
    pub fn insert_after_async(self, name: &str, rule: impl AsyncRule) -> Result<Self, Error> {
        self.insert(name, 1, Step::Async(Arc::new(rule)))
    }

    /// Puts a rule in the place of the one of that name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRule`] when there is none of that name.
    pub fn replace(self, name: &str, rule: impl Rule) -> Result<Self, Error> {
        self.replace_step(name, Step::Sync(Arc::new(rule)))
    }

    /// [`Ruleset::replace`] with a rule that waits for something outside.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRule`] when there is none of that name.
    pub fn replace_async(self, name: &str, rule: impl AsyncRule) -> Result<Self, Error> {
        self.replace_step(name, Step::Async(Arc::new(rule)))
    }

    /// The same rules under another name.
    #[must_use]
    pub fn renamed(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// Lets this ruleset start from an empty processed crash that keeps only history and notes of
    /// the run before, as new rulesets do.
    #[must_use]
    pub fn starting_empty(self) -> Self {
        Self {
            in_place: false,
            ..self
        }
    }

    /// Lets this ruleset change the processed crash of the run before, instead of starting from
    /// an empty one that keeps only history and notes.
    #[must_use]
    pub fn in_place(mut self) -> Self {
        self.in_place = true;
        self
    }

    /// Whether the ruleset changes the processed crash of the run before.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// The name, by which queue messages ask for the ruleset.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the rules say about themselves, in order.
    pub fn infos(&self) -> impl Iterator<Item = RuleInfo> {
        self.steps.iter().map(Step::info)
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    #[cfg(feature = "ruleset-files")]
    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Puts a rule so many places behind the one of that name.
    pub(crate) fn insert(mut self, name: &str, offset: usize, step: Step) -> Result<Self, Error> {
        let index = self.position(name)? + offset;
        self.steps.insert(index, step);
        Ok(self)
    }

    pub(crate) fn replace_step(mut self, name: &str, step: Step) -> Result<Self, Error> {
        let index = self.position(name)?;
        self.steps[index] = step;
        Ok(self)
    }

    fn position(&self, name: &str) -> Result<usize, Error> {
        let position = self.infos().position(|info| info.name == name);
        position.ok_or_else(|| Error::UnknownRule {
            ruleset: self.name.clone(),
            name: name.to_owned(),
            suggestion: nearest(name, self.infos().map(|info| info.name)).map(str::to_owned),
        })
    }

    /// Checks the order against what the rules say they read and write.
    ///
    /// Returns one line for each field that a rule reads although only later rules write it, for
    /// each annotation that a rule reads before another one changes it, and for each name that two
    /// rules share. `given` are the top-level fields that are there before the first rule.
    #[must_use]
    pub fn order_violations(&self, given: &[&str]) -> Vec<String> {
        let mut violations = Vec::new();
        let mut names = BTreeSet::new();
        let infos: Vec<RuleInfo> = self.infos().collect();
        for (index, info) in infos.iter().enumerate() {
            let name = info.name;
            if !names.insert(name) {
                violations.push(format!("{name} is there twice"));
            }
            let (earlier, later) = (&infos[..index], &infos[index + 1..]);
            for item in info.reads {
                let problem = match item {
                    Item::Field(_) => item
                        .top_level_field()
                        .filter(|field| !given.contains(field))
                        .filter(|field| !writes_field(earlier, field) && writes_field(later, field))
                        .map(|field| format!("{field}, which only a later rule writes")),
                    Item::Annotation(annotation) => writes_annotation(later, annotation)
                        .then(|| format!("annotation {annotation}, which a later rule changes")),
                    _ => None,
                };
                violations.extend(problem.map(|problem| format!("{name} reads {problem}")));
            }
        }
        violations
    }
}

fn writes_field(rules: &[RuleInfo], field: &str) -> bool {
    let mut items = rules.iter().flat_map(|info| info.writes);
    // Further minidumps may lie below any name, which says nothing about the order.
    items.any(|item| *item != Item::FurtherMinidumps && item.covers_field(field))
}

fn writes_annotation(rules: &[RuleInfo], annotation: &str) -> bool {
    let mut items = rules.iter().flat_map(|info| info.writes);
    items.any(|item| item.covers_annotation(annotation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        breakpad::ThreadCount,
        general::{CpuInfo, Identifier, OsInfo},
        mozilla::OutOfMemoryBinary,
    };

    fn names(ruleset: &Ruleset) -> Vec<&'static str> {
        ruleset.infos().map(|info| info.name).collect()
    }

    fn machine() -> Ruleset {
        Ruleset::named("machine").then(CpuInfo).then(ThreadCount)
    }

    #[test]
    fn rules_are_put_where_they_are_wanted() -> Result<(), Error> {
        let ruleset = machine()
            .insert_before("CPUInfoRule", Identifier)?
            .insert_after("ThreadCountRule", OsInfo)?
            .insert_after_async("IdentifierRule", OutOfMemoryBinary::default())?;
        assert_eq!(
            names(&ruleset),
            [
                "IdentifierRule",
                "OutOfMemoryBinaryRule",
                "CPUInfoRule",
                "ThreadCountRule",
                "OSInfoRule"
            ]
        );
        let ruleset = ruleset
            .without("OutOfMemoryBinaryRule")?
            .replace("IdentifierRule", crate::rules::general::RemoveNulls)?
            .replace_async("OSInfoRule", OutOfMemoryBinary::default())?
            .without("CPUInfoRule")?;
        assert_eq!(
            names(&ruleset.insert_before_async("ThreadCountRule", OutOfMemoryBinary::default())?)
                .len(),
            4
        );
        Ok(())
    }

    #[test]
    fn a_ruleset_that_starts_empty_is_not_in_place() {
        let ruleset = machine().in_place().renamed("again");
        assert!(ruleset.is_in_place() && ruleset.name() == "again");
        assert!(!ruleset.starting_empty().is_in_place());
    }

    #[test]
    fn an_unknown_rule_is_told_with_the_nearest_one() {
        let unknown = |result: Result<Ruleset, Error>| result.unwrap_err().to_string();
        for message in [
            unknown(machine().without("ThreadCountRle")),
            unknown(machine().insert_before("ThreadCountRle", Identifier)),
            unknown(machine().insert_after("ThreadCountRle", Identifier)),
            unknown(machine().replace("ThreadCountRle", Identifier)),
        ] {
            assert_eq!(
                message,
                "ruleset \"machine\" has no rule \"ThreadCountRle\"; did you mean \"ThreadCountRule\"?"
            );
        }
        assert_eq!(
            unknown(machine().without("Breadcrumbs")),
            "ruleset \"machine\" has no rule \"Breadcrumbs\""
        );
    }
}
