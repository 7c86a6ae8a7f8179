//! Where a value comes from.

use std::{fmt, path::PathBuf};

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    /// Counted from 1.
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Where the value of a setting comes from, strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An option on the command line.
    Flag {
        /// Without the dashes.
        option: String,
    },
    /// A variable of the environment, or of a file that stands in for it.
    Variable {
        name: String,
        /// The line of the file; nothing for the environment itself.
        place: Option<Place>,
    },
    /// The configuration file.
    File(Place),
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// The word for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Flag { .. } => "flag",
            Self::Variable { place: None, .. } => "environment",
            Self::Variable { .. } => "env-file",
            Self::File(_) => "file",
            Self::Default => "default",
        }
    }

    /// The option or variable, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Flag { option } => Some(option),
            Self::Variable { name, .. } => Some(name),
            Self::File(_) | Self::Default => None,
        }
    }

    /// The line of a file, if it is one.
    pub(crate) fn place(&self) -> Option<&Place> {
        match self {
            Self::Variable { place, .. } => place.as_ref(),
            Self::File(place) => Some(place),
            Self::Flag { .. } | Self::Default => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag { option } => write!(f, "--{option}"),
            Self::Variable { name, place: None } => f.write_str(name),
            Self::Variable {
                name,
                place: Some(place),
            } => write!(f, "{place}: {name}"),
            Self::File(place) => write!(f, "{place}"),
            Self::Default => f.write_str("default"),
        }
    }
}
