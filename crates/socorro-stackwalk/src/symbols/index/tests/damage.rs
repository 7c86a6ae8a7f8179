//! Index files that are damaged, or of something else: found out, or at least harmless.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::format::{self, Fingerprint, Header};
use super::super::reference::{addresses, look_up};
use super::super::{IndexBuilder, IndexError, SymbolIndex};

/// A text whose index has something in each section, and entries in more than one block.
fn text() -> Bytes {
    let mut text =
        String::from("MODULE windows x86 ABCD1234 app.pdb\nINFO URL https://x/app.sym\n");
    for id in 0..500 {
        text += &format!("FILE {id} file{id}.c\nINLINE_ORIGIN {id} inlined{id}\n");
    }
    for number in 0..3000_u32 {
        let address = 0x1000 + number * 0x10;
        text += &format!("FUNC {address:x} c 4 function{number}\n");
        let id = number % 500;
        text += &format!("INLINE 0 7 {id} {id} {address:x} 4\n{address:x} 8 {number} {id}\n");
        text += &format!("PUBLIC {:x} 0 public{number}\n", address + 0xd);
        text += &format!("STACK CFI INIT {address:x} 10 .cfa: $esp 4 + .ra: .cfa 4 - ^\n");
        if number % 3 == 0 {
            text += &format!("STACK WIN 0 {address:x} 8 0 0 4 0 0 0 0 1\n");
            text += &format!("STACK WIN 4 {:x} 4 0 0 8 0 0 0 1 $T0 $ebp =\n", address + 8);
        }
    }
    text.into()
}

fn image(text: &[u8]) -> Vec<u8> {
    let mut builder = IndexBuilder::new();
    builder.push(text).unwrap();
    builder.into_image(text, Fingerprint::of(text, None))
}

fn open(text: &Bytes, image: &[u8]) -> Result<SymbolIndex, IndexError> {
    SymbolIndex::open(text.clone(), Bytes::copy_from_slice(image), None)
}

#[test]
fn an_index_file_gives_what_the_text_gives() {
    let text = text();
    let opened = open(&text, &image(&text)).unwrap();
    let made = SymbolIndex::from_text(text.clone()).unwrap();
    assert_eq!(opened.url(), Some("https://x/app.sym"));
    for address in addresses(&text, 5000) {
        assert_eq!(look_up(&opened, address), look_up(&made, address));
    }
}

#[test]
fn damage_anywhere_is_found_out_and_changes_no_answer() {
    let text = text();
    let image = image(&text);
    let (_, layout) = Header::read(&image).unwrap();
    assert!(layout.blocks > 2);
    let sound = open(&text, &image).unwrap();
    let addresses = addresses(&text, 60);
    let answers: Vec<_> = addresses
        .iter()
        .map(|&address| look_up(&sound, address))
        .collect();
    let head = 0..layout.entries;
    let body = (layout.entries..image.len()).step_by(7001);
    for at in head.chain(body) {
        let mut damaged = image.clone();
        damaged[at] ^= 0x10;
        match open(&text, &damaged) {
            Err(_) => {}
            Ok(symbols) => {
                assert!(
                    at >= layout.entries,
                    "damage of byte {at} was not found out"
                );
                for (&address, answer) in addresses.iter().zip(&answers) {
                    assert_eq!(look_up(&symbols, address), *answer, "byte {at}");
                }
            }
        }
    }
}

#[test]
fn a_part_of_an_index_is_none() {
    let text = text();
    let image = image(&text);
    for length in (0..200).chain((200..image.len()).step_by(997)) {
        assert!(open(&text, &image[..length]).is_err(), "{length} bytes");
    }
    let longer = [&image[..], b"\0"].concat();
    assert!(open(&text, &longer).is_err());
}

#[test]
fn an_index_of_another_text_or_version_is_not_used() {
    let text = text();
    let image = image(&text);
    let mut changed = text.to_vec();
    // The first samples lie at the start.
    changed[20] ^= 1;
    for other in [
        Bytes::from(changed),
        text.slice(..text.len() - 1),
        Bytes::new(),
    ] {
        assert!(matches!(open(&other, &image), Err(IndexError::Stale)));
    }
    let mut other_version = image.clone();
    other_version[8] += 1;
    format::seal(&mut other_version, Header::read(&image).unwrap().1.entries);
    assert!(matches!(
        open(&text, &other_version),
        Err(IndexError::Unusable { .. })
    ));
}

#[test]
fn a_text_that_changed_unnoticed_is_indexed_anew() {
    let text = text();
    let image = image(&text);
    // Between the samples, the name of a function is made to begin elsewhere; nothing moves.
    let changed = String::from_utf8(text.to_vec()).unwrap();
    let changed = changed.replace("FUNC 1500 c 4 function80\n", "FUNC 1501 b 4 function80\n");
    let changed = Bytes::from(changed);
    assert_ne!(changed, text);
    let symbols = open(&changed, &image).unwrap();
    let fresh = SymbolIndex::from_text(changed).unwrap();
    for address in [0x1500, 0x1501, 0x150c, 0x1510] {
        assert_eq!(look_up(&symbols, address), look_up(&fresh, address));
    }
}

#[test]
fn that_a_text_is_corrupt_is_kept() {
    let text = Bytes::from("MODULE Linux x86_64 ABCD1234 app\nFILE 0 a.c\nnonsense\nFILE 1 b.c\n");
    let mut builder = IndexBuilder::new();
    let corrupt = builder.push(&text).unwrap_err();
    assert_eq!(corrupt.line, Some(3));
    let image = builder.into_image(&text, Fingerprint::of(&text, None));
    match open(&text, &image) {
        Err(IndexError::Corrupt(kept)) => assert_eq!(kept, corrupt),
        other => panic!("{other:?}"),
    }
}

proptest! {
    /// Checksums do not help against somebody who computes them.
    #[test]
    fn an_index_with_anything_in_it_is_harmless(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let text = Bytes::from(super::super::reference::SMALL_TEXT);
        let mut image = image(&text);
        for (at, byte) in changes {
            let at = at.index(image.len());
            image[at] = byte;
        }
        super::super::reference::holds_for_index(&image);
    }
}
