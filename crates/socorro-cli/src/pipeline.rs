//! The pipeline as the command line describes it.

use std::sync::Arc;

use socorro_processor::{Pipeline, rules::RulesetOptions};
use socorro_signature::SignatureGenerator;
use socorro_stackwalk::Stackwalker;

use crate::{arguments::RulesetArguments, failure::Failure};

/// The pipeline with the built-in rulesets and those of the user.
///
/// # Errors
///
/// When the ruleset file cannot be used.
pub(crate) fn pipeline(
    walker: Arc<dyn Stackwalker>,
    signatures: &Arc<SignatureGenerator>,
    rulesets: &RulesetArguments,
) -> Result<Pipeline, Failure> {
    let options = RulesetOptions::new(walker, Arc::clone(signatures));
    rulesets.pipeline(&options)
}
