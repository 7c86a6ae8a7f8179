//! What a server has of one crash.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use socorro_core::{CrashId, DumpName, ProcessedCrash, RawCrash};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::Instant,
};

use super::{CrashStats, error::Error, exchange::Question, retry::Tries};

/// How much of a file is read at a time.
const BUFFER: usize = 256 << 10;

/// A raw crash, and what it says about the dumps that came with it.
#[derive(Debug, Clone, PartialEq)]
pub struct RawCrashMeta {
    /// The raw crash; without permission, its public fields.
    pub raw_crash: RawCrash,
    /// The dumps that the collector received; nothing when the answer does not say, as for those who
    /// may not see it.
    pub dumps: Option<Vec<ListedDump>>,
    /// Names in that list that are none.
    pub skipped: usize,
}

/// A dump that a raw crash lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDump {
    /// Its name.
    pub name: DumpName,
    /// Its SHA-256 in lower-case hexadecimal digits, if that is what is listed.
    pub sha256: Option<String>,
}

/// A dump that lies in a file now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedDump {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

impl FetchedDump {
    /// Looks at a dump that lies in a file already.
    ///
    /// # Errors
    ///
    /// [`Error::LocalFile`] when it cannot be read.
    pub async fn of_file(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::LocalFile {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).await.map_err(failed)?;
        let mut buffer = vec![0; BUFFER];
        let mut hash = Sha256::new();
        let mut size = 0;
        loop {
            let count = file.read(&mut buffer).await.map_err(failed)?;
            if count == 0 {
                let sha256 = hexadecimal(&hash.finalize());
                return Ok(Self { size, sha256 });
            }
            hash.update(&buffer[..count]);
            size += count as u64;
        }
    }
}

/// Where a server has a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The raw crash is in storage.
    pub raw_crash: bool,
    /// The processed crash is in storage.
    pub processed_crash: bool,
    /// It is in the search index, as far as that looks back.
    pub elasticsearch_crash: bool,
    /// It is in the storage for telemetry.
    pub telemetry_crash: bool,
}

impl RawCrashMeta {
    /// Reads the list of dumps: `metadata.dump_checksums` of a raw crash of version 2,
    /// `dump_checksums` of an older one.
    #[must_use]
    pub fn of(raw_crash: RawCrash) -> Self {
        let listed = raw_crash
            .lookup("metadata.dump_checksums")
            .or_else(|| raw_crash.get("dump_checksums"))
            .and_then(Value::as_object);
        // A collector that writes metadata and no list has received none.
        let is_told = listed.is_some() || raw_crash.get("metadata").is_some_and(Value::is_object);
        let mut dumps = Vec::new();
        let mut skipped = 0;
        for (name, checksum) in listed.into_iter().flatten() {
            let Ok(name) = DumpName::parse(name) else {
                skipped += 1;
                continue;
            };
            let sha256 = checksum.as_str().filter(|text| is_sha256(text));
            let sha256 = sha256.map(str::to_ascii_lowercase);
            dumps.push(ListedDump { name, sha256 });
        }
        Self {
            raw_crash,
            dumps: is_told.then_some(dumps),
            skipped,
        }
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl CrashStats {
    /// The raw crash: its public fields only, unless the token has the permission to view personal
    /// data.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] and all that can go wrong with any question.
    pub async fn raw_crash(&self, id: &CrashId) -> Result<RawCrashMeta, Error> {
        let parameters = [("crash_id", id.as_str()), ("format", "meta")];
        let question = self.question("RawCrash", parameters, format!("raw crash {id}"));
        match self.json(&question).await? {
            Value::Object(members) => Ok(RawCrashMeta::of(members.into())),
            _ => Err(self.malformed(&question, "no JSON object".to_owned())),
        }
    }

    /// The processed crash, likewise.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] and all that can go wrong with any question.
    pub async fn processed_crash(&self, id: &CrashId) -> Result<ProcessedCrash, Error> {
        let parameters = [("crash_id", id.as_str())];
        let what = format!("processed crash {id}");
        let question = self.question("ProcessedCrash", parameters, what);
        match self.json(&question).await? {
            Value::Object(members) => Ok(members.into()),
            _ => Err(self.malformed(&question, "no JSON object".to_owned())),
        }
    }

    /// Writes a dump to a file, bit by bit; one that is there is replaced. Needs a token with the
    /// permission to view raw dumps. What is written is compared with the checksum in `expected`,
    /// if there is one. After an error nothing is left of the file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Denied`], [`Error::WrongChecksum`] (after some tries),
    /// [`Error::TooLarge`], [`Error::LocalFile`], and all that can go wrong with any question.
    pub async fn dump_to_file(
        &self,
        id: &CrashId,
        name: &DumpName,
        expected: Option<&str>,
        path: &Path,
    ) -> Result<FetchedDump, Error> {
        let parameters = [
            ("crash_id", id.as_str()),
            ("format", "raw"),
            ("name", name.storage_segment()),
        ];
        let what = format!("dump {name} of crash {id}");
        let question = self.question("RawCrash", parameters, what);
        let mut tries = Tries::new(&self.options.retry);
        loop {
            let asked_at = Instant::now();
            let error = match self.try_dump(&question, expected, path).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error,
            };
            // What is not there need not be removed, and what cannot be is told by the next try.
            let _ = fs::remove_file(path).await;
            self.before_next_try(&mut tries, error, asked_at).await?;
        }
    }

    async fn try_dump(
        &self,
        question: &Question,
        expected: Option<&str>,
        path: &Path,
    ) -> Result<FetchedDump, Error> {
        let failed = |source| Error::LocalFile {
            path: path.to_owned(),
            source,
        };
        let limit = self.options.max_dump_size;
        let mut response = self.send(question).await?;
        let mut file = File::create(path).await.map_err(failed)?;
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(chunk) = self.chunk(&mut response).await? {
            size += chunk.len() as u64;
            if size > limit {
                let what = question.what.clone();
                return Err(Error::TooLarge { what, limit });
            }
            hash.update(&chunk);
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        let sha256 = hexadecimal(&hash.finalize());
        match expected {
            Some(expected) if *expected != sha256 => Err(Error::WrongChecksum {
                what: question.what.clone(),
                expected: expected.to_owned(),
                found: sha256,
            }),
            _ => Ok(FetchedDump { size, sha256 }),
        }
    }

    /// Where the server has a crash.
    ///
    /// # Errors
    ///
    /// All that can go wrong with any question.
    pub async fn verify(&self, id: &CrashId) -> Result<Verified, Error> {
        let parameters = [("crash_id", id.as_str())];
        let what = format!("whereabouts of crash {id}");
        let question = self.question("CrashVerify", parameters, what);
        let answer = self.json(&question).await?;
        let is = |name: &str| answer.get(name).and_then(Value::as_bool);
        let Some(raw_crash) = is("raw_crash") else {
            return Err(self.malformed(&question, "it does not say raw_crash".to_owned()));
        };
        Ok(Verified {
            raw_crash,
            processed_crash: is("processed_crash").unwrap_or(false),
            elasticsearch_crash: is("elasticsearch_crash").unwrap_or(false),
            telemetry_crash: is("telemetry_crash").unwrap_or(false),
        })
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(json: &str) -> (Option<Vec<String>>, usize) {
        let meta = RawCrashMeta::of(RawCrash::from_json(json.as_bytes()).unwrap());
        let names = meta.dumps.map(|dumps| {
            let names = dumps.into_iter().map(|dump| {
                let known = if dump.sha256.is_some() { "" } else { "?" };
                format!("{}{known}", dump.name)
            });
            names.collect()
        });
        (names, meta.skipped)
    }

    #[test]
    fn dumps_are_listed_by_both_versions_of_raw_crashes() {
        let sum = "A".repeat(64);
        let two = format!(
            r#"{{"metadata": {{"dump_checksums": {{"upload_file_minidump": "{sum}", "../x": "", "memory_report": 1}}}}}}"#
        );
        let names = ["upload_file_minidump", "memory_report?"].map(str::to_owned);
        assert_eq!(listed(&two), (Some(names.to_vec()), 1));
        let one = format!(r#"{{"dump_checksums": {{"dump": "{sum}"}}}}"#);
        let main = vec!["upload_file_minidump".to_owned()];
        assert_eq!(listed(&one), (Some(main), 0));
    }

    #[test]
    fn no_dumps_and_no_word_about_dumps_are_told_apart() {
        assert_eq!(listed(r#"{"metadata": {}}"#), (Some(Vec::new()), 0));
        assert_eq!(listed(r#"{"ProductName": "Firefox"}"#), (None, 0));
    }
}
