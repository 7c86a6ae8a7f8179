//! Tokens and what they permit.

use std::fmt;

use socorro_core::time::Timestamp;

/// What a token may permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Protected fields.
    ViewPii,
    /// Minidumps and other files.
    ViewRawDump,
    /// Having crashes processed again.
    ReprocessCrashes,
}

impl Permission {
    /// What error messages call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ViewPii => "View Personal Identifiable Information",
            Self::ViewRawDump => "View Raw Dumps",
            Self::ReprocessCrashes => "Reprocess Crashes",
        }
    }
}

/// A token for the header `Auth-Token`. Without further ado it permits nothing that is not public.
#[derive(Clone)]
pub struct Token {
    secret: String,
    permissions: Vec<Permission>,
    expires: Option<Timestamp>,
    owner_is_active: bool,
}

impl Token {
    /// A token that never expires.
    pub fn new(secret: impl Into<String>) -> Self {
        Self {
            secret: secret.into(),
            permissions: Vec::new(),
            expires: None,
            owner_is_active: true,
        }
    }

    /// Adds a permission.
    #[must_use]
    pub fn may(mut self, permission: Permission) -> Self {
        self.permissions.push(permission);
        self
    }

    /// Adds all permissions.
    #[must_use]
    pub fn may_everything(self) -> Self {
        self.may(Permission::ViewPii)
            .may(Permission::ViewRawDump)
            .may(Permission::ReprocessCrashes)
    }

    /// Refuses it from then on.
    #[must_use]
    pub fn expires(mut self, at: Timestamp) -> Self {
        self.expires = Some(at);
        self
    }

    /// Refuses it because its owner has left.
    #[must_use]
    pub fn of_inactive_user(mut self) -> Self {
        self.owner_is_active = false;
        self
    }

    pub(super) fn is(&self, secret: &str) -> bool {
        self.secret == secret
    }

    pub(super) fn permits(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Why it is refused at this time.
    pub(super) fn refusal(&self, now: Timestamp) -> Option<&'static str> {
        if self.expires.is_some_and(|expires| expires <= now) {
            Some("API Token found but expired")
        } else if !self.owner_is_active {
            Some("User of API token not active")
        } else {
            None
        }
    }
}

/// Shows no secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("permissions", &self.permissions)
            .field("expires", &self.expires)
            .field("owner_is_active", &self.owner_is_active)
            .finish_non_exhaustive()
    }
}
