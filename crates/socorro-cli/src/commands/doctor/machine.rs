//! Whether the machine is up to the work: disks, memory, clock.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use super::{DoctorArguments, finding::Finding};
use crate::failure::Failure;

/// The least space that a disk should have left, as the symbol cache wants it.
const SPARE: u64 = 2_000_000_000;
/// 2026-01-01: no clock that is right shows an earlier time.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);
/// How far clocks of two machines may be apart. S3 refuses requests beyond a quarter of an hour.
const SKEW: Duration = Duration::from_secs(60);

const TEMPORARY: &str = "temporary";
const CACHE: &str = "cache";
const MEMORY: &str = "memory";
const CLOCK: &str = "clock";

pub(super) fn check(arguments: &DoctorArguments) -> Vec<Finding> {
    let temporary = arguments
        .temporary_path
        .clone()
        .unwrap_or_else(std::env::temp_dir);
    let mut findings = directory(TEMPORARY, &temporary);
    if let Some(cache) = arguments.walk.symbols.cache().directory() {
        findings.extend(directory(CACHE, &cache));
    }
    findings.extend(memory(arguments));
    findings.push(clock(&temporary));
    findings
}

/// Whether a directory can be written to, and has space left.
fn directory(name: &'static str, directory: &Path) -> Vec<Finding> {
    let shown = directory.display();
    // The cache makes its directory itself.
    let existing = match (name, directory.exists()) {
        (CACHE, false) => directory.ancestors().find(|parent| parent.is_dir()),
        _ => Some(directory),
    };
    let existing = existing.unwrap_or(directory);
    if let Err(error) = tempfile::tempfile_in(existing) {
        let failure = Failure::because(format_args!("cannot write to {shown}"), &error);
        return vec![
            Finding::failed(name, &failure)
                .hint("make the directory, and let this user write to it"),
        ];
    }
    match free(existing) {
        None => vec![Finding::ok(name, format!("{shown} can be written to"))],
        Some(bytes) if bytes < SPARE => vec![
            Finding::warning(name, format!("{shown} has only {} left", size(bytes)))
                .hint("dumps of crashes in work and symbol files need space: 2 GB at least"),
        ],
        Some(bytes) => {
            vec![Finding::ok(
                name,
                format!("{shown} can be written to, {} left", size(bytes)),
            )]
        }
    }
}

/// The space that is left for us, in bytes.
#[cfg(unix)]
fn free(directory: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

/// What a walk of a deep stack takes: some kilobytes for each of as many frames as it may have. Minidumps are
/// mapped and do not count.
const WALK: u64 = 256 << 20;

/// Whether all walks that may be in work fit into memory.
fn memory(arguments: &DoctorArguments) -> Option<Finding> {
    let cpus = || thread::available_parallelism().map_or(1, usize::from);
    let workers = arguments.workers.map_or_else(cpus, usize::from) as u64;
    let most = workers.saturating_mul(WALK);
    let (limit, of) = memory_limit()?;
    let message = format!("{} ({of}) for {workers} workers", size(limit));
    Some(if most > limit {
        let message = format!("{message}, whose walks may take {}", size(most));
        Finding::warning(MEMORY, message).hint("set fewer --workers, or give it more memory")
    } else {
        Finding::ok(MEMORY, message)
    })
}

/// How much memory there is, and who says so.
fn memory_limit() -> Option<(u64, &'static str)> {
    let limit_of_group = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    if let Some(limit) = limit_of_group {
        return Some((limit, "the limit of its control group"));
    }
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kilobytes.checked_mul(1024)?, "the machine's"))
}

/// Whether the clock can be right, and agrees with that of the disk, which may be another machine's.
fn clock(directory: &Path) -> Finding {
    let hint = "synchronise the clock: leases, signatures of requests and dates depend on it";
    let now = SystemTime::now();
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    if since < EARLIEST {
        return Finding::error(CLOCK, "the clock is before 2026").hint(hint);
    }
    let written = tempfile::NamedTempFile::new_in(directory).ok();
    let written = written.and_then(|file| file.as_file().metadata().ok()?.modified().ok());
    let apart = written.map(|written| {
        let later = written.duration_since(now);
        later.unwrap_or_else(|error| error.duration())
    });
    match apart {
        Some(apart) if apart > SKEW => {
            let message = format!(
                "the clock is {} s apart from that of the disk",
                apart.as_secs()
            );
            Finding::warning(CLOCK, message).hint(hint)
        }
        _ => Finding::ok(CLOCK, "the time is plausible"),
    }
}

/// A number of bytes, for people.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
    ];
    let unit = UNITS.iter().find(|(_, unit)| bytes >= *unit);
    match unit {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(2_560_000_000), "2.5 GB");
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error_unless_it_can_be_made() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("a/b");
        assert_eq!(
            super::directory(TEMPORARY, &missing)[0].state.as_str(),
            "error"
        );
        assert_ne!(super::directory(CACHE, &missing)[0].state.as_str(), "error");
    }
}
