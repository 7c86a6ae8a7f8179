//! The corpus of real dumps and symbols.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The directory of the corpus. Without it nothing is run, which is said loudly.
pub(crate) fn find() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let directory = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
    if directory.join("manifest.json").is_file() {
        return Some(directory);
    }
    let in_ci = env::var("CI").is_ok_and(|value| value == "true");
    assert!(!in_ci, "no corpus in {}", directory.display());
    eprintln!("SKIPPED: set SOCORRO_CORPUS to the directory of the corpus to run this test");
    None
}

/// A symbol file of the corpus: its name in a store, and its text.
pub(crate) struct SymbolFile {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
}

impl SymbolFile {
    /// The only symbol file of a debug file.
    pub(crate) fn of(debug_file: &str) -> Option<Self> {
        let symbols = find()?.join("symbols");
        let ids = fs::read_dir(symbols.join(debug_file)).unwrap();
        let id = ids.map(|id| id.unwrap().file_name()).min().unwrap();
        let name = format!("{debug_file}/{}/{debug_file}.sym", id.to_str().unwrap());
        let text = fs::read(symbols.join(&name)).unwrap();
        Some(Self { name, text })
    }

    pub(crate) fn debug_id(&self) -> &str {
        self.name.split('/').nth(1).unwrap()
    }
}
