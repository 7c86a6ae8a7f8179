//! Which rulesets there are.

use std::path::PathBuf;

use clap::Args;
use socorro_core::Environment;
use socorro_processor::{
    Pipeline,
    rules::RulesetOptions,
    ruleset_file::{RuleRegistry, RulesetFile},
};

use crate::failure::Failure;

/// Which rulesets there are.
#[derive(Debug, Args)]
pub(crate) struct RulesetArguments {
    /// File with rulesets of your own, beside or in place of the built-in ones; docs/rules.md says
    /// what is in it
    #[arg(long, value_name = "FILE.toml", env = "SOCORRO_RULESETS")]
    rulesets: Option<PathBuf>,
}

impl RulesetArguments {
    /// A pipeline with the built-in rulesets and those of the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be used.
    pub(crate) fn pipeline(&self, options: &RulesetOptions) -> Result<Pipeline, Failure> {
        let pipeline = Pipeline::new(Environment::system()).with_rulesets(options);
        let Some(path) = &self.rulesets else {
            return Ok(pipeline);
        };
        let file = RulesetFile::read(path)?;
        let registry = RuleRegistry::built_in(options);
        Ok(pipeline.with_ruleset_file(&file, &registry)?)
    }
}
