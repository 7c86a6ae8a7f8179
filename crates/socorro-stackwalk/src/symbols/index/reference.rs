//! Comparison with the reference, the crate `breakpad-symbols`.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use breakpad_symbols::{FrameSymbolizer, FrameWalker, SimpleModule, SymbolError, SymbolFile};
use bytes::Bytes;
use memchr::memchr_iter;
use minidump::Module;

use super::format::{self, Fingerprint};
use super::function::DEEPEST_INLINE;
use super::{IndexBuilder, SymbolIndex};

/// Where the module lies that symbols are compared for.
const BASE: u64 = 0x40_0000;

/// Lines up to this length are read by both.
const LONGEST_COMPARED: usize = 80 << 10;

/// Bytes of a difference that are shown.
const LONGEST_SHOWN: usize = 4000;

/// All that is known of an address.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub(super) told: Told,
    pub(super) walked: Walked,
}

/// What a frame was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    instruction: u64,
    calls: Vec<String>,
}

impl FrameSymbolizer for Told {
    fn get_instruction(&self) -> u64 {
        self.instruction
    }

    fn set_function(&mut self, name: &str, base: u64, parameter_size: u32) {
        let call = format!("function {name:?} {base:x} {parameter_size}");
        self.calls.push(call);
    }

    fn set_source_file(&mut self, file: &str, line: u32, base: u64) {
        self.calls.push(format!("source {file:?} {line} {base:x}"));
    }

    fn add_inline_frame(&mut self, name: &str, file: Option<&str>, line: Option<u32>) {
        self.calls
            .push(format!("inline {name:?} {file:?} {line:?}"));
    }
}

/// What was made of the frame after that of an instruction, whose registers and memory are invented.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walked {
    instruction: u64,
    rules: Vec<Option<u64>>,
    /// In no order, as that of the reference is by chance.
    registers: BTreeMap<String, Option<u64>>,
    found: bool,
}

fn invented(seed: impl Hash) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    seed.hash(&mut hasher);
    let value = hasher.finish();
    (!value.is_multiple_of(7)).then_some(value & 0xffff)
}

impl FrameWalker for Walked {
    fn get_instruction(&self) -> u64 {
        self.instruction
    }

    fn has_grand_callee(&self) -> bool {
        self.instruction.is_multiple_of(2)
    }

    fn get_grand_callee_parameter_size(&self) -> u32 {
        8
    }

    fn get_register_at_address(&self, address: u64) -> Option<u64> {
        invented(address)
    }

    fn get_callee_register(&self, name: &str) -> Option<u64> {
        invented(name)
    }

    fn set_caller_register(&mut self, name: &str, value: u64) -> Option<()> {
        self.registers.insert(name.to_owned(), Some(value));
        Some(())
    }

    fn clear_caller_register(&mut self, name: &str) {
        self.registers.insert(name.to_owned(), None);
    }

    fn set_cfa(&mut self, value: u64) -> Option<()> {
        self.set_caller_register("(cfa)", value)
    }

    fn set_ra(&mut self, value: u64) -> Option<()> {
        self.set_caller_register("(ra)", value)
    }

    fn set_cfi_rules_start_address(&mut self, address: Option<u64>) {
        self.rules.push(address);
    }
}

fn module() -> SimpleModule {
    SimpleModule {
        base_address: Some(BASE),
        ..SimpleModule::default()
    }
}

fn frame(address: u64) -> (Told, Walked) {
    let instruction = BASE.wrapping_add(address);
    let told = Told {
        instruction,
        ..Told::default()
    };
    let walked = Walked {
        instruction,
        ..Walked::default()
    };
    (told, walked)
}

/// All that an index knows of an address.
pub fn look_up(symbols: &SymbolIndex, address: u64) -> Answer {
    let (mut told, mut walked) = frame(address);
    fill_symbol(symbols, &module(), &mut told);
    walked.found = walk_frame(symbols, &module(), &mut walked).is_some();
    Answer { told, walked }
}

/// All that the reference knows of an address.
pub(super) fn look_up_in_reference(symbols: &SymbolFile, address: u64) -> Answer {
    let (mut told, mut walked) = frame(address);
    symbols.fill_symbol(&module(), &mut told);
    walked.found = symbols.walk_frame(&module(), &mut walked).is_some();
    Answer { told, walked }
}

/// Names a frame, as a walk does.
pub fn fill_symbol(symbols: &SymbolIndex, module: &dyn Module, frame: &mut dyn FrameSymbolizer) {
    symbols.fill_symbol(module, frame);
}

/// Unwinds a frame, as a walk does.
pub fn walk_frame(
    symbols: &SymbolIndex,
    module: &dyn Module,
    walker: &mut dyn FrameWalker,
) -> Option<()> {
    symbols.walk_frame(module, walker)
}

/// Where an index and the reference differ over a text: whether it is one of a symbol file, the line that is bad, or what
/// they know of one of at most `most` addresses that the text speaks of.
///
/// What [differs on purpose](super) is left out, as far as it comes from small texts.
pub fn difference(text: &Bytes, most: usize) -> Option<String> {
    let longest = text.split(|&byte| byte == b'\n').map(<[u8]>::len).max();
    if longest > Some(LONGEST_COMPARED) || has_broken_module_line(text) {
        return None;
    }
    let symbols = match (
        SymbolIndex::from_text(text.clone()),
        SymbolFile::from_bytes(text),
    ) {
        (Ok(symbols), Ok(reference)) => (symbols, reference),
        (Err(corrupt), Err(SymbolError::ParseError(_, lines))) => {
            let is_same = corrupt.line == Some(lines + 1) || text.is_empty();
            return (!is_same).then(|| format!("{corrupt}, in the reference line {}", lines + 1));
        }
        (Err(corrupt), reference) => {
            return Some(format!("{corrupt}, in the reference {:?}", reference.err()));
        }
        (Ok(_), Err(error)) => return Some(format!("no error, in the reference {error}")),
    };
    let (symbols, reference) = symbols;
    if symbols.url() != reference.url.as_deref() {
        return Some(format!(
            "URL {:?} instead of {:?}",
            symbols.url(),
            reference.url
        ));
    }
    for address in addresses(text, most) {
        let ours = look_up(&symbols, address);
        let theirs = look_up_in_reference(&reference, address);
        if theirs.told.calls.len() > DEEPEST_INLINE {
            return None;
        }
        if ours != theirs {
            let mut shown = format!("{address:x}: {ours:?}\ninstead of {theirs:?}");
            shown.truncate(shown.floor_char_boundary(LONGEST_SHOWN));
            return Some(shown);
        }
    }
    None
}

/// Whether the first line ends before the debug id. The reference then reads on in the lines after it.
fn has_broken_module_line(text: &[u8]) -> bool {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(b"MODULE") else {
        return false;
    };
    for _ in ["os", "cpu"] {
        rest = after_blanks(rest);
        match rest.iter().position(|&byte| byte == b' ') {
            Some(end) => rest = &rest[end..],
            None => return true,
        }
    }
    after_blanks(rest).is_empty()
}

fn after_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| b" \t".contains(byte));
    &text[blanks.count()..]
}

/// Addresses at and around everything in a text that may be one, or a size of something there: `most` of them, evenly
/// spread.
pub fn addresses(text: &[u8], most: usize) -> Vec<u64> {
    let mut addresses = BTreeSet::from([0, 1, u64::MAX, u64::MAX - BASE]);
    let lines = text.split(|&byte| byte == b'\n');
    let step = (memchr_iter(b'\n', text).count() / most.max(1)).max(1);
    for line in lines.step_by(step) {
        let words = line.split(u8::is_ascii_whitespace);
        let numbers: Vec<u64> = words
            .filter_map(|word| u64::from_str_radix(str::from_utf8(word).ok()?, 16).ok())
            .collect();
        for pair in numbers.windows(2) {
            let [start, size] = *pair else { continue };
            let end = start.wrapping_add(size);
            let middle = start.wrapping_add(size / 2);
            addresses.extend([
                start,
                middle,
                end,
                start.wrapping_sub(1),
                end.wrapping_sub(1),
            ]);
        }
    }
    let step = (addresses.len() / most.max(1)).max(1);
    addresses.into_iter().step_by(step).collect()
}

/// A text with something in each section of its index, and blocks in order and not.
pub(super) const SMALL_TEXT: &str = "\
MODULE windows x86 ABCD1234 app.pdb
INFO URL https://symbols.example/app.sym
FILE 0 a.c
FILE 1 b.c
INLINE_ORIGIN 0 inlined
INLINE_ORIGIN 7 again
FUNC 1000 40 4 ordered
INLINE 0 3 0 0 1000 10 1020 10
INLINE 1 4 1 7 1004 4
1000 10 7 0
1010 10 8 1
1020 20 9 0
FUNC 1040 40 4 unordered
1060 10 2 0
INLINE 0 3 0 7 1050 20
1040 28 1 1
1060 20 3 0
PUBLIC 1080 8 public
PUBLIC 10a0 0 another
STACK WIN 4 1000 10 0 0 8 0 0 0 1 $T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =
STACK WIN 0 1040 10 0 0 4 0 0 0 0 1
STACK CFI INIT 1000 20 .cfa: $esp 4 + .ra: .cfa 4 - ^
STACK CFI 1004 .cfa: $esp 8 +
STACK CFI 1001 .cfa: $esp 12 +
STACK CFI INIT 1020 20 .cfa: $esp 4 + .ra: .cfa 4 - ^
";

/// A sound index for [`holds_for_index`].
pub fn sound_index() -> Vec<u8> {
    let text = SMALL_TEXT.as_bytes();
    let mut builder = IndexBuilder::new();
    match builder.push(text) {
        Ok(()) => builder.into_image(text, Fingerprint::of(text, None)),
        Err(_) => Vec::new(),
    }
}

/// Checks that an index with these bytes does no harm over [`SMALL_TEXT`]: its checksums are made right first, so that it
/// is believed as far as that goes.
pub fn holds_for_index(image: &[u8]) {
    let text = Bytes::from_static(SMALL_TEXT.as_bytes());
    let mut image = image.to_vec();
    format::disguise(&mut image, &Fingerprint::of(&text, None));
    let Ok(symbols) = SymbolIndex::open(text, image.into(), None) else {
        return;
    };
    for address in (0..0x20).chain(0x0fff..0x10b0).chain([u64::MAX - BASE]) {
        look_up(&symbols, address);
    }
}
