//! The published program, the baseline.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cases::Case;

/// `minidump-stackwalk`.
pub(crate) struct Program(PathBuf);

impl Program {
    pub(crate) fn find() -> Option<Self> {
        let named = env::var_os("MINIDUMP_STACKWALK").map(PathBuf::from);
        let path = named.unwrap_or_else(|| PathBuf::from("minidump-stackwalk"));
        let version = Command::new(&path).arg("--version").output();
        let Ok(version) = version else {
            println!(
                "SKIPPED: comparison with the published program: no minidump-stackwalk on PATH"
            );
            return None;
        };
        print!("baseline: {}", String::from_utf8_lossy(&version.stdout));
        Some(Self(path))
    }

    /// Walks one minidump as Mozilla's processor does, and waits for the program to end.
    pub(crate) fn walk(&self, case: &Case, output: &Path) {
        let mut command = Command::new(&self.0);
        command
            .args(["--json", "--verbose=error", "--no-color"])
            .arg(format!("--evil-json={}", case.raw_crash.display()))
            .arg(format!("--output-file={}", output.display()));
        for directory in &case.symbols {
            command.arg("--symbols-path").arg(directory);
        }
        let status = command
            .arg(&case.dump)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("the program runs").success(), "{}", case.name);
    }
}
