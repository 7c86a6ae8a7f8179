//! The minidumps of the corpus.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// A directory of real minidumps with their symbols.
pub(crate) struct Corpus {
    root: PathBuf,
    large_symbols: Option<PathBuf>,
}

/// One minidump.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) dump: PathBuf,
    pub(crate) raw_crash: PathBuf,
    pub(crate) annotations: Map<String, Value>,
    /// Directories of symbols.
    pub(crate) symbols: Vec<PathBuf>,
}

impl Corpus {
    pub(crate) fn find() -> Option<Self> {
        let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
        let root = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
        root.join("manifest.json").is_file().then(|| Self {
            root,
            large_symbols: env::var_os("SOCORRO_CORPUS_BIG").map(PathBuf::from),
        })
    }

    /// The directory of large symbol files.
    pub(crate) fn large_symbols(&self) -> Option<&Path> {
        self.large_symbols.as_deref()
    }

    /// Minidumps whose symbols are small.
    pub(crate) fn small(&self) -> Vec<Case> {
        self.cases(false)
    }

    /// Minidumps with large symbol files, if there are those.
    pub(crate) fn large(&self) -> Vec<Case> {
        match self.large_symbols {
            Some(_) => self.cases(true),
            None => Vec::new(),
        }
    }

    fn cases(&self, are_large: bool) -> Vec<Case> {
        let manifest = json(&self.root.join("manifest.json"));
        let cases = manifest["cases"].as_array().expect("cases").iter();
        let is_large = |case: &Value| {
            case["big_symbol_files"]
                .as_array()
                .is_some_and(|files| !files.is_empty())
        };
        cases
            .filter(|case| is_large(case) == are_large)
            .map(|case| self.case(case, are_large))
            .collect()
    }

    fn case(&self, case: &Value, is_large: bool) -> Case {
        let path = |key: &str| self.root.join(case[key].as_str().expect("a path"));
        let mut symbols = vec![path("symbols")];
        symbols.extend(self.large_symbols.clone().filter(|_| is_large));
        let raw_crash = path("raw_crash");
        let Value::Object(annotations) = json(&raw_crash) else {
            unreachable!("raw crashes are objects");
        };
        Case {
            name: case["name"].as_str().expect("a name").to_owned(),
            dump: path("dump"),
            raw_crash,
            annotations,
            symbols,
        }
    }
}

fn json(path: &Path) -> Value {
    let text = fs::read(path).expect("a readable file");
    serde_json::from_slice(&text).expect("JSON")
}
