//! A session at the command line.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    BEFORE,
    corpus::{Corpus, TOKEN},
    page::Page,
};

/// A queue in the directory of a session.
pub(crate) const SQLITE: &str = "sqlite://{directory}/queue.sqlite";

/// A session in a directory of its own.
pub(crate) struct Session<'a> {
    corpus: &'a Corpus,
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// The address of a server for tests; `None`, said loudly, when there is none.
pub(crate) fn endpoint(variable: &str) -> Option<String> {
    let endpoint = env::var(variable).ok().filter(|text| !text.is_empty());
    if endpoint.is_none() {
        let in_ci = env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "{variable} is not set, and CI must not skip tests");
        eprintln!("SKIPPED: set {variable} to the address of a test server to run this test");
    }
    endpoint
}

/// The emulator of Pub/Sub, for a program that can talk to it.
pub(crate) fn pubsub() -> Option<String> {
    if cfg!(feature = "pubsub") {
        endpoint("PUBSUB_EMULATOR_HOST")
    } else {
        None
    }
}

impl<'a> Session<'a> {
    /// A directory with what is in the root of the repository, and the token in `my.env`.
    pub(crate) fn new(corpus: &'a Corpus) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in ["socorro-cmd", "scripts"] {
            let original = fs::canonicalize(root.join(name)).unwrap();
            std::os::unix::fs::symlink(original, directory.path().join(name)).unwrap();
        }
        let token = format!("SOCORRO_API_TOKEN={TOKEN}\n");
        fs::write(directory.path().join("my.env"), token).unwrap();
        let mut session = Self {
            corpus,
            directory,
            variables: Vec::new(),
        };
        let symbols = corpus.directory.join("symbols");
        session.set("SOCORRO_HOST", &corpus.server.url());
        session.set("STACKWALKER_SYMBOLS_URLS", symbols.to_str().unwrap());
        session.set(
            "SYMBOLS_CACHE_PATH",
            &session.in_directory("{directory}/symbols"),
        );
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ALLOW_HTTP", "true"),
        ] {
            session.set(name, value);
        }
        session
    }

    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A text with the path of the session's directory in it.
    pub(crate) fn in_directory(&self, text: &str) -> String {
        text.replace("{directory}", self.directory.path().to_str().unwrap())
    }

    /// The storage that most sections use.
    pub(crate) fn file_storage(&self) -> String {
        self.in_directory("file://{directory}/crashes")
    }

    /// A name that no other session has.
    pub(crate) fn unique(&self) -> String {
        let name = self.directory.path().file_name().unwrap();
        name.to_str()
            .unwrap()
            .trim_start_matches('.')
            .to_lowercase()
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let binaries = PathBuf::from(env!("CARGO_BIN_EXE_socorro"));
        let path = env::var_os("PATH").unwrap_or_default();
        let binaries = [binaries.parent().unwrap().to_owned()].into_iter();
        let path = env::join_paths(binaries.chain(env::split_paths(&path))).unwrap();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.directory.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null());
        command
    }

    /// Runs the commands of a section, with texts in them replaced; gives back what they print.
    #[track_caller]
    pub(crate) fn run(&self, section: &str, changes: &[(&str, &str)]) -> String {
        let page = Page::read();
        let blocks = page.blocks(BEFORE).iter().chain(page.blocks(section));
        let mut script = String::new();
        for block in blocks {
            let mut block = block.clone();
            for (from, to) in changes {
                block = block.replace(from, to);
            }
            script += &format!("cat >&2 <<'THESE ARE RUN'\n{block}THESE ARE RUN\n{block}");
        }
        let output = self
            .command("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let status = output.status;
        assert!(status.success(), "{status}\n{stderr}\n--- output\n{stdout}");
        assert!(
            !stdout.contains(TOKEN) && !stderr.contains(TOKEN),
            "the token is printed"
        );
        stdout
    }

    /// The ids in the file that sections write.
    pub(crate) fn crash_ids(&self) -> Vec<String> {
        let text = fs::read_to_string(self.directory.path().join("crashids.txt")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Storage has processed crashes for these ids, with the signatures that Mozilla's processor gives
    /// them.
    #[track_caller]
    pub(crate) fn has_processed<'i>(&self, storage: &str, ids: impl IntoIterator<Item = &'i str>) {
        for id in ids {
            let output = self
                .command(env!("CARGO_BIN_EXE_socorro"))
                .args(["storage", "cat", "processed", id, "--storage", storage])
                .output()
                .unwrap();
            let complaint = String::from_utf8_lossy(&output.stderr);
            let processed: Value = serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|error| panic!("{id}: {error}: {complaint}"));
            assert_eq!(processed["signature"], self.corpus.signature(id), "{id}");
            assert_eq!(processed["uuid"], id);
        }
    }
}
