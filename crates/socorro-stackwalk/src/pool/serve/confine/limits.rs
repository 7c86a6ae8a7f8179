//! Bounds on memory, processor time and files.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::super::super::isolation::Confinement;
use super::super::super::limits::Limits;

/// Open files: the channel, standard error, and a few on their way in.
const FILES: u64 = 32;

/// Seconds of processor time that a walk may take beyond its deadline. The parent loses patience earlier.
const SPARE_SECONDS: u64 = 30;

pub(super) fn limit(limits: Limits) -> Confinement {
    let bounds = [
        ("addresses", Resource::As, limits.addresses()),
        ("memory", Resource::Data, limits.memory),
        ("size of files", Resource::Fsize, 0),
        ("core dumps", Resource::Core, 0),
        ("open files", Resource::Nofile, FILES),
    ];
    let mut missing: Vec<&str> = bounds
        .into_iter()
        .filter(|(_, resource, bound)| !set(*resource, *bound))
        .map(|(name, _, _)| name)
        .collect();
    if !end_with_parent() {
        missing.push("end with the parent");
    }
    if missing.is_empty() {
        Confinement::Enforced
    } else {
        Confinement::Partial {
            reason: format!("without bounds on: {}", missing.join(", ")),
        }
    }
}

/// Lowers a limit for good, unless it is lower already.
fn set(resource: Resource, bound: u64) -> bool {
    let bound = getrlimit(resource)
        .maximum
        .map_or(bound, |maximum| maximum.min(bound));
    let limit = Rlimit {
        current: Some(bound),
        maximum: Some(bound),
    };
    setrlimit(resource, limit).is_ok()
}

/// The end of the parent is told by the channel too, but only to a process that is in a state to listen.
#[cfg(target_os = "linux")]
fn end_with_parent() -> bool {
    let signal = Some(rustix::process::Signal::KILL);
    rustix::process::set_parent_process_death_signal(signal).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> bool {
    true
}

/// Allows processor time for a walk that may take `deadline`, from now on.
pub(in super::super) fn allow_time(deadline: Duration) {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let used = u64::try_from(used.tv_sec).unwrap_or_default();
    let seconds = used
        .saturating_add(deadline.as_secs())
        .saturating_add(SPARE_SECONDS);
    // Only the soft limit: it has to be raised for the next walk.
    let limit = Rlimit {
        current: Some(seconds),
        maximum: getrlimit(Resource::Cpu).maximum,
    };
    // Fails only where a lower limit was there before.
    let _ = setrlimit(Resource::Cpu, limit);
}
