//! Everything that the reference knows, and nothing else.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use proptest::prelude::*;

use super::super::format::Fingerprint;
use super::super::reference::difference;
use super::super::{IndexBuilder, SymbolIndex};
use super::generate;

/// Addresses that are looked up in one generated file.
const ADDRESSES: usize = 300;
/// Addresses that are looked up in one real file.
const ADDRESSES_OF_REAL_FILES: usize = 3_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn generated_files_are_understood_as_by_the_reference(text in generate::text()) {
        prop_assert_eq!(difference(&Bytes::from(text), ADDRESSES), None);
    }

    #[test]
    fn bytes_are_understood_as_by_the_reference(
        text in generate::text(),
        at in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        let mut text = text.into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        prop_assert_eq!(difference(&Bytes::from(text), ADDRESSES), None);
    }

    #[test]
    fn a_text_in_pieces_gives_the_index_of_the_whole(
        text in generate::text(),
        sizes in prop::collection::vec(1_usize..40, 1..10),
    ) {
        let fingerprint = Fingerprint::of(text.as_bytes(), None);
        let mut whole = IndexBuilder::new();
        let of_whole = whole.push(text.as_bytes());
        let mut pieces = IndexBuilder::new();
        let mut of_pieces = Ok(());
        let (mut rest, mut sizes) = (text.as_bytes(), sizes.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            of_pieces = pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(of_pieces, of_whole);
        prop_assert_eq!(
            pieces.into_image(text.as_bytes(), fingerprint),
            whole.into_image(text.as_bytes(), fingerprint)
        );
    }
}

/// What chance rarely makes.
#[test]
fn odd_files_are_understood_as_by_the_reference() {
    let module = "MODULE Linux x86_64 ABCD1234 app\n";
    let long = "x".repeat(200_000);
    let with = |text: &str| format!("{module}{text}");
    let texts = [
        String::new(),
        "\n".into(),
        "\r\n\n".into(),
        "no line break".into(),
        module.into(),
        "\nMODULE Linux x86_64 ABCD1234 late\n".into(),
        "MODULE Linux x86_64 ABCD1234 \n".into(),
        "MODULE Linux x86_64 ABCD1234\n".into(),
        "MODULE Linux x86_64 XYZ app\n".into(),
        "MODULE\tLinux x86\t64 ABCD1234\tapp\n".into(),
        "MODULE windows \t\t c:\\app.cpp\nFUNC 10 20 8 f\nSTAC\n".into(),
        "MODULE Linu\tS\t b.c\nFILE 0 a.c\nINLIN\n".into(),
        with("INFO\n"),
        with("INFO URL\n"),
        with("INFO URL \n"),
        with("INFO URLS of others\n"),
        with("FUNC 10 0 0 empty\n10 4 1 0\n"),
        with("FUNC ffffffffffffffff 1 0 last\n"),
        with("FUNC fffffffffffffffe 1 0 last but one\nfffffffffffffffe 1 7 0\nFILE 0 a.c\n"),
        with("FUNC 123456789abcdef01 1 0 too many digits\n"),
        with("FUNC 10 123456789 0 too many digits\n"),
        with("FUNC 10 10 0 f\n10 4 4294967296 0\n"),
        with("FUNC 10 10 0 f\n10 4 4294967295 0\n"),
        with("FUNC 10 10 0 f\n10 4 1 0\n\n14 4 1 0\n"),
        with("PUBLIC 10 0 a\nPUBLIC 10 0 b\nPUBLIC 10 1 b\nPUBLIC 10 0 b\n"),
        with("STACK CFI INIT 10 10 .cfa: $rsp 8 + .ra: .cfa 8 - ^\nSTACK CFI 12 .cfa: $rsp 9 +\n"),
        with("STACK CFI  INIT 10 10 .cfa: $rsp\n"),
    ];
    for text in texts {
        assert_eq!(difference(&text.clone().into(), 1000), None, "{text:?}");
    }
    // Lines that are too long are left out wherever they stand; then the comparison cannot be left to `difference`.
    for text in [
        with(&format!(
            "FUNC 10 10 0 f\n10 4 7 0\n{long}\n14 4 8 0\nFILE 0 a.c\n"
        )),
        with(&format!("FUNC 10 10 0 {long}\n")),
        with(&format!("FUNC 10 10 0 {long}\n10 4 7 0\n")),
        with(&format!(
            "STACK CFI INIT 10 10 .cfa: 1\n{long}\nSTACK CFI 12 .ra: 2\n"
        )),
        with(&long),
        format!("{long}\n{module}"),
    ] {
        let bytes = Bytes::from(text.clone());
        let symbols = SymbolIndex::from_text(bytes.clone());
        let reference = breakpad_symbols::SymbolFile::from_bytes(&bytes);
        let head = &text[..60];
        match (symbols, reference) {
            (Ok(symbols), Ok(reference)) => {
                for address in 0..0x30 {
                    assert_eq!(
                        super::super::reference::look_up(&symbols, address),
                        super::super::reference::look_up_in_reference(&reference, address),
                        "{head}"
                    );
                }
            }
            (ours, theirs) => {
                assert!(
                    ours.is_err() && theirs.is_err(),
                    "{head}: {ours:?}, {:?}",
                    theirs.err()
                );
            }
        }
    }
}

/// The symbol files of the corpus, if there is one, and the large ones, if their directory is named.
fn real_files() -> Vec<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let root = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
    let mut files = Vec::new();
    for directory in ["symbols", "symbols-special", "malformed/symbols"] {
        add_files(&root.join(directory), &mut files);
    }
    if files.is_empty() {
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "no corpus in {}; set SOCORRO_CORPUS",
            root.display()
        );
        eprintln!(
            "SKIPPED: no corpus in {}; set SOCORRO_CORPUS",
            root.display()
        );
    }
    match env::var_os("SOCORRO_CORPUS_BIG") {
        Some(big) => add_files(Path::new(&big), &mut files),
        None => eprintln!("SKIPPED: large symbol files; set SOCORRO_CORPUS_BIG"),
    }
    files
}

fn add_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "sym") {
            files.push(path);
        }
    }
}

#[test]
fn real_files_are_understood_as_by_the_reference() {
    for path in real_files() {
        let text = Bytes::from(fs::read(&path).unwrap());
        let difference = difference(&text, ADDRESSES_OF_REAL_FILES);
        assert_eq!(difference, None, "{}", path.display());
    }
}
