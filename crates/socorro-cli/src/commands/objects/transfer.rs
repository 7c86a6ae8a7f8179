//! Copying files from one side to the other.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
};

use futures::{StreamExt as _, stream};
use socorro_core::CrashId;
use socorro_storage::{Error, ErrorKind};

use super::{
    compare::Comparison,
    failures::{said, way_out},
    report::Report,
    side::{Entry, Side, file, stays_below},
};
use crate::failure::Failure;

/// After so many files in a row that failed because of an outage or a full disk, it is one.
const OUTAGE: usize = 20;

/// From where to where, and how.
#[derive(Debug)]
pub(super) struct Transfer<'a> {
    pub(super) from: &'a Side,
    pub(super) to: &'a Side,
    /// Whether what was copied is deleted where it comes from.
    pub(super) moves: bool,
    /// How it is found out what need not be copied, and what is there.
    pub(super) present: Option<(Comparison, HashMap<String, Entry>)>,
    pub(super) jobs: usize,
    pub(super) dry_run: bool,
    /// Whether the first file that cannot be copied ends the work.
    pub(super) fail_fast: bool,
}

/// What became of a file.
enum Outcome {
    Copied,
    Same,
}

/// Why a file was not copied.
struct Problem {
    text: String,
    hint: Option<String>,
    /// Whether it is not about this file alone.
    outage: bool,
    /// Whether no other file can do better.
    hopeless: bool,
}

impl Transfer<'_> {
    /// Copies files; one that cannot be copied does not keep the others from it. Raw crashes come
    /// last: one that is there is complete.
    ///
    /// # Errors
    ///
    /// When nothing can be done any more.
    pub(super) async fn run(
        &self,
        entries: Vec<Entry>,
        report: &mut Report<'_>,
    ) -> Result<(), Failure> {
        let (last, first): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| is_raw_crash(&entry.name));
        let (mut incomplete, mut outages) = (HashSet::new(), 0);
        for entries in [first, last] {
            let bar = report.bar().clone();
            let (bar, torn) = (&bar, incomplete.clone());
            let torn = &torn;
            let mut copies = stream::iter(entries)
                .map(|entry| async move {
                    let is_torn = crash_of(&entry.name).is_some_and(|id| torn.contains(&id));
                    let result = match is_torn {
                        true => Err(Problem::of_crash()),
                        false => self.one(&entry, &|bytes| bar.inc(bytes)).await,
                    };
                    (entry, result)
                })
                .buffer_unordered(self.jobs);
            while let Some((entry, result)) = copies.next().await {
                match result {
                    Ok(Outcome::Same) => outages = 0,
                    Ok(Outcome::Copied) => {
                        outages = 0;
                        let line = format!("{}: {}", self.verb(), self.way(&entry.name));
                        report.done(&line)?;
                    }
                    Err(problem) => {
                        outages = if problem.outage { outages + 1 } else { 0 };
                        incomplete.extend(crash_of(&entry.name));
                        let given_up = self.fail_fast || problem.hopeless || outages == OUTAGE;
                        report.failed(&self.failure(&entry.name, problem));
                        if given_up {
                            return Err(not_done());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// What it is called, in the words of `aws s3`.
    fn verb(&self) -> &'static str {
        match (self.moves, self.from, self.to) {
            (true, ..) => "move",
            (_, Side::Local { .. }, Side::Bucket { .. }) => "upload",
            (_, Side::Bucket { root, .. }, Side::Local { .. }) if root.scheme() != "file" => {
                "download"
            }
            _ => "copy",
        }
    }

    /// What S3 calls the request that fails.
    fn operation(&self) -> &'static str {
        match (self.from, self.to) {
            (_, Side::Local { .. }) => "GetObject",
            (Side::Local { .. }, _) => "PutObject",
            _ => "CopyObject",
        }
    }

    fn way(&self, name: &str) -> String {
        format!("{} to {}", self.from.shown(name), self.to.shown(name))
    }

    fn failure(&self, name: &str, problem: Problem) -> Failure {
        let (verb, way) = (self.verb(), self.way(name));
        let failure = Failure::verbatim(format!("{verb} failed: {way} {}", problem.text));
        match problem.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    async fn one(
        &self,
        entry: &Entry,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Outcome, Problem> {
        let leads_away = matches!(self.to, Side::Local { .. })
            && !(entry.name.is_empty() || stays_below(&entry.name));
        if leads_away {
            return Err(Problem::new(
                "its key is no path below the directory: it is left alone",
            ));
        }
        if let Some((comparison, present)) = &self.present
            && let Some(target) = present.get(&entry.name)
        {
            let same = comparison.is_same((self.from, entry), (self.to, target));
            if same.await.map_err(|error| Problem::of_file(&error))? {
                progress(entry.size);
                return Ok(Outcome::Same);
            }
        }
        if self.dry_run {
            return Ok(Outcome::Copied);
        }
        let copied = self.copy(entry, progress).await;
        copied.map_err(|error| Problem::of_storage(error, self.operation()))?;
        if self.moves {
            self.delete_source(&entry.name).await?;
        }
        Ok(Outcome::Copied)
    }

    async fn copy(
        &self,
        entry: &Entry,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Error> {
        let name = &entry.name;
        let (from, to) = (self.from.key(name), self.to.key(name));
        match (self.from, self.to) {
            (Side::Local { root, .. }, Side::Bucket { bucket, .. }) => {
                bucket.put_file(&to, &file(root, name), progress).await?;
            }
            (Side::Bucket { bucket, .. }, Side::Local { root, .. }) => {
                bucket
                    .get_to_file(&from, &file(root, name), progress)
                    .await?;
            }
            (Side::Bucket { bucket, .. }, Side::Bucket { .. })
                if self.from.is_bucket_of(self.to) =>
            {
                bucket.copy(&from, &to).await?;
                progress(entry.size);
            }
            (Side::Bucket { bucket, .. }, Side::Bucket { bucket: other, .. }) => {
                let fetched = bucket.get(&from).await?;
                let size = fetched.object.size;
                other
                    .put_stream(&to, size, fetched.content, progress)
                    .await?;
            }
            // Whoever sets up a transfer makes a bucket of the directory that is read.
            (Side::Local { .. }, Side::Local { .. }) => {}
        }
        Ok(())
    }

    async fn delete_source(&self, name: &str) -> Result<(), Problem> {
        match self.from {
            Side::Local { root, .. } => {
                fs::remove_file(file(root, name)).map_err(|error| Problem::of_file(&error))
            }
            Side::Bucket { bucket, .. } => {
                let deleted = bucket.delete([self.from.key(name)]).await;
                let deleted =
                    deleted.map_err(|error| Problem::of_storage(error, "DeleteObjects"))?;
                match deleted.into_iter().find_map(|(_, outcome)| outcome.err()) {
                    Some(refused) => Err(Problem::new(&format!(
                        "it is copied, but not deleted: {refused}"
                    ))),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Problem {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            hint: None,
            outage: false,
            hopeless: false,
        }
    }

    fn of_crash() -> Self {
        Self::new("other files of this crash are not there yet; run it again")
    }

    fn of_file(error: &io::Error) -> Self {
        Self::new(&error.to_string())
    }

    fn of_storage(error: Error, operation: &str) -> Self {
        let is_source = matches!(&error, Error::LocalFile { action: "read", .. });
        Self {
            hint: way_out(&error),
            outage: error.is_temporary() && !is_source,
            hopeless: error.is_no_bucket() || error.kind() == ErrorKind::Denied,
            text: said(error, operation),
        }
    }
}

/// The end of a work that does not go on.
pub(super) fn not_done() -> Failure {
    Failure::new("given up: not everything was done")
        .hint("run it again when that is in order: what is complete is left as it is")
}

/// Whether it is the raw crash of a crash, by its key or any end of it.
pub(super) fn is_raw_crash(name: &str) -> bool {
    let mut folders = name.rsplit('/').skip(1);
    folders.any(|folder| folder == "raw_crash")
}

/// The crash that a file belongs to.
fn crash_of(name: &str) -> Option<CrashId> {
    let file = name.rsplit('/').next()?;
    CrashId::parse(file).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_crashes_are_known_by_their_place() {
        assert!(is_raw_crash("v1/raw_crash/20160918/x"));
        assert!(is_raw_crash("raw_crash/20160918/x"));
        assert!(!is_raw_crash("v1/dump/raw_crash"));
        let id = "de1bb258-cbbf-4589-a673-34f800160918";
        assert!(crash_of(&format!("v1/dump/{id}")).is_some());
        assert!(crash_of("v1/dump/readme").is_none());
    }
}
