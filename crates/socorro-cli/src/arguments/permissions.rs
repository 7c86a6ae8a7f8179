//! What whoever reads the output may see.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use socorro_core::{ProcessedCrash, RawCrash, schema::Schema};

/// What whoever reads the output may see.
#[derive(Debug, Args)]
pub(crate) struct PermissionArguments {
    /// What whoever reads the output may see
    #[arg(long, value_enum, default_value_t, value_name = "PERMISSIONS")]
    permissions: Permissions,
}

/// What somebody may see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Permissions {
    /// Everything: for people who may see personal data
    #[default]
    Protected,
    /// Only fields that are public; `socorro rules fields` shows which
    Public,
}

impl PermissionArguments {
    /// Whether only public data may be shown.
    pub(crate) fn is_public(&self) -> bool {
        self.permissions == Permissions::Public
    }

    /// What may be seen.
    pub(crate) fn which(&self) -> Permissions {
        self.permissions
    }

    /// What may be seen of a processed crash.
    pub(crate) fn processed(&self, crash: ProcessedCrash) -> ProcessedCrash {
        self.permissions.processed(crash)
    }

    /// What may be seen of a raw crash.
    pub(crate) fn raw(&self, crash: RawCrash) -> RawCrash {
        if self.is_public() {
            redacted(Schema::raw_crash(), crash.as_map()).into()
        } else {
            crash
        }
    }
}

impl Permissions {
    /// What may be seen of a processed crash.
    pub(crate) fn processed(self, crash: ProcessedCrash) -> ProcessedCrash {
        match self {
            Self::Protected => crash,
            Self::Public => redacted(Schema::processed_crash(), crash.as_map()).into(),
        }
    }
}

fn redacted(schema: &Schema, document: &Map<String, Value>) -> Map<String, Value> {
    let redacted = schema.redact(document);
    if redacted.wrongly_typed > 0 {
        tracing::warn!(
            count = redacted.wrongly_typed,
            "values of public fields are left out because their type is not the one of the schema"
        );
    }
    redacted.document
}
