//! A disk that is really full.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use socorro_collector::{Outcome, spool::Mode};
use tokio_util::sync::CancellationToken;

use crate::{
    backends::Mood,
    rig::{Rig, is_accepted, names, new_id, spool_in, submit},
};

/// A small file system, where one can be mounted.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(directory: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(directory)
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no file system can be mounted here");
            return None;
        }
        Some(Self(directory.to_owned()))
    }

    /// Leaves so many bytes, or a page more.
    fn fill_up_to(&self, left: usize) {
        let mut ballast = File::create(self.0.join("ballast")).unwrap();
        while ballast.write_all(&[b'x'; 4096]).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast
            .set_len(length.saturating_sub(left.next_multiple_of(4096) as u64))
            .unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_acknowledges_nothing_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(directory.path()) else {
        return;
    };
    let spool = directory.path().join("spool");
    let rig = Rig::new(Mood::Down, Mood::Down, |builder| {
        builder.spool(spool_in(&spool, Mode::OnFailure))
    })
    .await;
    // No room for anything, for the large file only partly, for that one and nothing else.
    for left in [0, 4096, 100_000, 296_000, 304_000, 308_000, 312_000] {
        disk.fill_up_to(left);
        let id = new_id();
        let (outcome, _) = submit(&rig.collector, &id).await;
        let sent_away = matches!(outcome, Outcome::TryLater { .. });
        assert!(sent_away, "{left} bytes left: {outcome:?}");
        for place in ["new", "tmp"] {
            let found = names(&spool.join(place));
            assert!(found.is_empty(), "{left} bytes left: {place}: {found:?}");
        }
        disk.empty();
    }
    let id = new_id();
    assert!(is_accepted(&submit(&rig.collector, &id).await.0, &id));
    disk.fill_up_to(0);
    // What is in the spool can be delivered from a full disk.
    rig.well();
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    let drained = rig.collector.drain_spool(false, CancellationToken::new());
    assert_eq!(drained.await.unwrap().delivered, 1);
    rig.assert_stored(&id, "a full disk").await;
}
