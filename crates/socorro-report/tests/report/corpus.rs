//! Real crashes with recorded processed crashes, from a directory outside (`SOCORRO_CORPUS`).

use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use socorro_core::ProcessedCrash;

/// The directory with the recorded crashes; `None` where there is none, which is told.
fn directory() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let directory = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
    let directory = directory.join("dumps");
    if directory.is_dir() {
        return Some(directory);
    }
    let message = format!("no corpus in {}: set SOCORRO_CORPUS", directory.display());
    assert!(env::var_os("CI").is_none(), "{message}");
    eprintln!("SKIPPED: {message}");
    None
}

/// All recorded crashes with their names; none where there is no corpus, which is told.
pub(crate) fn crashes() -> Vec<(String, ProcessedCrash)> {
    let Some(directory) = directory() else {
        return Vec::new();
    };
    let mut crashes: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let file = path.file_name()?.to_str()?;
            let (name, end) = file.split_once(".expected.processed_crash.json")?;
            let mut bytes = fs::read(&path).unwrap();
            if end == ".gz" {
                let packed = std::mem::take(&mut bytes);
                GzDecoder::new(&*packed).read_to_end(&mut bytes).unwrap();
            }
            Some((name.to_owned(), ProcessedCrash::from_json(&bytes).unwrap()))
        })
        .collect();
    crashes.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(crashes.len() > 30);
    crashes
}
