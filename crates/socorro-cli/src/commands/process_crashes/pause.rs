//! Letting a person look at crashes before they are stored.

use std::{fs, io, path::PathBuf};

use socorro_core::CrashId;

use super::FailedList;
use crate::{
    commands::fetch_crash_data::{Ended, Fetcher, How, each},
    failure::Failure,
    interrupt,
    output::Output,
};

/// Where the crashes lie meanwhile.
const DIRECTORY: &str = "crashdata_tryit_tmp";

/// The directory with the crashes, which goes when this does.
pub(super) struct Paused(PathBuf);

impl Paused {
    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// When it is there already: somebody may have changed what is in it.
    pub(super) fn new() -> Result<Self, Failure> {
        let path = PathBuf::from(DIRECTORY);
        fs::create_dir(&path).map_err(|error| {
            Failure::because(format_args!("cannot make the directory {DIRECTORY}"), &error).hint(
                "if it is left over, remove it, or store the crashes in it with --from crashdata_tryit_tmp",
            )
        })?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.0
    }

    /// Fetches the crashes, and waits until somebody presses Enter. Gives back those that are there.
    ///
    /// # Errors
    ///
    /// How the fetch ended, if not well.
    pub(super) async fn fetch(
        &self,
        fetcher: &Fetcher,
        ids: Vec<CrashId>,
        jobs: usize,
        failed: &mut FailedList,
        output: &Output,
    ) -> Result<Result<Vec<CrashId>, Ended>, Failure> {
        let mut there = Vec::new();
        let ended = each(
            ids,
            jobs,
            false,
            |id| fetcher.fetch(id),
            |id, outcome| {
                match outcome {
                    Ok(_) => there.push(id),
                    Err(failure) => {
                        failed.add(id);
                        output.report(&failure.within(format_args!("{id} was not fetched")));
                    }
                }
                Ok(())
            },
        )
        .await?;
        fetcher.finish_writing().await;
        if !matches!(ended.how, How::Through) {
            return Ok(Err(ended));
        }
        output.note(format_args!(
            "{} crashes are in {DIRECTORY}: press Enter to go on",
            there.len()
        ));
        tokio::select! {
            pressed = tokio::task::spawn_blocking(enter) => {
                pressed.map_err(|error| Failure::because("cannot wait for Enter", &error))??;
                Ok(Ok(there))
            }
            signal = interrupt::signal() => Ok(Err(Ended {
                how: How::Interrupted(signal?),
                remaining: there,
            })),
        }
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "{DIRECTORY} could not be removed");
        }
    }
}

fn enter() -> Result<(), Failure> {
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::because("cannot read standard input", &error))?;
    Ok(())
}
