//! No files, no network: Landlock.

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope,
};

use super::super::super::isolation::Confinement;

/// The newest set of restrictions that is known here. Older kernels enforce what they know.
const KNOWN: ABI = ABI::V6;

/// Forbids to open any file and to connect to any address. What is open already stays usable.
pub(super) fn no_files() -> Confinement {
    match restrict() {
        Ok(RulesetStatus::FullyEnforced) => Confinement::Enforced,
        Ok(RulesetStatus::PartiallyEnforced) => Confinement::Partial {
            reason: "this kernel's Landlock is older".to_owned(),
        },
        Ok(RulesetStatus::NotEnforced) => {
            Confinement::unavailable("this kernel has no Landlock, or it is switched off")
        }
        Err(error) => Confinement::unavailable(error),
    }
}

fn restrict() -> Result<RulesetStatus, RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}
