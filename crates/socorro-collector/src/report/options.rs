//! How raw crashes are made.

use std::fmt;

/// What Mozilla's collector removes, in its order (Antenna, `antenna/breakpad_resource.py`).
const FORBIDDEN: [&str; 4] = [
    "Email",
    "TelemetryClientId",
    "TelemetryServerURL",
    "TelemetrySessionId",
];

/// What Electron, Crashpad and Breakpad call the annotations that rules and the processor look at.
const ALIASES: [(&str, &[&str]); 3] = [
    ("ProductName", &["_productName", "prod", "product"]),
    ("Version", &["_version", "ver"]),
    ("ProcessType", &["process_type", "ptype"]),
];

/// How raw crashes are made.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// Annotations that are removed before a report is stored.
    pub forbidden: Vec<String>,
    /// Names under which clients send annotations that have another one here: the standard name and
    /// where it is looked for when it is absent.
    pub aliases: Vec<(String, Vec<String>)>,
    /// The token with which clients may bring crash ids of their own; without one, none may.
    pub submitter_token: Option<String>,
}

impl Options {
    /// For clients of all kinds: the default. `ProductName`, `Version` and `ProcessType` are looked
    /// for where Crashpad, Electron and Breakpad write them.
    #[must_use]
    pub fn open() -> Self {
        let aliases = ALIASES.iter().map(|(name, aliases)| {
            let aliases = aliases.iter().map(|alias| (*alias).to_owned());
            ((*name).to_owned(), aliases.collect())
        });
        Self {
            aliases: aliases.collect(),
            ..Self::mozilla()
        }
    }

    /// As Mozilla's collector makes them: annotations are taken under their own names only.
    #[must_use]
    pub fn mozilla() -> Self {
        Self {
            forbidden: FORBIDDEN.map(str::to_owned).to_vec(),
            aliases: Vec::new(),
            submitter_token: None,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::open()
    }
}

/// Whether there is a token is shown, not the token.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.submitter_token.as_ref().map(|_| "***");
        f.debug_struct("Options")
            .field("forbidden", &self.forbidden)
            .field("aliases", &self.aliases)
            .field("submitter_token", &token)
            .finish()
    }
}
