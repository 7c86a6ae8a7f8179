//! Index files in directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use super::super::reference::look_up;
use super::super::{IndexBuilder, SymbolFileError, SymbolIndex};

const GOOD: &str =
    "MODULE Linux x86_64 ABCD1234 app\nFUNC 1000 10 0 main\n1000 10 7 0\nFILE 0 a.c\n";

fn symbol_file(text: &str) -> (TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sym");
    fs::write(&path, text).unwrap();
    let index_path = SymbolIndex::path_for(&path);
    (directory, path, index_path)
}

fn open_or_build(text: &Path, index: &Path) -> Result<SymbolIndex, SymbolFileError> {
    SymbolIndex::open_or_build(text, index, 1 << 20)
}

fn names_in(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_index_is_made_once_and_then_used() {
    let (directory, path, index_path) = symbol_file(GOOD);
    let made = open_or_build(&path, &index_path).unwrap();
    assert_eq!(made.text_path(), Some(&*path));
    assert_eq!(made.index_path(), Some(&*index_path));
    assert!(made.private_bytes() < 1024);
    assert_eq!(names_in(&directory), ["app.sym", "app.sym.index"]);

    let written = fs::metadata(&index_path).unwrap().modified().unwrap();
    let opened = open_or_build(&path, &index_path).unwrap();
    assert_eq!(look_up(&opened, 0x1004), look_up(&made, 0x1004));
    assert_eq!(
        fs::metadata(&index_path).unwrap().modified().unwrap(),
        written
    );
}

#[test]
fn an_index_that_does_not_fit_is_made_anew() {
    let (_directory, path, index_path) = symbol_file(GOOD);
    open_or_build(&path, &index_path).unwrap();
    let good = fs::read(&index_path).unwrap();
    for bad in [&b""[..], b"garbage", &good[..good.len() - 1]] {
        fs::write(&index_path, bad).unwrap();
        open_or_build(&path, &index_path).unwrap();
        assert_eq!(fs::read(&index_path).unwrap(), good);
    }
    // As long as before, and another one.
    fs::write(&path, GOOD.replace("main", "niam")).unwrap();
    let symbols = open_or_build(&path, &index_path).unwrap();
    assert!(format!("{:?}", look_up(&symbols, 0x1004)).contains("niam"));
    assert_ne!(fs::read(&index_path).unwrap(), good);
}

#[test]
fn damage_that_shows_at_a_look_up_removes_the_file() {
    let (_directory, path, index_path) = symbol_file(GOOD);
    let sound = open_or_build(&path, &index_path).unwrap();
    let mut damaged = fs::read(&index_path).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    // As a whole, as files that others have mapped are replaced.
    let aside = index_path.with_extension("aside");
    fs::write(&aside, damaged).unwrap();
    fs::rename(aside, &index_path).unwrap();

    let symbols = open_or_build(&path, &index_path).unwrap();
    let weight = symbols.private_bytes();
    assert_eq!(look_up(&symbols, 0x1004), look_up(&sound, 0x1004));
    assert!(symbols.private_bytes() > weight);
    assert!(!index_path.exists());
}

#[test]
fn an_index_that_cannot_be_written_is_kept_in_memory() {
    let (directory, path, _) = symbol_file(GOOD);
    let nowhere = directory.path().join("missing/app.sym.index");
    let symbols = open_or_build(&path, &nowhere).unwrap();
    assert_eq!(symbols.index_path(), None);
    assert!(symbols.private_bytes() > 100);
    let there = open_or_build(&path, &SymbolIndex::path_for(&path)).unwrap();
    assert_eq!(look_up(&symbols, 0x1004), look_up(&there, 0x1004));
}

#[test]
fn a_corrupt_file_is_read_once() {
    let (_directory, path, index_path) = symbol_file(&format!("{GOOD}nonsense\n"));
    for _ in 0..2 {
        let error = open_or_build(&path, &index_path).unwrap_err();
        assert!(index_path.exists());
        match error {
            SymbolFileError::Corrupt(corrupt) => assert_eq!(corrupt.line, Some(5)),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_file_that_is_too_large_or_missing_is_named() {
    let (directory, path, index_path) = symbol_file(GOOD);
    let error = SymbolIndex::open_or_build(&path, &index_path, 10).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("app.sym has 76 bytes, over the limit of 10 bytes"),
        "{error}"
    );
    assert!(!index_path.exists());
    let missing = directory.path().join("missing.sym");
    let error = open_or_build(&missing, &index_path).unwrap_err();
    assert!(error.to_string().contains("missing.sym"), "{error}");
}

#[test]
fn a_download_is_indexed_while_it_arrives() {
    let (_directory, path, index_path) = symbol_file(GOOD);
    let mut builder = IndexBuilder::new();
    for piece in GOOD.as_bytes().chunks(7) {
        builder.push(piece).unwrap();
    }
    let published = builder.publish(&path, &index_path).unwrap();
    let index = fs::read(&index_path).unwrap();
    let opened = open_or_build(&path, &index_path).unwrap();
    assert_eq!(look_up(&published, 0x1004), look_up(&opened, 0x1004));
    assert_eq!(fs::read(&index_path).unwrap(), index);

    let mut other = IndexBuilder::new();
    other.push(b"FILE 0 a.c\n").unwrap();
    assert!(other.publish(&path, &index_path).is_err());
}

#[test]
fn many_at_once_make_the_same_index() {
    let text: String = (0..2000)
        .map(|number| format!("FUNC {:x} 8 0 function{number}\n", number * 16))
        .collect();
    let (directory, path, index_path) = symbol_file(&text);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let symbols = open_or_build(&path, &index_path).unwrap();
                assert!(!format!("{:?}", look_up(&symbols, 0x104)).contains("calls: []"));
            });
        }
    });
    assert_eq!(names_in(&directory), ["app.sym", "app.sym.index"]);
    let again = open_or_build(&path, &index_path).unwrap();
    assert_eq!(again.index_path(), Some(&*index_path));
}
