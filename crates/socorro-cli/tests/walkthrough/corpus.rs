//! Real crashes, at a server that answers like Crash Stats.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use socorro_core::{
    CrashId, RawCrash,
    time::{self, Clock as _, Date, SystemClock},
};
use socorro_crash_stats::server::{Crash, Site, TestServer, Token};

/// A crash of the corpus under its own id.
pub(crate) const ID: &str = "5d6edba2-fb96-4732-a129-a92e40261110";
/// A token for everything.
pub(crate) const TOKEN: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";
/// The crash with that id.
const CASE: &str = "c-null-deref";
/// The crashes of yesterday. Their signatures are the same with any signature lists.
const YESTERDAY: [&str; 3] = ["c-divide-by-zero", "c-write-readonly", "so-crash-inside"];

/// Crashes at a server.
pub(crate) struct Corpus {
    pub(crate) server: TestServer,
    /// Where the corpus is.
    pub(crate) directory: PathBuf,
    signatures: BTreeMap<String, String>,
}

impl Corpus {
    /// The signature that Mozilla's processor gives to a crash.
    pub(crate) fn signature(&self, id: &str) -> &str {
        &self.signatures[id]
    }
}

/// Runs a test with crashes of yesterday, once more if the day ends meanwhile. Without the corpus
/// nothing is run, which is said loudly.
pub(crate) fn on_one_day(test: impl Fn(&Corpus)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let default = root.join("../shared/corpus");
    let directory = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
    if !directory.join("manifest.json").is_file() {
        let in_ci = env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "no corpus in {}", directory.display());
        eprintln!("SKIPPED: set SOCORRO_CORPUS to the directory of the corpus to run this test");
        return;
    }
    let day = yesterday();
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        test(&corpus(&directory, day));
    }));
    if yesterday() != day {
        test(&corpus(&directory, yesterday()));
    } else if let Err(failure) = run {
        std::panic::resume_unwind(failure);
    }
}

fn yesterday() -> Date {
    time::date(SystemClock.now()).yesterday().unwrap()
}

fn corpus(directory: &Path, yesterday: Date) -> Corpus {
    let mut signatures = BTreeMap::new();
    let mut site = Site::new().token(Token::new(TOKEN).may_everything());
    let own = (CASE, CrashId::parse(ID).unwrap());
    let of_yesterday = YESTERDAY.map(|case| (case, CrashId::mint(yesterday, 0)));
    for (case, id) in of_yesterday.into_iter().chain([own]) {
        let signature = signature(directory, case);
        site = site.crash(crash(directory, case, id, &signature));
        signatures.insert(id.to_string(), signature);
    }
    Corpus {
        server: TestServer::start(site).unwrap(),
        directory: fs::canonicalize(directory).unwrap(),
        signatures,
    }
}

/// A crash of the corpus, as if Firefox had sent it at noon of the day of `id`.
fn crash(directory: &Path, case: &str, id: CrashId, signature: &str) -> Crash {
    let file =
        |name: &str| fs::read(directory.join("dumps").join(format!("{case}.{name}"))).unwrap();
    let mut raw = RawCrash::from_json(&file("raw_crash.json")).unwrap();
    raw.set("uuid", id.as_str());
    raw.set("ProductName", "Firefox");
    raw.set(
        "submitted_timestamp",
        format!("{}T12:00:00+00:00", id.date()),
    );
    Crash::with_raw_crash(id, raw)
        .dump("upload_file_minidump", file("dmp"))
        .field("signature", signature)
}

/// The signature in the recorded processed crash.
fn signature(directory: &Path, case: &str) -> String {
    let name = format!("{case}.expected.processed_crash.json");
    let path = directory.join("dumps").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|_| {
        let file = fs::File::open(format!("{}.gz", path.display())).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(file)
            .read_to_string(&mut text)
            .unwrap();
        text
    });
    let processed: Value = serde_json::from_str(&text).unwrap();
    processed["signature"].as_str().unwrap().to_owned()
}
