//! An ordered list of rules.

use std::{collections::BTreeSet, sync::Arc};

use crate::rule::{AsyncRule, Item, Rule, RuleInfo};

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
                        .filter(|field| {
                            !given.contains(field)
                                && !writes(earlier, |item| item.covers_field(field))
                                && writes(later, |item| item.covers_field(field))
                        })
                        .map(|field| format!("{field}, which only a later rule writes")),
                    Item::Annotation(annotation) => {
                        writes(later, |item| item.covers_annotation(annotation))
                            .then(|| format!("annotation {annotation}, which a later rule changes"))
                    }
                    _ => None,
                };
                violations.extend(problem.map(|problem| format!("{name} reads {problem}")));
            }
        }
        violations
    }
}

/// Whether one of the rules writes something.
fn writes(rules: &[RuleInfo], is_it: impl Fn(&Item) -> bool) -> bool {
    rules.iter().flat_map(|info| info.writes).any(is_it)
}
