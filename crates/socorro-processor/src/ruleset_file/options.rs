//! The options of a rule in a ruleset file.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use toml::Table;

/// What an option is, for documentation. Options that are not listed are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionInfo {
    /// The name, in lower case with hyphens.
    pub name: &'static str,
    /// What holds without it, as the file would say it.
    pub default: &'static str,
    /// One line: what it decides, and in which unit.
    pub meaning: &'static str,
}

/// Why a rule cannot be made with its options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", option.as_ref().map(|name| format!("{name}: ")).unwrap_or_default())]
pub struct OptionError {
    pub(super) option: Option<String>,
    pub(super) reason: String,
}

impl OptionError {
    /// An option has a value that cannot be used.
    pub fn new(option: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            option: Some(option.into()),
            reason: reason.into(),
        }
    }
}

/// The options of one rule; none of them has to be there.
#[derive(Debug, Clone, Copy)]
pub struct RuleOptions<'a> {
    pub(super) table: &'a Table,
    pub(super) directory: &'a Path,
}

impl RuleOptions<'_> {
    /// The value of an option, if it is there.
    ///
    /// # Errors
    ///
    /// When it is not of the type that is wanted.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, OptionError> {
        let Some(value) = self.table.get(name) else {
            return Ok(None);
        };
        let value = value.clone().try_into();
        value
            .map(Some)
            .map_err(|error: toml::de::Error| OptionError::new(name, error.message()))
    }

    /// A number, if it is there.
    ///
    /// # Errors
    ///
    /// When it is not an integer of the range.
    pub fn number(
        &self,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, OptionError> {
        let number = self.get::<i64>(name)?;
        let in_range = |number: i64| {
            let number = u32::try_from(number).ok();
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| {
                    let (from, to) = (range.start(), range.end());
                    OptionError::new(name, format!("expected a number from {from} to {to}"))
                })
        };
        number.map(in_range).transpose()
    }

    /// A path in the file: a relative one begins where the file is.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.join(path)
    }
}
