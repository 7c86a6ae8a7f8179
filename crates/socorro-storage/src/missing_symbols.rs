//! Which stored crashes lacked the symbols of which module.

use std::{fmt, fmt::Write as _, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use socorro_core::{
    CrashId,
    json::{self, Form},
};

use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    storage::CrashStorage,
};

/// How many requests are under way at the same time.
const CONCURRENT_REQUESTS: usize = 8;
/// The longest name of a debug file, in bytes; no file system stores longer ones.
const LONGEST_NAME: usize = 255;
/// Hexadecimal digits of a debug id: a GUID, and an age that may be left out.
const DEBUG_ID_DIGITS: std::ops::RangeInclusive<usize> = 32..=40;
/// How many bytes of the hash of a debug file's name are part of a key.
const HASHED: usize = 16;

/// The modules of one crash that are noted at most.
const MOST_MODULES: usize = 100;

/// A module whose symbols somebody lacked, by debug file and debug id.
///
/// Both come from minidumps, that is from strangers. The id becomes part of a key only if it is
/// one, and of the name of the debug file only its hash does.
///
/// ```
/// use socorro_storage::MissingModule;
///
/// let module = MissingModule::new("libc.so.6", "aabbccdd1111111111111111111111110").unwrap();
/// assert_eq!(module, MissingModule::new("/lib/libc.so.6", "AABBCCDD-1111-1111-1111-1111111111110").unwrap());
/// assert_eq!(MissingModule::new("libc.so.6", "../../etc"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MissingModule {
    debug_file: String,
    debug_id: String,
}

impl MissingModule {
    /// The module with this debug file, of whose path the last part counts, and this debug id.
    /// `None` unless the id is 32 to 40 hexadecimal digits, dashes apart, and the name is one.
    #[must_use]
    pub fn new(debug_file: &str, debug_id: &str) -> Option<Self> {
        let debug_file = debug_file.rsplit(['/', '\\']).next()?;
        if !(1..=LONGEST_NAME).contains(&debug_file.len()) {
            return None;
        }
        let digits = debug_id.chars().filter(|digit| *digit != '-');
        // No longer than an id can be, whatever is given.
        let debug_id: String = digits.take(DEBUG_ID_DIGITS.end() + 1).collect();
        let is_id = DEBUG_ID_DIGITS.contains(&debug_id.len())
            && debug_id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| Self {
            debug_file: debug_file.to_owned(),
            debug_id: debug_id.to_ascii_uppercase(),
        })
    }

    /// The base name of the debug file.
    #[must_use]
    pub fn debug_file(&self) -> &str {
        &self.debug_file
    }

    /// The debug id: upper-case hexadecimal digits.
    #[must_use]
    pub fn debug_id(&self) -> &str {
        &self.debug_id
    }

    /// The folder of its entries: `missing-symbols/{debug id}/{hash of the debug file's name}`.
    pub(crate) fn folder(&self) -> String {
        let mut folder = format!("missing-symbols/{}/", self.debug_id);
        for byte in &Sha256::digest(&self.debug_file)[..HASHED] {
            // Writing to a String cannot fail.
            let _ = write!(folder, "{byte:02x}");
        }
        folder
    }

    /// What an entry says, for people: its key does not tell the name.
    fn entry(&self) -> Bytes {
        let entry = Map::from_iter([
            ("debug_file".to_owned(), Value::from(&*self.debug_file)),
            ("debug_id".to_owned(), Value::from(&*self.debug_id)),
        ]);
        json::to_vec(&entry, Form::Processor).into()
    }
}

impl fmt::Display for MissingModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.debug_file.escape_debug(), self.debug_id)
    }
}

/// The index of missing symbols: for each module, the stored crashes that lacked its symbols when
/// they were processed. Whoever processes crashes writes it; whoever gets symbols reads it, and
/// takes out the crashes that will be processed again.
///
/// The entries are documents beside the crashes, one for each module and crash, so that any number
/// of processes may write at once, and writing twice is writing once.
///
/// ```
/// use futures::TryStreamExt as _;
/// use socorro_core::CrashId;
/// use socorro_storage::{MissingModule, MissingSymbols, StorageOptions, open};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let index = MissingSymbols::of(open("memory:", StorageOptions::default())?);
/// let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?;
/// let module = MissingModule::new("app.pdb", "AABBCCDD11111111111111111111111110").unwrap();
/// index.note(&id, [module.clone()]).await?;
/// assert_eq!(index.crashes(&module).try_collect::<Vec<_>>().await?, [id]);
/// index.forget(&module, &[id]).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MissingSymbols(Arc<dyn CrashStorage>);

impl MissingSymbols {
    /// The index beside the crashes in `storage`.
    #[must_use]
    pub fn of(storage: Arc<dyn CrashStorage>) -> Self {
        Self(storage)
    }

    /// Where it is.
    #[must_use]
    pub fn storage(&self) -> &Arc<dyn CrashStorage> {
        &self.0
    }

    /// Notes that a crash lacked the symbols of `modules`: the first 100 of them.
    ///
    /// # Errors
    ///
    /// Those of [`CrashStorage::save_document`]. Some may have been noted.
    pub async fn note(
        &self,
        id: &CrashId,
        modules: impl IntoIterator<Item = MissingModule>,
    ) -> Result<(), Error> {
        let entries = modules.into_iter().take(MOST_MODULES);
        let entries: Vec<_> = entries
            .map(|module| (DocumentKey::missing_symbols(&module, id), module.entry()))
            .collect();
        let saves = entries
            .into_iter()
            .map(|(key, entry)| async move { self.0.save_document(&key, entry).await });
        all(saves).await
    }

    /// The crashes that lacked the symbols of a module, in no order. An error ends the stream.
    #[must_use]
    pub fn crashes(&self, module: &MissingModule) -> BoxStream<'_, Result<CrashId, Error>> {
        let keys = self
            .0
            .list_documents(&DocumentFolder::missing_symbols(module));
        keys.try_filter_map(|key| async move { Ok(key.crash_id()) })
            .boxed()
    }

    /// Takes crashes out again, for one module: they are going to be processed with its symbols.
    ///
    /// # Errors
    ///
    /// Those of [`CrashStorage::delete_document`]. Some may have been taken out.
    pub async fn forget(&self, module: &MissingModule, ids: &[CrashId]) -> Result<(), Error> {
        let keys = ids
            .iter()
            .map(|id| DocumentKey::missing_symbols(module, id));
        let keys: Vec<_> = keys.collect();
        let deletions = keys.into_iter();
        all(deletions.map(|key| async move { self.0.delete_document(&key).await })).await
    }
}

/// Does everything, some at a time. The first error is told when all were tried.
async fn all(
    requests: impl Iterator<Item = impl Future<Output = Result<(), Error>>>,
) -> Result<(), Error> {
    stream::iter(requests)
        .buffer_unordered(CONCURRENT_REQUESTS)
        .fold(Ok(()), |all, one| async move { all.and(one) })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::path::Path;
    use proptest::prelude::*;
    use socorro_core::time::Date;

    const ID: &str = "AABBCCDD11111111111111111111111110";

    #[test]
    fn what_is_no_id_or_no_name_is_no_module() {
        for (name, id) in [
            ("", ID),
            ("a/", ID),
            (&*"x".repeat(256), ID),
            ("a", ""),
            ("a", ".."),
            ("a", &ID[..31]),
            ("a", &"A".repeat(41)),
            ("a", &"-".repeat(1000)),
            ("a", "GABBCCDD11111111111111111111111110"),
        ] {
            assert_eq!(MissingModule::new(name, id), None, "{name:?} {id:?}");
        }
    }

    proptest! {
        /// Whatever a minidump calls its modules, entries lie in the index, each module's apart.
        #[test]
        fn a_key_is_harmless_and_tells_names_apart(
            name in any::<String>(), other in any::<String>(), id in "[0-9a-f]{32}[0-9a-f]{0,8}",
        ) {
            let crash = CrashId::mint(Date::constant(2026, 1, 2), 0);
            let of = |name: &str| MissingModule::new(name, &id);
            let Some(module) = of(&name) else { return Ok(()) };
            let key = DocumentKey::missing_symbols(&module, &crash);
            prop_assert_eq!(Path::parse(key.as_str()).unwrap().to_string(), key.as_str());
            prop_assert_eq!(key.as_str().split('/').count(), 4);
            prop_assert_eq!(key.crash_id(), Some(crash));
            if let Some(other) = of(&other) {
                prop_assert_eq!(module.folder() == other.folder(), module == other);
            }
        }
    }
}
