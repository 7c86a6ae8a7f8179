//! The built-in rules and their options.

use std::{path::PathBuf, sync::Arc};

use serde::Deserialize;

use super::{OptionError, OptionInfo, RuleOptions, RuleRegistry};
use crate::{
    rules::{
        RulesetOptions,
        breakpad::TruncateStacks,
        mozilla::{BetaVersion, OutOfMemoryBinary, SoftErrors},
    },
    version_lookup::{NoVersions, VersionLookup, VersionTable},
};

const TRUNCATE_STACKS: [OptionInfo; 1] = [OptionInfo {
    name: "max-frames",
    default: "500",
    meaning: "how many frames of a stack are kept, from 10 to 100000",
}];

const SOFT_ERRORS: [OptionInfo; 1] = [OptionInfo {
    name: "max-length",
    default: "4096",
    meaning: "where the text is cut, in characters, up to 1048576",
}];

const OUT_OF_MEMORY_BINARY: [OptionInfo; 1] = [OptionInfo {
    name: "max-size",
    default: "20971520",
    meaning: "how large a memory report may be, in bytes after decompression, up to 1073741824",
}];

const BETA_VERSION: [OptionInfo; 1] = [OptionInfo {
    name: "versions",
    default: "as the program is set up",
    meaning: "who knows which beta a build is: \"none\", { table = \"FILE.json\" } or { url = \"https://…\" }",
}];

/// Who knows versions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Versions {
    None,
    Table(PathBuf),
    Url(String),
}

impl RuleRegistry {
    /// The rules of the default ruleset.
    ///
    /// # Panics
    ///
    /// Never: the built-in rules can be made without options.
    #[must_use]
    pub fn built_in(options: &RulesetOptions) -> Self {
        let ruleset = options.default_ruleset();
        let steps = ruleset.steps().iter().cloned();
        let versions = options.version_lookup();
        let registry = steps
            .fold(Self::empty(), Self::step)
            .configurable(&TRUNCATE_STACKS, truncate_stacks)
            .and_then(|registry| registry.configurable(&SOFT_ERRORS, soft_errors))
            .and_then(|registry| {
                registry.configurable_async(&OUT_OF_MEMORY_BINARY, out_of_memory_binary)
            })
            .and_then(|registry| {
                registry.configurable_async(&BETA_VERSION, move |options| {
                    beta_version(options, &versions)
                })
            });
        #[expect(
            clippy::expect_used,
            reason = "without options they do not look at any, and a test makes them"
        )]
        registry.expect("rules with default options")
    }
}

fn truncate_stacks(options: &RuleOptions<'_>) -> Result<TruncateStacks, OptionError> {
    let max_frames = options.number("max-frames", 10..=100_000)?;
    Ok(max_frames.map_or_else(TruncateStacks::default, |max| {
        TruncateStacks::to(max as usize)
    }))
}

fn soft_errors(options: &RuleOptions<'_>) -> Result<SoftErrors, OptionError> {
    let max_length = options.number("max-length", 0..=1 << 20)?;
    Ok(max_length.map_or_else(SoftErrors::default, |max| SoftErrors::to(max as usize)))
}

fn out_of_memory_binary(options: &RuleOptions<'_>) -> Result<OutOfMemoryBinary, OptionError> {
    let max_size = options.number("max-size", 0..=1 << 30)?;
    Ok(max_size.map_or_else(OutOfMemoryBinary::default, |max| {
        OutOfMemoryBinary::up_to(max.into())
    }))
}

fn beta_version(
    options: &RuleOptions<'_>,
    default: &Arc<dyn VersionLookup>,
) -> Result<BetaVersion, OptionError> {
    let versions: Arc<dyn VersionLookup> = match options.get("versions")? {
        None => Arc::clone(default),
        Some(Versions::None) => Arc::new(NoVersions),
        Some(Versions::Table(path)) => {
            let table = VersionTable::from_file(options.path(path));
            Arc::new(table.map_err(|error| OptionError::new("versions", error.to_string()))?)
        }
        Some(Versions::Url(url)) => service(&url)?,
    };
    Ok(BetaVersion::new(versions))
}

#[cfg(feature = "http-versions")]
fn service(url: &str) -> Result<Arc<dyn VersionLookup>, OptionError> {
    use crate::version_lookup::{CachedVersions, HttpVersions, HttpVersionsOptions};

    let versions = HttpVersions::new(url, HttpVersionsOptions::default())
        .map_err(|error| OptionError::new("versions", error.to_string()))?;
    Ok(Arc::new(CachedVersions::new(versions)))
}

#[cfg(not(feature = "http-versions"))]
fn service(_: &str) -> Result<Arc<dyn VersionLookup>, OptionError> {
    Err(OptionError::new(
        "versions",
        "this build cannot ask services; build it with the feature `http-versions`",
    ))
}
