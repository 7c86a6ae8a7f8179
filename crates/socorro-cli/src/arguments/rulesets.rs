//! Which rulesets there are.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use socorro_core::Environment;
use socorro_processor::{
    Pipeline,
    rules::RulesetOptions,
    ruleset_file::{RuleRegistry, RulesetFile},
    version_lookup::VersionLookup,
};

use crate::failure::Failure;

/// Which rulesets there are.
#[derive(Debug, Args)]
pub(crate) struct RulesetArguments {
    /// File with rulesets of your own, beside or in place of the built-in ones; docs/rules.md says
    /// what is in it
    #[arg(long, value_name = "FILE.toml", env = "SOCORRO_RULESETS")]
    rulesets: Option<PathBuf>,
    /// Ask this service which beta a build is, as Mozilla's /api/VersionString/ answers
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_VERSION_SERVICE",
        hide_env_values = true
    )]
    version_service: Option<String>,
}

impl RulesetArguments {
    /// A pipeline with the built-in rulesets and those of the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be used.
    pub(crate) fn pipeline(&self, options: &RulesetOptions) -> Result<Pipeline, Failure> {
        let with_versions = match &self.version_service {
            Some(url) => Some(options.clone().versions(version_service(url)?)),
            None => None,
        };
        let options = with_versions.as_ref().unwrap_or(options);
        let pipeline = Pipeline::new(Environment::system()).with_rulesets(options);
        let Some(path) = &self.rulesets else {
            return Ok(pipeline);
        };
        let file = RulesetFile::read(path)?;
        let registry = RuleRegistry::built_in(options);
        Ok(pipeline.with_ruleset_file(&file, &registry)?)
    }
}

/// Looks at the address of a version service without asking it.
///
/// # Errors
///
/// When it cannot be used.
pub(crate) fn check_version_service(url: &str) -> Result<(), Failure> {
    version_service(url).map(|_| ())
}

#[cfg(feature = "http-versions")]
fn version_service(url: &str) -> Result<Arc<dyn VersionLookup>, Failure> {
    use socorro_processor::version_lookup::{CachedVersions, HttpVersions, HttpVersionsOptions};

    let service = HttpVersions::new(url, HttpVersionsOptions::default())
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(Arc::new(CachedVersions::new(service)))
}

#[cfg(not(feature = "http-versions"))]
fn version_service(_: &str) -> Result<Arc<dyn VersionLookup>, Failure> {
    Err(
        Failure::usage("version services are not part of this program")
            .hint("cargo install socorro-cli --features http-versions"),
    )
}
