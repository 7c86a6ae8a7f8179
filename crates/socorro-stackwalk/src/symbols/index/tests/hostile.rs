//! Symbol files made to take time or memory.

use std::fmt::Write as _;

use bytes::Bytes;

use super::super::reference::{Answer, look_up};
use super::super::{IndexBuilder, SymbolIndex};

const MODULE: &str = "MODULE Linux x86_64 ABCD1234 app\n";

fn told(text: String, address: u64) -> Answer {
    let symbols = SymbolIndex::from_text(text.into()).unwrap();
    look_up(&symbols, address)
}

#[test]
fn inlined_calls_go_only_so_deep() {
    let mut text = format!("{MODULE}INLINE_ORIGIN 0 again\nFUNC 1000 10 0 main\n");
    for depth in 0..20_000 {
        writeln!(text, "INLINE {depth} 1 0 0 1000 10").unwrap();
    }
    writeln!(text, "INLINE 4294967295 1 0 0 1000 10\n1000 10 7 0").unwrap();
    let told = format!("{:?}", told(text, 0x1004));
    assert_eq!(told.matches("inline").count(), 1024);
}

#[test]
fn of_many_symbols_at_an_address_one_is_kept() {
    let mut text = MODULE.to_owned();
    for number in 0..200_000 {
        writeln!(text, "PUBLIC 1000 0 name{:06}", (number * 7919) % 200_000).unwrap();
    }
    let symbols = SymbolIndex::from_text(text.into()).unwrap();
    assert!(format!("{:?}", look_up(&symbols, 0x2000)).contains("name199999"));
}

#[test]
fn a_line_without_end_is_not_kept() {
    let mut builder = IndexBuilder::new();
    builder.push(MODULE.as_bytes()).unwrap();
    builder.push(b"FUNC 1000 10 0 ").unwrap();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..256 {
        builder.push(&piece).unwrap();
    }
    assert!(format!("{builder:?}").len() < 1000);
    builder.push(b"\nPUBLIC 1000 0 after\n").unwrap();
    let rest = format!("{MODULE}{}PUBLIC 1000 0 after\n", "x".repeat(100));
    // The text that symbols are read from is another one here; only that it is told apart from an error matters.
    assert!(builder.finish(Bytes::from(rest)).is_ok());
}

#[test]
fn large_blocks_are_searched_by_halves_or_in_part() {
    let mut ordered = format!("{MODULE}FILE 0 a.c\nFUNC 0 fffffff 0 large\n");
    let mut unordered = ordered.clone();
    for number in 0..700_000 {
        writeln!(ordered, "{:x} 10 {number} 0", number * 16).unwrap();
        writeln!(unordered, "{:x} 10 {number} 0", (699_999 - number) * 16).unwrap();
    }
    let last = 699_999 * 16;
    assert!(format!("{:?}", told(ordered, last)).contains("\\\"a.c\\\" 699999"));
    // The one for the last address is the first of the block, that for the first lies beyond what is read.
    let symbols = SymbolIndex::from_text(unordered.into()).unwrap();
    assert!(format!("{:?}", look_up(&symbols, last)).contains("\\\"a.c\\\" 0 "));
    assert!(!format!("{:?}", look_up(&symbols, 0)).contains("a.c"));
}

#[test]
fn of_many_unwind_rules_a_part_is_read() {
    let mut text = format!("{MODULE}STACK CFI INIT 1000 fffffff .cfa: $rsp 8 + .ra: .cfa 8 - ^\n");
    for number in 0..100_000 {
        writeln!(
            text,
            "STACK CFI {:x} .cfa: $rsp {number} +",
            0x1000 + number
        )
        .unwrap();
    }
    let symbols = SymbolIndex::from_text(text.into()).unwrap();
    assert!(format!("{:?}", look_up(&symbols, 0x10_0000)).contains("(cfa)"));
}
