//! Rulesets from a TOML file, for operators without Rust (feature `ruleset-files`).
//!
//! ```toml
//! # A ruleset begins with the rules of another one: `default`, `regenerate_signature`, or one of
//! # this file. Without `base` it begins empty.
//! [ruleset.quick]
//! base = "default"
//! remove = ["ModuleURLRewriteRule"]
//! # In this order; without `before` or `after` a rule goes to the end.
//! insert = [{ rule = "ModuleURLRewriteRule", after = "MissingSymbolsRule" }]
//! # Whether to change the processed crash of the run before; without it, as the base.
//! in-place = false
//!
//! # Options of a rule; those that are not named have their defaults.
//! [ruleset.quick.options.TruncateStacksRule]
//! max-frames = 200
//! ```
//!
//! A file may define `default` itself; then that is what `default` means, also as a base. Within
//! its own definition, the name of a built-in ruleset means the built-in one.
//!
//! Which rules there are, and which options they have, is what a [`RuleRegistry`] says:
//! [`RuleRegistry::built_in`] has those of this crate, and others can be added.
//!
//! ```
//! use std::sync::Arc;
//! use socorro_core::Environment;
//! use socorro_processor::{
//!     Pipeline,
//!     rules::RulesetOptions,
//!     ruleset_file::{RuleRegistry, RulesetFile},
//! };
//! use socorro_signature::SignatureGenerator;
//! use socorro_stackwalk::InProcessStackwalker;
//!
//! let file = RulesetFile::parse(r#"
//!     [ruleset.without-signature]
//!     base = "default"
//!     remove = ["SignatureGeneratorRule", "ShutDownHangCrashingThreadRule"]
//! "#)?;
//! let options = RulesetOptions::new(
//!     Arc::new(InProcessStackwalker::new()),
//!     Arc::new(SignatureGenerator::default()),
//! );
//! let pipeline = Pipeline::new(Environment::system())
//!     .with_rulesets(&options)
//!     .with_ruleset_file(&file, &RuleRegistry::built_in(&options))?;
//!
//! let ruleset = pipeline.ruleset("without-signature").expect("it was just added");
//! assert_eq!(ruleset.infos().count(), 48);
//! # Ok::<(), socorro_processor::Error>(())
//! ```

mod built_in;
mod definition;
mod document;
mod options;
mod problem;
mod registry;
mod resolve;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

pub use options::{OptionError, OptionInfo, RuleOptions};
pub use problem::Problem;
pub use registry::RuleRegistry;

use crate::{error::Error, pipeline::Pipeline};
use definition::Definition;

/// How large a file may be, in bytes.
const MAX_SIZE: u64 = 256 << 10;
/// How many rulesets a file may have.
const MAX_RULESETS: usize = 64;

/// The rulesets of a file, read but not yet made.
#[derive(Debug, Clone)]
pub struct RulesetFile {
    /// The file, for messages.
    place: String,
    /// Where paths in the file begin.
    directory: PathBuf,
    definitions: BTreeMap<String, Definition>,
}

impl RulesetFile {
    /// Reads a file of at most 256 KiB with at most 64 rulesets.
    ///
    /// # Errors
    ///
    /// [`Error::RulesetFile`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let in_file = |problem| Error::RulesetFile {
            file: path.display().to_string(),
            problem,
        };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_SIZE + 1).read_to_string(&mut text))
            .map_err(|error| Problem::Unreadable(error.to_string()))
            .and_then(|_| document::read(&text))
            .map(|definitions| Self {
                place: path.display().to_string(),
                directory: path.parent().unwrap_or(Path::new("")).to_owned(),
                definitions,
            })
            .map_err(in_file)
    }

    /// Reads the text of a file. Paths in it begin in the working directory.
    ///
    /// # Errors
    ///
    /// As [`RulesetFile::read`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let place = "(given)".to_owned();
        match document::read(text) {
            Ok(definitions) => Ok(Self {
                place,
                directory: PathBuf::new(),
                definitions,
            }),
            Err(problem) => Err(Error::RulesetFile {
                file: place,
                problem,
            }),
        }
    }

    /// The names of the rulesets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.keys().map(String::as_str)
    }
}

impl Pipeline {
    /// Adds the rulesets of a file. One of the name of a ruleset that is there replaces it, and may
    /// begin with its rules.
    ///
    /// # Errors
    ///
    /// [`Error::RulesetFile`] when a ruleset names a ruleset, a rule or an option that does not
    /// exist, when rulesets begin with each other in a circle, and when rules stand above others
    /// whose results they read.
    pub fn with_ruleset_file(
        self,
        file: &RulesetFile,
        registry: &RuleRegistry,
    ) -> Result<Self, Error> {
        let rulesets = resolve::rulesets(&file.definitions, registry, &self, &file.directory);
        match rulesets {
            Ok(rulesets) => Ok(rulesets.into_iter().fold(self, Self::with)),
            Err(problem) => Err(Error::RulesetFile {
                file: file.place.clone(),
                problem,
            }),
        }
    }
}
