//! The pipeline as the command line describes it.

use std::sync::Arc;

use socorro_processor::{Pipeline, rules::RulesetOptions};
use socorro_signature::SignatureGenerator;

use crate::{
    arguments::{RulesetArguments, WalkArguments},
    failure::Failure,
};

/// The pipeline with the built-in rulesets and those of the user.
///
/// # Errors
///
/// When symbols or the ruleset file cannot be used.
pub(crate) fn pipeline(
    walk: &WalkArguments,
    signatures: &Arc<SignatureGenerator>,
    rulesets: &RulesetArguments,
) -> Result<Pipeline, Failure> {
    let walker = Arc::new(walk.walker()?);
    let options = RulesetOptions::new(walker, Arc::clone(signatures));
    rulesets.pipeline(&options)
}
