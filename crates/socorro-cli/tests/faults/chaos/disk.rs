//! A disk that can run full.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

/// How large the small disk is.
const SIZE: &str = "512m";
const BALLAST: &str = "ballast";

/// A disk that can run full.
#[derive(Debug)]
pub(crate) enum Disk {
    /// A file system of its own, in memory.
    Mounted(PathBuf),
    /// No file system of its own: processors are forbidden to write files of any size.
    Limited,
    /// None: what is stored is not on this machine.
    None,
}

impl Disk {
    /// Makes a directory a small disk, where this user may mount one.
    pub(crate) fn on(directory: &Path) -> Self {
        let size = format!("size={SIZE}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(directory)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Self::Mounted(directory.to_owned()),
            _ => Self::Limited,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Mounted(_) => "a small file system",
            Self::Limited => "a limit on the size of files",
            Self::None => "none",
        }
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) -> io::Result<()> {
        let Self::Mounted(directory) = self else {
            return Ok(());
        };
        let mut ballast = File::create(directory.join(BALLAST))?;
        let mut block = vec![b'x'; 1 << 20];
        loop {
            match ballast.write(&block) {
                Ok(_) => {}
                Err(_) if block.len() > 1 => block.truncate(block.len() / 2),
                Err(_) => return Ok(()),
            }
        }
    }

    /// Makes room again.
    pub(crate) fn empty(&self) -> io::Result<()> {
        match self {
            Self::Mounted(directory) => match fs::remove_file(directory.join(BALLAST)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Mounted(directory) = self {
            // Nobody can be told any more.
            let _ = Command::new("umount").arg("--lazy").arg(directory).output();
        }
    }
}
