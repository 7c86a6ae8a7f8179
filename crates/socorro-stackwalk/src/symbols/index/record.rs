//! The records of a symbol file, one a line.
//!
//! Source of the format: "Breakpad Symbol Files" in Breakpad's documentation; what is tolerated beyond that is what the
//! reference tolerates.

use std::str;

use memchr::memchr;

use super::cursor::Cursor;

/// Longest line that is read, in bytes with its end; longer ones are left out, as if they were not there.
///
/// The reference reads all lines up to 80 KiB and no line over 160 KiB; what it does between depends on where in its
/// buffer a line begins.
pub(super) const LONGEST_LINE: usize = 160 << 10;

/// A line that may be followed by others that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range<'a> {
    pub(super) address: u64,
    /// Bytes.
    pub(super) size: u32,
    /// Bytes of parameters on the stack; 0 for unwind rules.
    pub(super) parameter_size: u32,
    /// Name of the function, or unwind rules.
    pub(super) text: &'a str,
}

/// `PUBLIC`. Of two at an address, the reference takes the greater in the order of name and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Public<'a> {
    pub(super) address: u64,
    pub(super) name: &'a str,
    pub(super) parameter_size: u32,
}

/// `STACK WIN`, with what distinguishes records that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StackWin<'a> {
    pub(super) kind: StackWinKind,
    pub(super) address: u64,
    pub(super) size: u32,
    pub(super) parameter_size: u32,
    /// All after the size, from the space before it up to the end of the line.
    pub(super) tail: &'a str,
}

/// Of which kind a `STACK WIN` record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StackWinKind {
    /// Type 4: with a program.
    FrameData,
    /// Type 0: frame pointer omission.
    Fpo,
    /// Another type, or one whose fields contradict each other. Is left out.
    Ignored,
}

/// A record that stands by itself or begins a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    Empty,
    Module,
    Url,
    Info,
    File { id: u32 },
    InlineOrigin { id: u32 },
    Public(Public<'a>),
    Function(Range<'a>),
    StackWin(StackWin<'a>),
    StackCfiInit(Range<'a>),
}

/// A line of the block of a `FUNC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubLine {
    InlineOrigin { id: u32 },
    Inline,
    Line(Line),
}

/// A range of instructions and where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) address: u64,
    pub(super) size: u32,
    pub(super) line: u32,
    pub(super) file: u32,
}

impl Line {
    /// The last address it covers, if it covers any.
    pub(super) fn last_address(&self) -> Option<u64> {
        self.address
            .checked_add(u64::from(self.size.checked_sub(1)?))
    }
}

/// A range of an inlined call. In the order in which the reference sorts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inlinee {
    pub(super) depth: u32,
    pub(super) address: u64,
    pub(super) size: u32,
    pub(super) call_file: u32,
    pub(super) call_line: u32,
    pub(super) origin: u32,
}

/// `STACK CFI`: unwind rules from an address on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CfiRule<'a> {
    pub(super) address: u64,
    pub(super) rules: &'a str,
}

/// What a reader made of the line at the start of a text.
pub(super) enum Step<'a, T> {
    /// The line's value, and the text after it.
    Read(T, &'a [u8]),
    /// The line is too long and left out; the text after it.
    TooLong(&'a [u8]),
    /// The line is none of those that the reader knows.
    Other,
}

/// Reads the line at the start of a text.
#[inline]
pub(super) fn step<'a, T>(
    text: &'a [u8],
    read: impl FnOnce(&mut Cursor<'a>) -> Option<T>,
) -> Step<'a, T> {
    let mut cursor = Cursor::new(text);
    if let Some(value) = read(&mut cursor) {
        let rest = cursor.rest();
        if text.len() - rest.len() <= LONGEST_LINE {
            return Step::Read(value, rest);
        }
    }
    let length = memchr(b'\n', text).map_or(text.len(), |feed| feed + 1);
    match text.get(length..) {
        Some(rest) if length > LONGEST_LINE => Step::TooLong(rest),
        _ => Step::Other,
    }
}

/// Reads a record that stands by itself or begins a block.
pub(super) fn record<'a>(cursor: &mut Cursor<'a>) -> Option<Record<'a>> {
    match cursor.rest().first()? {
        b'\r' | b'\n' => cursor.end_of_line().map(|()| Record::Empty),
        b'F' if cursor.rest().starts_with(b"FUNC") => function(cursor).map(Record::Function),
        b'F' => {
            cursor.tag(b"FILE")?;
            named(cursor).map(|id| Record::File { id })
        }
        b'I' if cursor.rest().starts_with(b"INFO") => info(cursor),
        b'I' => {
            cursor.tag(b"INLINE_ORIGIN")?;
            named(cursor).map(|id| Record::InlineOrigin { id })
        }
        b'P' => public(cursor).map(Record::Public),
        b'S' if cursor.rest().starts_with(b"STACK WIN") => stack_win(cursor).map(Record::StackWin),
        b'S' => cfi_init(cursor).map(Record::StackCfiInit),
        b'M' => module(cursor),
        _ => None,
    }
}

/// `MODULE os cpu debug_id name`.
fn module<'a>(cursor: &mut Cursor<'a>) -> Option<Record<'a>> {
    cursor.tag(b"MODULE")?;
    cursor.spaces()?;
    for _ in ["os", "cpu"] {
        let length = cursor
            .rest()
            .iter()
            .position(|&byte| byte == b' ' || byte == b'\n')?;
        str::from_utf8(cursor.rest().get(..length)?).ok()?;
        *cursor = Cursor::new(cursor.rest().get(length..)?);
        cursor.spaces()?;
    }
    let is_hex = |byte: &&u8| byte.is_ascii_hexdigit();
    let digits = cursor.rest().iter().take_while(is_hex).count();
    if digits == 0 {
        return None;
    }
    *cursor = Cursor::new(cursor.rest().get(digits..)?);
    cursor.spaces()?;
    cursor.name().map(|_| Record::Module)
}

/// `INFO URL url`, or `INFO` with anything.
fn info<'a>(cursor: &mut Cursor<'a>) -> Option<Record<'a>> {
    let mut start = *cursor;
    if start
        .tag(b"INFO URL")
        .and_then(|()| start.spaces())
        .is_some()
    {
        return url(cursor).map(|_| Record::Url);
    }
    cursor.tag(b"INFO")?;
    cursor.spaces()?;
    cursor.rest_of_line().map(|_| Record::Info)
}

/// The URL of an `INFO URL` record.
pub(super) fn url<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.tag(b"INFO URL")?;
    cursor.spaces()?;
    cursor.name()
}

/// What follows the word in `FILE id name` and `INLINE_ORIGIN id name`.
fn named(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.spaces()?;
    let id = cursor.decimal_u32()?;
    cursor.spaces()?;
    cursor.name().map(|_| id)
}

/// The id and the name of a `FILE` or `INLINE_ORIGIN` record.
pub(super) fn id_and_name<'a>(cursor: &mut Cursor<'a>) -> Option<(u32, &'a str)> {
    if cursor.rest().starts_with(b"FILE") {
        cursor.tag(b"FILE")?;
    } else {
        cursor.tag(b"INLINE_ORIGIN")?;
    }
    cursor.spaces()?;
    let id = cursor.decimal_u32()?;
    cursor.spaces()?;
    Some((id, cursor.name()?))
}

/// The `m` of symbols with several names, if it is there.
fn multiple(cursor: &mut Cursor<'_>) -> Option<()> {
    if let [b'm', rest @ ..] = cursor.rest() {
        *cursor = Cursor::new(rest);
        cursor.spaces()?;
    }
    Some(())
}

/// `PUBLIC [m] address parameter_size name`.
pub(super) fn public<'a>(cursor: &mut Cursor<'a>) -> Option<Public<'a>> {
    cursor.tag(b"PUBLIC")?;
    cursor.spaces()?;
    multiple(cursor)?;
    let address = cursor.hex_u64()?;
    cursor.spaces()?;
    let parameter_size = cursor.hex_u32()?;
    cursor.spaces()?;
    Some(Public {
        address,
        name: cursor.name()?,
        parameter_size,
    })
}

/// `FUNC [m] address size parameter_size name`.
pub(super) fn function<'a>(cursor: &mut Cursor<'a>) -> Option<Range<'a>> {
    cursor.tag(b"FUNC")?;
    cursor.spaces()?;
    multiple(cursor)?;
    let address = cursor.hex_u64()?;
    cursor.spaces()?;
    let size = cursor.hex_u32()?;
    cursor.spaces()?;
    let parameter_size = cursor.hex_u32()?;
    cursor.spaces()?;
    Some(Range {
        address,
        size,
        parameter_size,
        text: cursor.name()?,
    })
}

/// `STACK CFI INIT address size rules`.
pub(super) fn cfi_init<'a>(cursor: &mut Cursor<'a>) -> Option<Range<'a>> {
    cursor.tag(b"STACK CFI INIT")?;
    cursor.spaces()?;
    let address = cursor.hex_u64()?;
    cursor.spaces()?;
    let size = cursor.hex_u32()?;
    cursor.spaces()?;
    Some(Range {
        address,
        size,
        parameter_size: 0,
        text: cursor.name()?,
    })
}

/// `STACK CFI address rules`.
pub(super) fn cfi_rule<'a>(cursor: &mut Cursor<'a>) -> Option<CfiRule<'a>> {
    cursor.tag(b"STACK CFI")?;
    cursor.spaces()?;
    let address = cursor.hex_u64()?;
    cursor.spaces()?;
    Some(CfiRule {
        address,
        rules: cursor.name()?,
    })
}

/// `STACK WIN type address size prologue epilogue parameters saved locals stack has_program rest`, numbers
/// hexadecimal.
pub(super) fn stack_win<'a>(cursor: &mut Cursor<'a>) -> Option<StackWin<'a>> {
    cursor.tag(b"STACK WIN")?;
    cursor.spaces()?;
    let kind = cursor.byte().filter(u8::is_ascii_hexdigit)?;
    cursor.spaces()?;
    let address = cursor.hex_u64()?;
    cursor.spaces()?;
    let size = cursor.hex_u32()?;
    let tail = cursor.rest();
    let mut sizes = [0; 6];
    for size in &mut sizes {
        cursor.spaces()?;
        *size = cursor.hex_u32()?;
    }
    let [_, _, parameter_size, ..] = sizes;
    cursor.spaces()?;
    let has_program = cursor.byte().filter(u8::is_ascii_digit)? == b'1';
    cursor.spaces()?;
    cursor.name()?;
    let tail = tail.get(..tail.len() - cursor.rest().len())?;
    let kind = match (kind, has_program) {
        (b'4', true) => StackWinKind::FrameData,
        (b'0', false) => StackWinKind::Fpo,
        _ => StackWinKind::Ignored,
    };
    Some(StackWin {
        kind,
        address,
        size,
        parameter_size,
        tail: str::from_utf8(tail).ok()?,
    })
}

/// Reads a line of the block of a `FUNC`; gives the ranges of an `INLINE` to `inlinee`.
#[inline]
pub(super) fn sub_line(cursor: &mut Cursor<'_>, inlinee: impl FnMut(Inlinee)) -> Option<SubLine> {
    if cursor.rest().first() == Some(&b'I') {
        if cursor.rest().starts_with(b"INLINE_ORIGIN ") {
            cursor.tag(b"INLINE_ORIGIN")?;
            return named(cursor).map(|id| SubLine::InlineOrigin { id });
        }
        return inline(cursor, inlinee).map(|()| SubLine::Inline);
    }
    line(cursor).map(SubLine::Line)
}

/// `address size line file`, the last two decimal.
#[inline]
pub(super) fn line(cursor: &mut Cursor<'_>) -> Option<Line> {
    let address = cursor.hex_u64()?;
    cursor.spaces()?;
    let size = cursor.hex_u32()?;
    cursor.spaces()?;
    let line = cursor.decimal_u32()?;
    cursor.spaces()?;
    let file = cursor.decimal_u32()?;
    cursor.end_of_line()?;
    Some(Line {
        address,
        size,
        line,
        file,
    })
}

/// `INLINE depth call_line call_file origin [address size]+`, all but the ranges decimal.
#[inline]
fn inline(cursor: &mut Cursor<'_>, mut inlinee: impl FnMut(Inlinee)) -> Option<()> {
    cursor.tag(b"INLINE ")?;
    // The space that was just read may be the only one.
    let _ = cursor.spaces();
    let depth = cursor.decimal_u32()?;
    cursor.spaces()?;
    let call_line = cursor.decimal_u32()?;
    cursor.spaces()?;
    let call_file = cursor.decimal_u32()?;
    cursor.spaces()?;
    let origin = cursor.decimal_u32()?;
    loop {
        cursor.spaces()?;
        let address = cursor.hex_u64()?;
        cursor.spaces()?;
        let size = cursor.hex_u32()?;
        inlinee(Inlinee {
            depth,
            address,
            size,
            call_file,
            call_line,
            origin,
        });
        if let Some(b'\r' | b'\n') = cursor.rest().first() {
            return cursor.end_of_line();
        }
    }
}
