//! A directory with everything that a processor needs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Run, minidump, program, run};

/// A crash id.
pub(crate) const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

/// A directory of its own with a minidump, annotations, symbols, and room for storage and queue.
pub(crate) struct Site {
    directory: TempDir,
}

impl Site {
    pub(crate) const ID: &'static str = ID;

    pub(crate) fn new() -> Self {
        let site = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        site.write("crash.dmp", minidump::minidump());
        site.write(
            "raw_crash.json",
            format!(r#"{{"ProductName": "Fantasy", "Version": "1.0", "uuid": "{ID}"}}"#),
        );
        site.write(
            &format!("symbols/{}", minidump::SYMBOL_FILE),
            minidump::symbols(minidump::debug_id()),
        );
        fs::create_dir(site.path("crashes")).unwrap();
        site
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A path in the directory as text.
    pub(crate) fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Writes a file, with the directories on the way.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or_else(|| Path::new("."))).unwrap();
        fs::write(&path, content).unwrap();
        self.file(name)
    }

    pub(crate) fn storage(&self) -> String {
        format!("--storage=file://{}", self.file("crashes"))
    }

    pub(crate) fn queue(&self) -> String {
        format!("--queue=sqlite://{}", self.file("queue.sqlite"))
    }

    /// Runs the program with this site's storage and queue in its environment.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Run {
        Run::of(self.command().args(arguments))
    }

    /// The program with this site's storage and queue in its environment.
    pub(crate) fn command(&self) -> std::process::Command {
        let mut command = program();
        command
            .current_dir(self.directory.path())
            .env(
                "SOCORRO_STORAGE",
                format!("file://{}", self.file("crashes")),
            )
            .env(
                "SOCORRO_QUEUE",
                format!("sqlite://{}", self.file("queue.sqlite")),
            );
        command
    }

    /// Stores the crash.
    pub(crate) fn put(&self) {
        let put = run([
            "storage",
            "put-crash",
            &self.storage(),
            "--annotations",
            &self.file("raw_crash.json"),
            &self.file("crash.dmp"),
        ]);
        assert_eq!(put.succeeds().stdout, format!("{ID}\n"));
    }

    /// Publishes the id of the crash.
    pub(crate) fn publish(&self) {
        let published = run(["queue", "publish", &self.queue(), ID]);
        assert_eq!(published.succeeds().stdout, format!("{ID}\n"));
    }

    /// How many messages of the queue are waiting, delayed, leased and dead.
    pub(crate) fn depth(&self) -> [u64; 4] {
        let status = run(["queue", "status", &self.queue(), "--json"])
            .succeeds()
            .json();
        ["waiting", "delayed", "leased", "dead"]
            .map(|state| status["total"][state].as_u64().unwrap())
    }

    /// The only dead letter.
    pub(crate) fn dead_letter(&self) -> Value {
        run(["queue", "dead", "list", &self.queue(), "--json"])
            .succeeds()
            .json()
    }

    /// The processed crash, if there is one.
    pub(crate) fn processed(&self) -> Option<Value> {
        let cat = run(["storage", "cat", "processed", ID, &self.storage()]);
        (cat.code == Some(0)).then(|| cat.json())
    }
}
