//! The pipeline as the command line describes it.

use std::sync::Arc;

use socorro_core::Environment;
use socorro_processor::Pipeline;
use socorro_signature::SignatureGenerator;

use crate::{arguments::WalkArguments, failure::Failure};

/// The pipeline with the built-in rulesets.
///
/// # Errors
///
/// When symbols cannot be used.
pub(crate) fn pipeline(
    walk: &WalkArguments,
    signatures: &Arc<SignatureGenerator>,
) -> Result<Pipeline, Failure> {
    let walker = Arc::new(walk.walker()?);
    let pipeline = Pipeline::new(Environment::system());
    Ok(pipeline.with_default_rulesets(walker, signatures))
}
