//! Reading items.

use std::{io, path::Path};

use bytes::Bytes;
use futures::{TryStreamExt as _, stream::BoxStream};
use object_store::{GetResult, GetResultPayload, ObjectStoreExt as _, path::Path as Prefix};
use serde_json::Value;
use socorro_core::{CrashId, DumpName, ProcessedCrash, RawCrash, json};
use tokio::io::AsyncWriteExt as _;

use super::ObjectStorage;
use crate::{
    document::DocumentKey,
    error::{Error, ErrorKind},
    item::{Item, Subject},
    layout::{Layout, processor_tree},
    values::{DumpNames, Stored, Version},
};

/// The largest list of dump names: some two thousand of them.
const MAX_DUMP_NAMES_SIZE: u64 = 64 << 10;
/// How much of an unusable dump name is reported.
const REPORTED_NAME_LENGTH: usize = 80;

impl ObjectStorage {
    pub(super) async fn read_raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error> {
        let limit = self.options.max_raw_crash_size;
        let (bytes, _) = self.read_item(id, &Item::RawCrash, limit).await?;
        json::read_object(&bytes, limit)
            .map(RawCrash::from)
            .map_err(|error| self.damaged(&Subject::crash(id, Item::RawCrash), error))
    }

    pub(super) async fn read_processed_crash(
        &self,
        id: &CrashId,
    ) -> Result<Stored<ProcessedCrash>, Error> {
        let limit = self.options.max_processed_crash_size;
        let (bytes, version) = self.read_item(id, &Item::ProcessedCrash, limit).await?;
        let value = json::read_object(&bytes, limit)
            .map(ProcessedCrash::from)
            .map_err(|error| self.damaged(&Subject::crash(id, Item::ProcessedCrash), error))?;
        Ok(Stored { value, version })
    }

    pub(super) async fn read_dump_names(&self, id: &CrashId) -> Result<DumpNames, Error> {
        if self.layout == Layout::ProcessorTree {
            return self.dumps_in_directory(id).await;
        }
        let (bytes, _) = self
            .read_item(id, &Item::DumpNames, MAX_DUMP_NAMES_SIZE)
            .await?;
        json::read(&bytes, MAX_DUMP_NAMES_SIZE)
            .and_then(|list| usable_names(&list))
            .map_err(|error| self.damaged(&Subject::crash(id, Item::DumpNames), error))
    }

    pub(super) async fn read_dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error> {
        let item = Item::Dump(name.clone());
        let limit = self.options.max_dump_size;
        let (bytes, _) = self.read_item(id, &item, limit).await?;
        Ok(bytes)
    }

    /// An item from the first key that has it.
    async fn read_item(
        &self,
        id: &CrashId,
        item: &Item,
        limit: u64,
    ) -> Result<(Bytes, Version), Error> {
        let what = Subject::crash(id, item.clone());
        for key in self.layout.keys(id, item, self.options.legacy_keys) {
            match self.read(&what, &key, limit).await {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                result => return result,
            }
        }
        Err(self.not_found(what))
    }

    /// The dumps of a crash in a tree that has no lists of their names: files beside the raw crash.
    async fn dumps_in_directory(&self, id: &CrashId) -> Result<DumpNames, Error> {
        let what = Subject::crash(id, Item::DumpNames);
        let raw_crash = processor_tree::raw_crash(id);
        let directory = raw_crash
            .rsplit_once('/')
            .map(|(directory, _)| Prefix::from(directory));
        let mut files = self.store.list(directory.as_ref());
        let mut found = DumpNames::default();
        loop {
            let file = match files.try_next().await {
                Ok(Some(file)) => file,
                Ok(None) => break,
                Err(error) => return Err(self.unconditional_failure(&what, error).await),
            };
            match Layout::dump_in_file(id, file.location.filename().unwrap_or_default()) {
                None => {}
                Some(Ok(name)) => found.names.push(name),
                Some(Err(name)) => found.skipped.push(printable(&name)),
            }
        }
        if found == DumpNames::default() && self.head(id, &Item::RawCrash).await?.is_none() {
            return Err(self.not_found(what));
        }
        found.names.sort_unstable();
        Ok(found)
    }

    pub(super) async fn read_document(&self, key: &DocumentKey) -> Result<Bytes, Error> {
        let what = Subject::Document(key.clone());
        self.read_json(&what, key.as_str()).await
    }

    /// Something that is as large as a processed crash may be.
    pub(crate) async fn read_json(&self, what: &Subject, key: &str) -> Result<Bytes, Error> {
        let limit = self.options.max_processed_crash_size;
        let (bytes, _) = self.read(what, key, limit).await?;
        Ok(bytes)
    }

    pub(super) async fn copy_dump(
        &self,
        id: &CrashId,
        name: &DumpName,
        path: &Path,
    ) -> Result<u64, Error> {
        let item = Item::Dump(name.clone());
        let what = Subject::crash(id, item.clone());
        let keys = self.layout.keys(id, &item, self.options.legacy_keys);
        let Some(key) = keys.first() else {
            return Err(self.not_found(what));
        };
        let found = self.find(&what, key, self.options.max_dump_size).await?;
        let size = found.meta.size;
        let copied = match found.payload {
            GetResultPayload::File(file, _) => copy_file(file, size, path).await,
            GetResultPayload::Stream(stream) => self.copy_stream(&what, stream, size, path).await,
        };
        let result = copied.and_then(|copied| {
            if copied == size {
                Ok(size)
            } else {
                Err(self.cut_short(&what, copied, size))
            }
        });
        if result.is_err() {
            // What is there is a part of a dump. If it cannot be removed, neither could it be
            // written, which the error says.
            let _ = tokio::fs::remove_file(path).await;
        }
        result
    }

    async fn copy_stream(
        &self,
        what: &Subject,
        mut stream: BoxStream<'static, object_store::Result<Bytes>>,
        size: u64,
        path: &Path,
    ) -> Result<u64, Error> {
        let unwritable = |error| cannot_write(path, error);
        let mut file = tokio::fs::File::create(path).await.map_err(unwritable)?;
        let mut copied = 0;
        loop {
            let chunk = match stream.try_next().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return Err(self.unconditional_failure(what, error).await),
            };
            copied += chunk.len() as u64;
            if copied > size {
                break;
            }
            file.write_all(&chunk).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        Ok(copied)
    }

    /// A whole object of at most `limit` bytes, and its version.
    pub(super) async fn read(
        &self,
        what: &Subject,
        key: &str,
        limit: u64,
    ) -> Result<(Bytes, Version), Error> {
        let found = self.find(what, key, limit).await?;
        let size = found.meta.size;
        let version = Version {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        let bytes = match found.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => return Err(self.unconditional_failure(what, error).await),
        };
        if bytes.len() as u64 == size {
            Ok((bytes, version))
        } else {
            Err(self.cut_short(what, bytes.len() as u64, size))
        }
    }

    async fn find(&self, what: &Subject, key: &str, limit: u64) -> Result<GetResult, Error> {
        match self.store.get(&key.into()).await {
            Ok(found) if found.meta.size > limit => Err(self.too_large(what, limit)),
            Ok(found) => Ok(found),
            Err(error) => Err(self.unconditional_failure(what, error).await),
        }
    }

    fn damaged(&self, what: &Subject, error: socorro_core::Error) -> Error {
        match error {
            socorro_core::Error::TooLarge { limit } => self.too_large(what, limit),
            source => Error::Corrupt {
                storage: self.name.clone(),
                what: Box::new(what.clone()),
                source,
            },
        }
    }

    fn cut_short(&self, what: &Subject, arrived: u64, size: u64) -> Error {
        self.unavailable(what, format!("only {arrived} of {size} bytes arrived"))
    }
}

/// Copies a local file the fastest way the operating system has, off the async threads.
async fn copy_file(from: std::fs::File, size: u64, path: &Path) -> Result<u64, Error> {
    let target = path.to_owned();
    let copy = move || {
        let mut target = std::fs::File::create(target)?;
        io::copy(&mut io::Read::take(from, size), &mut target)
    };
    tokio::task::spawn_blocking(copy)
        .await
        .unwrap_or_else(|error| Err(error.into()))
        .map_err(|error| cannot_write(path, error))
}

fn cannot_write(path: &Path, source: io::Error) -> Error {
    Error::LocalFile {
        action: "write",
        path: path.to_owned(),
        source,
    }
}

/// Sorts a stored list into names that can be fetched and others.
fn usable_names(list: &Value) -> Result<DumpNames, socorro_core::Error> {
    let wrong = |expected, value| socorro_core::Error::UnexpectedJsonType {
        expected,
        found: json::type_name(value),
    };
    let entries = list.as_array().ok_or_else(|| wrong("array", list))?;
    let mut usable = DumpNames::default();
    for entry in entries {
        let name = entry
            .as_str()
            .ok_or_else(|| wrong("array of strings", entry))?;
        match DumpName::parse(name) {
            Ok(name) if usable.names.contains(&name) => {}
            Ok(name) => usable.names.push(name),
            Err(_) => usable.skipped.push(printable(name)),
        }
    }
    Ok(usable)
}

fn printable(name: &str) -> String {
    name.chars().take(REPORTED_NAME_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_cannot_be_keys_are_skipped_and_reported() {
        let list = json!([
            "dump",
            "memory_report",
            "../x",
            "raw_crash",
            "upload_file_minidump"
        ]);
        let names = usable_names(&list).unwrap();
        assert_eq!(
            names.names,
            [DumpName::main(), DumpName::parse("memory_report").unwrap()]
        );
        assert_eq!(names.skipped, ["../x", "raw_crash"]);
    }

    #[test]
    fn anything_but_a_list_of_texts_is_damaged() {
        for list in [
            json!({}),
            json!("dump"),
            json!([1]),
            json!([["dump"]]),
            json!(null),
        ] {
            assert!(usable_names(&list).is_err(), "{list}");
        }
    }
}
