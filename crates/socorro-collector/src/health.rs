//! Whether reports can be taken.

use std::fmt;

/// Whether reports can be taken, and what is wrong meanwhile.
///
/// What `/__heartbeat__` answers is made of it: an error is a reason to send no more reports here, a degradation
/// is none, because reports are taken and kept all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Why reports would be refused.
    pub errors: Vec<Ailment>,
    /// What fails, while reports are taken nevertheless.
    pub degraded: Vec<Ailment>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ailment {
    /// What it is wrong with: `storage`, `queue`, `spool` ….
    pub name: String,
    /// What is wrong, in words that everybody may read.
    pub message: String,
}

impl Health {
    /// Whether reports are taken.
    #[must_use]
    pub fn takes_reports(&self) -> bool {
        self.errors.is_empty()
    }

    /// Notes a reason for refusing reports.
    pub fn error(&mut self, name: impl Into<String>, message: impl fmt::Display) {
        self.errors.push(Ailment::new(name, message));
    }

    /// Notes something that fails without keeping reports from being taken.
    pub fn degrade(&mut self, name: impl Into<String>, message: impl fmt::Display) {
        self.degraded.push(Ailment::new(name, message));
    }
}

impl Ailment {
    /// Something that is wrong with `name`.
    #[must_use]
    pub fn new(name: impl Into<String>, message: impl fmt::Display) -> Self {
        Self {
            name: name.into(),
            message: message.to_string(),
        }
    }
}
