//! What the operating system says about processes.

#![allow(dead_code, reason = "no test target uses all of it")]

use std::fs;
use std::time::Duration;

/// The children of a pool, by the mark on their command lines. Zombies have no command line.
pub(super) fn children(mark: &str) -> Vec<u32> {
    processes()
        .filter(|id| {
            let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(mark)
        })
        .collect()
}

/// Children of this process that nobody has collected.
pub(super) fn zombies() -> usize {
    let me = std::process::id().to_string();
    processes()
        .filter(|id| {
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            let field = |name: &str| field(&status, name);
            field("PPid:").as_deref() == Some(&me)
                && field("State:").is_some_and(|state| state.starts_with('Z'))
        })
        .count()
}

/// The most memory that a process ever had resident, in kilobytes.
pub(super) fn peak_memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let peak = field(&status, "VmHWM:").unwrap();
    peak.trim_end_matches(" kB").parse().unwrap()
}

/// How many files this process has open.
pub(super) fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

pub(super) fn kill(id: u32) {
    let id = rustix::process::Pid::from_raw(id.try_into().unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
}

/// Waits for something that the operating system is about to do.
pub(super) async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .unwrap();
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn field(status: &str, name: &str) -> Option<String> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().to_owned())
}
