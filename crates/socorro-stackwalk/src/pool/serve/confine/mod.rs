//! Locking oneself in.

#[cfg(target_os = "linux")]
mod files;
mod limits;
#[cfg(target_os = "linux")]
mod system_calls;

pub(super) use limits::allow_time;

use super::super::isolation::{Confinement, Isolation};
use super::super::limits::Limits;

/// Gives up whatever a walk does not need. What the operating system does not offer is reported.
///
/// Must be called while the process has one thread.
pub(super) fn confine(limits: Limits, confine: bool) -> Isolation {
    let limits = limits::limit(limits);
    let off = || Confinement::unavailable("switched off");
    Isolation {
        limits,
        files: if confine { no_files() } else { off() },
        // Last: it forbids the system calls that the others are made of.
        system_calls: if confine { few_system_calls() } else { off() },
    }
}

#[cfg(target_os = "linux")]
use files::no_files;
#[cfg(target_os = "linux")]
use system_calls::few_system_calls;

#[cfg(not(target_os = "linux"))]
fn no_files() -> Confinement {
    Confinement::unavailable("only Linux has Landlock")
}

#[cfg(not(target_os = "linux"))]
fn few_system_calls() -> Confinement {
    Confinement::unavailable("only Linux has seccomp")
}
