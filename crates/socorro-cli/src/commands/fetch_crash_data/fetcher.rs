//! Fetching one crash.

use std::future::Future;

use socorro_core::{CrashId, Dump, DumpName, RawCrash};
use socorro_crash_stats::client::{CrashStats, Error as ClientError, ListedDump, RawCrashMeta};
use socorro_storage::{CrashStorage as _, Error as StorageError, Expected, Item, layout};
use tokio_util::task::TaskTracker;

use super::{
    each::NotDone,
    target::{Target, is_useless, remove},
};
use crate::{failure::Failure, interrupt};

/// What to fetch of each crash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) raw: bool,
    pub(crate) dumps: Dumps,
    pub(crate) processed: bool,
    /// Whether to fetch again what is there.
    pub(crate) overwrite: bool,
}

/// Whether to fetch dumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dumps {
    Fetched,
    /// They cannot be had, or are not wanted. That is noted in the raw crash.
    Withheld,
}

/// What was done for a crash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// Whether anything was written.
    pub(crate) is_new: bool,
    /// Whether it is there without the dumps it may have.
    pub(crate) withheld: bool,
    /// How many dumps were fetched.
    pub(crate) dumps: u64,
    /// How many bytes they have.
    pub(crate) bytes: u64,
}

/// Fetches crashes, one at a time or several.
#[derive(Debug)]
pub(crate) struct Fetcher {
    pub(crate) crash_stats: CrashStats,
    pub(crate) target: Target,
    pub(crate) wanted: Wanted,
    /// What is being written: that goes on when somebody interrupts the fetch.
    writes: TaskTracker,
}

impl Fetcher {
    pub(crate) fn new(crash_stats: CrashStats, target: Target, wanted: Wanted) -> Self {
        Self {
            crash_stats,
            target,
            wanted,
            writes: TaskTracker::new(),
        }
    }

    /// Fetches what is wanted of a crash and is not there: dump by dump, the raw crash after them.
    ///
    /// # Errors
    ///
    /// What kept it from being fetched, and whether others are concerned. What was written before
    /// stays, and is not fetched again.
    pub(crate) async fn fetch(&self, id: CrashId) -> Result<Fetched, NotDone> {
        let mut fetched = Fetched::default();
        if self.wanted.raw {
            self.report(&id, &mut fetched).await?;
        }
        if self.wanted.processed {
            self.processed_crash(&id, &mut fetched).await?;
        }
        Ok(fetched)
    }

    /// Waits until everything is written that was begun, unless a signal comes, and cleans up.
    pub(crate) async fn finish_writing(&self) {
        self.writes.close();
        tokio::select! {
            () = self.writes.wait() => {}
            _ = interrupt::signal() => {}
        }
        self.target.remove_temporary_files().await;
    }

    /// Fetches raw crash and dumps, unless all of that is there.
    async fn report(&self, id: &CrashId, fetched: &mut Fetched) -> Result<(), NotDone> {
        let stored = self.stored(id).await?;
        if let Some(stored) = &stored
            && self.is_complete(id, stored).await?
        {
            fetched.withheld = stored.raw_crash.has_dumps_withheld();
            return Ok(());
        }
        let mut meta = self.crash_stats.raw_crash(id).await?;
        name(&mut meta.raw_crash, id)?;
        let names = match self.wanted.dumps {
            Dumps::Fetched => self.dumps(id, &meta, fetched).await?,
            Dumps::Withheld => {
                if stored.is_some_and(|stored| !stored.raw_crash.has_dumps_withheld())
                    && !self.wanted.overwrite
                {
                    return Err(Failure::new("some of its dumps are missing or damaged, and without dumps it cannot be mended")
                        .hint("set SOCORRO_API_TOKEN to a token that may view raw dumps, or use --overwrite")
                        .into());
                }
                if meta.dumps.as_ref().is_none_or(|dumps| !dumps.is_empty()) {
                    meta.raw_crash.mark_dumps_withheld();
                    fetched.withheld = true;
                }
                Vec::new()
            }
        };
        self.target.sweep(&layout::dump_names(id));
        self.target.sweep(&layout::raw_crash(id));
        let (storage, id) = (self.target.storage.clone(), *id);
        let raw = meta.raw_crash;
        self.write(async move { storage.complete_raw_crash(&id, &raw, &names).await })
            .await?;
        fetched.is_new = true;
        Ok(())
    }

    /// The raw crash that is there, if it can be used.
    async fn stored(&self, id: &CrashId) -> Result<Option<RawCrashMeta>, NotDone> {
        match self.target.storage.raw_crash(id).await {
            Ok(raw) => Ok(Some(RawCrashMeta::of(raw))),
            Err(error) if is_useless(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether nothing of the report has to be fetched.
    async fn is_complete(&self, id: &CrashId, stored: &RawCrashMeta) -> Result<bool, NotDone> {
        if self.wanted.overwrite {
            return Ok(false);
        }
        if stored.raw_crash.has_dumps_withheld() {
            return Ok(self.wanted.dumps == Dumps::Withheld);
        }
        let names = match self.target.storage.dump_names(id).await {
            Ok(listed) => listed.names,
            Err(error) if is_useless(&error) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let dumps = match &stored.dumps {
            Some(dumps) => dumps.clone(),
            None => names.iter().cloned().map(unchecked).collect(),
        };
        for dump in &dumps {
            if !names.contains(&dump.name) || !self.target.has(id, dump).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fetches the dumps of a crash that are not there, and gives back the names of all.
    async fn dumps(
        &self,
        id: &CrashId,
        meta: &RawCrashMeta,
        fetched: &mut Fetched,
    ) -> Result<Vec<DumpName>, NotDone> {
        if meta.skipped > 0 {
            tracing::warn!(%id, count = meta.skipped, "dumps whose names cannot be are left out");
        }
        let Some(listed) = &meta.dumps else {
            return self.unlisted_dump(id, fetched).await;
        };
        for dump in listed {
            if self.wanted.overwrite || !self.target.has(id, dump).await? {
                self.dump(id, dump, fetched).await?;
            }
        }
        Ok(listed.iter().map(|dump| dump.name.clone()).collect())
    }

    /// The minidump of a crash that does not say which dumps it has, if there is one.
    async fn unlisted_dump(
        &self,
        id: &CrashId,
        fetched: &mut Fetched,
    ) -> Result<Vec<DumpName>, NotDone> {
        let main = unchecked(DumpName::main());
        match self.dump(id, &main, fetched).await {
            Ok(()) => {
                tracing::warn!(%id, "the raw crash does not list its dumps: only the minidump was fetched");
                Ok(vec![main.name])
            }
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn dump(
        &self,
        id: &CrashId,
        dump: &ListedDump,
        fetched: &mut Fetched,
    ) -> Result<(), NotDone> {
        let path = self.target.temporary_file();
        let sha256 = dump.sha256.as_deref();
        let found = self
            .crash_stats
            .dump_to_file(id, &dump.name, sha256, &path)
            .await
            .map_err(not_given)?;
        self.target.sweep(&layout::dump(id, &dump.name));
        let size = found.size;
        let (storage, id, name) = (self.target.storage.clone(), *id, dump.name.clone());
        self.write(async move {
            let dump = Dump::File {
                path: path.clone(),
                size,
            };
            let result = storage.save_dump(&id, &name, &dump).await;
            remove(&path).await;
            result
        })
        .await?;
        fetched.dumps += 1;
        fetched.bytes += size;
        fetched.is_new = true;
        Ok(())
    }

    async fn processed_crash(&self, id: &CrashId, fetched: &mut Fetched) -> Result<(), NotDone> {
        let storage = &self.target.storage;
        if !self.wanted.overwrite && storage.exists(id, &Item::ProcessedCrash).await? {
            return Ok(());
        }
        let crash = self.crash_stats.processed_crash(id).await?;
        self.target.sweep(&layout::processed_crash(id));
        let (storage, id) = (storage.clone(), *id);
        self.write(async move {
            let saved = storage.save_processed_crash(&id, &crash, Expected::Any);
            saved.await.map(|_| ())
        })
        .await?;
        fetched.is_new = true;
        Ok(())
    }

    /// Writes, to the end even when the fetch is interrupted.
    async fn write(
        &self,
        writing: impl Future<Output = Result<(), StorageError>> + Send + 'static,
    ) -> Result<(), NotDone> {
        match self.writes.spawn(writing).await {
            Ok(result) => Ok(result?),
            Err(error) => Err(Failure::because("it was not written", &error).into()),
        }
    }
}

fn unchecked(name: DumpName) -> ListedDump {
    ListedDump { name, sha256: None }
}

/// A stored raw crash always names its crash, and an answer about another one is not believed.
fn name(raw: &mut RawCrash, id: &CrashId) -> Result<(), Failure> {
    match raw.crash_id() {
        Ok(named) if named == *id => Ok(()),
        Ok(named) => Err(Failure::new(format!(
            "the server answers with another crash, {named}"
        ))),
        Err(_) => {
            raw.set("uuid", id.as_str());
            Ok(())
        }
    }
}

/// A refusal of a dump is one of all dumps.
fn not_given(error: ClientError) -> NotDone {
    if !matches!(error, ClientError::Denied { .. }) {
        return error.into();
    }
    let failure = Failure::because("the API token lacks View Raw Dumps", &error).hint(
        "use a token with this permission, or say with --public-only that crashes without dumps will do",
    );
    NotDone::everything(failure)
}
