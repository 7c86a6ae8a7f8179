//! Running signature test vectors, and checking what holds for every input.
//!
//! Not part of the public interface. The vectors are JSON files of cases whose results were recorded from Mozilla's
//! signature generator; this module runs one case of one file.

mod compare;
mod functions;
mod hold;
mod lists;
mod pipeline;

use std::path::Path;

use serde_json::Value;

pub use self::hold::{generators, holds_for_bytes, holds_for_crash};
use crate::{SignatureError, SignatureGenerator, SignatureLists};

/// What running a case showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The result is the recorded one.
    Matched,
    /// The result differs, as described.
    Mismatched(String),
    /// The case is about something that another crate does.
    Elsewhere(&'static str),
}

impl Outcome {
    fn from_comparison(comparison: Result<(), String>) -> Self {
        match comparison {
            Ok(()) => Self::Matched,
            Err(difference) => Self::Mismatched(difference),
        }
    }
}

/// Runs cases with the lists that their results were recorded with.
#[derive(Debug)]
pub struct VectorRunner {
    generator: SignatureGenerator,
}

impl VectorRunner {
    /// The vector files that this runner knows.
    pub const FILES: [&'static str; 5] = [
        "pipeline.json",
        "processed.json",
        "functions.json",
        "siglist_loading.json",
        "malformed.json",
    ];

    /// A runner with the lists of a directory.
    ///
    /// # Errors
    ///
    /// If the lists cannot be loaded.
    pub fn new(siglists: &Path) -> Result<Self, SignatureError> {
        let lists = SignatureLists::from_directory(siglists)?;
        Ok(Self {
            generator: SignatureGenerator::new(lists),
        })
    }

    /// Runs one case of a file.
    ///
    /// # Errors
    ///
    /// If the file is not one of [`VectorRunner::FILES`] or the case does not have the expected form.
    pub fn run_case(&self, file: &str, case: &Value) -> Result<Outcome, String> {
        match file {
            "pipeline.json" => pipeline::run(&self.generator, case),
            "malformed.json" => pipeline::run_malformed(&self.generator, case),
            "processed.json" => pipeline::run_processed(&self.generator, case),
            "siglist_loading.json" => lists::run(case),
            "functions.json" => functions::run(&self.generator.lists(), case),
            other => Err(format!("unknown vector file {other}")),
        }
    }
}

/// The id of a case.
pub fn case_id(case: &Value) -> &str {
    case.get("id")
        .and_then(Value::as_str)
        .unwrap_or("case without id")
}
