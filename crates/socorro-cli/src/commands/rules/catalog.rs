//! The rules and rulesets there are.

use std::sync::Arc;

use socorro_processor::{
    Pipeline, RuleInfo, Ruleset, nearest,
    rules::RulesetOptions,
    ruleset_file::{OptionInfo, RuleRegistry},
};
use socorro_stackwalk::InProcessStackwalker;

use crate::{arguments::RulesetArguments, failure::Failure};

/// The rules and rulesets there are.
#[derive(Debug)]
pub(super) struct Catalog {
    pipeline: Pipeline,
    registry: RuleRegistry,
}

impl Catalog {
    /// The built-in ones and those of the user, for looking at.
    ///
    /// # Errors
    ///
    /// When the ruleset file cannot be used.
    pub(super) fn new(rulesets: &RulesetArguments) -> Result<Self, Failure> {
        let nobody = Arc::new(InProcessStackwalker::new());
        Self::with_options(rulesets, &RulesetOptions::new(nobody, Arc::default()))
    }

    /// The built-in ones and those of the user, with the outside as `options` has it.
    ///
    /// # Errors
    ///
    /// As [`Catalog::new`].
    pub(super) fn with_options(
        rulesets: &RulesetArguments,
        options: &RulesetOptions,
    ) -> Result<Self, Failure> {
        Ok(Self {
            pipeline: rulesets.pipeline(options)?,
            registry: RuleRegistry::built_in(options),
        })
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// A ruleset by name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn ruleset(&self, name: &str) -> Result<&Ruleset, Failure> {
        self.pipeline.ruleset(name).ok_or_else(|| {
            let known: Vec<_> = self.pipeline.rulesets().map(Ruleset::name).collect();
            unknown("ruleset", name, known.iter().copied())
                .hint(format!("there are {}", known.join(", ")))
        })
    }

    /// A rule by name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn rule(&self, name: &str) -> Result<RuleInfo, Failure> {
        let mut infos = self.registry.infos();
        infos.find(|info| info.name == name).ok_or_else(|| {
            let known = self.registry.infos().map(|info| info.name);
            unknown("rule", name, known).hint("`socorro rules list` shows those there are")
        })
    }

    /// The options that a ruleset file can give to a rule.
    pub(super) fn options(&self, rule: &str) -> &'static [OptionInfo] {
        self.registry.options(rule)
    }
}

/// Says that there is nothing of that name, and what was probably meant.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Failure {
    let meant =
        nearest(name, known).map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
    Failure::usage(format!("there is no {what} {name:?}{meant}"))
}
