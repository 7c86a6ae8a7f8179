//! The corpus of real and damaged dumps.

use std::env;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use socorro_stackwalk::{SymbolSource, WalkOutcome, WalkOutput};

pub struct Corpus {
    root: PathBuf,
    big_symbols: Option<PathBuf>,
}

/// A dump with what the reference made of it.
pub struct Case {
    pub name: String,
    pub dump: PathBuf,
    pub annotations: Map<String, Value>,
    /// Directory of the symbols.
    pub symbols: PathBuf,
    pub is_big: bool,
    big_symbols: Option<PathBuf>,
    expected: PathBuf,
}

/// A damaged dump, or a dump with damaged symbols.
pub struct Malformed {
    pub name: String,
    pub dump: PathBuf,
    symbols: Option<PathBuf>,
    reference_exit: i64,
    reference_error: String,
}

impl Corpus {
    /// `None`, said loudly, if there is no corpus. In CI that is a failure.
    pub fn find() -> Option<Self> {
        let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
        let root = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
        if root.join("manifest.json").is_file() {
            let big_symbols = env::var_os("SOCORRO_CORPUS_BIG").map(PathBuf::from);
            return Some(Self { root, big_symbols });
        }
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "no corpus in {}; set SOCORRO_CORPUS",
            root.display()
        );
        eprintln!(
            "SKIPPED: no corpus in {}; set SOCORRO_CORPUS to a directory with a manifest.json",
            root.display()
        );
        None
    }

    /// All dumps, the additional ones of a report too.
    pub fn cases(&self) -> Vec<Case> {
        let manifest = json(&self.root.join("manifest.json"));
        manifest["cases"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|case| self.dumps_of(case))
            .collect()
    }

    fn dumps_of(&self, case: &Value) -> Vec<Case> {
        let name = case["name"].as_str().unwrap();
        let is_big = case["big_symbol_files"]
            .as_array()
            .is_some_and(|files| !files.is_empty());
        if is_big && self.big_symbols.is_none() {
            eprintln!(
                "SKIPPED: {name} needs large symbol files; run big/unpack.sh DIR and set SOCORRO_CORPUS_BIG=DIR"
            );
            return Vec::new();
        }
        let make = |name: String, dump: &Value, expected: &Value| Case {
            name,
            dump: self.root.join(dump.as_str().unwrap()),
            annotations: object(json(&self.root.join(case["raw_crash"].as_str().unwrap()))),
            symbols: self.root.join(case["symbols"].as_str().unwrap()),
            is_big,
            big_symbols: self.big_symbols.clone().filter(|_| is_big),
            expected: self.root.join(expected.as_str().unwrap()),
        };
        let mut dumps = vec![make(
            name.to_owned(),
            &case["dump"],
            &case["expected_stackwalk"],
        )];
        for (field, dump) in case["additional_dumps"].as_object().into_iter().flatten() {
            dumps.push(make(
                format!("{name}/{field}"),
                dump,
                &case["additional_expected_stackwalk"][field],
            ));
        }
        dumps
    }

    pub fn malformed(&self) -> Vec<Malformed> {
        let root = self.root.join("malformed");
        let manifest = json(&root.join("manifest.json"));
        let cases = manifest["cases"].as_array().unwrap().iter();
        cases
            .map(|case| {
                let base = case["dump"]
                    .as_str()
                    .map(|name| self.root.join(format!("dumps/{name}.dmp")));
                Malformed {
                    name: case["name"].as_str().unwrap().to_owned(),
                    dump: base.unwrap_or_else(|| root.join(case["file"].as_str().unwrap())),
                    symbols: case["symbols"].as_str().map(|symbols| root.join(symbols)),
                    reference_exit: case["reference"]["exit"].as_i64().unwrap(),
                    reference_error: case["reference"]["error"]
                        .as_str()
                        .unwrap_or_default()
                        .replace("\u{1b}[31m", "")
                        .replace("\u{1b}[0m", ""),
                }
            })
            .collect()
    }
}

impl Case {
    pub fn sources(&self) -> Vec<SymbolSource> {
        let directories = std::iter::once(&self.symbols).chain(&self.big_symbols);
        directories
            .map(|directory| SymbolSource::directory(directory).unwrap())
            .collect()
    }

    pub fn expected(&self) -> Value {
        json(&self.expected)
    }
}

impl Malformed {
    pub fn sources(&self) -> Vec<SymbolSource> {
        self.symbols
            .iter()
            .map(|directory| SymbolSource::directory(directory).unwrap())
            .collect()
    }

    /// What is wrong with the outcome, compared with the reference.
    pub fn complaint(&self, outcome: &WalkOutcome) -> Option<String> {
        match self.reference_exit {
            // Where the reference aborts, what can be walked is to be walked, or the failure named.
            -6 if outcome.exit_code == 0 || outcome.exit_code == 1 => None,
            1 => {
                let word = |text: &str| text.split(' ').nth(1).map(str::to_owned);
                let ours = outcome.log.as_deref().and_then(word);
                let theirs = word(&self.reference_error);
                (ours != theirs).then(|| format!("{ours:?} instead of {theirs:?}"))
            }
            0 if outcome.exit_code == 0 && matches!(outcome.output, WalkOutput::Json(_)) => None,
            _ => Some(format!("{outcome:?}").chars().take(300).collect()),
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

fn json(path: &Path) -> Value {
    let mut bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..])
            .read_to_end(&mut plain)
            .unwrap();
        bytes = plain;
    }
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
