//! From bytes to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Text, and how it came about.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether halves of surrogate pairs were replaced.
    pub(super) replaced: bool,
}

impl Decoded<'_> {
    /// Bytes that the text takes besides those it was made of.
    pub(super) fn owned_bytes(&self) -> usize {
        match &self.text {
            Cow::Borrowed(_) => 0,
            Cow::Owned(text) => text.capacity(),
        }
    }
}

/// Decodes UTF-8, UTF-16 or UTF-32, told apart by a byte-order mark or by where zeros are; `None`
/// when it is none of them.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded<'_>> {
    let decoded = match *bytes {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, _, ..] => utf32(bytes, u32::from_be_bytes)?,
        [0xff, 0xfe, 0, 0, ..] | [1..=255, 0, 0, 0, ..] => utf32(bytes, u32::from_le_bytes)?,
        [0xfe, 0xff, ..] | [0, _, ..] => utf16(bytes, UTF_16BE)?,
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => utf16(bytes, UTF_16LE)?,
        _ => utf8(bytes)?,
    };
    Some(decoded.without_mark())
}

impl Decoded<'_> {
    fn without_mark(mut self) -> Self {
        match &mut self.text {
            Cow::Borrowed(text) => *text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text),
            Cow::Owned(text) if text.starts_with(BYTE_ORDER_MARK) => {
                text.drain(..BYTE_ORDER_MARK.len_utf8());
            }
            Cow::Owned(_) => {}
        }
        self
    }
}

fn utf8(bytes: &[u8]) -> Option<Decoded<'_>> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Decoded {
            text: Cow::Borrowed(text),
            replaced: false,
        });
    }
    let mut mended = bytes.to_vec();
    replace_encoded_surrogates(&mut mended);
    let text = String::from_utf8(mended).ok()?;
    Some(Decoded {
        text: Cow::Owned(text),
        replaced: true,
    })
}

/// Python, for one, encodes lone surrogates as if they were characters, when it is told to.
fn replace_encoded_surrogates(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(0xed, rest)) {
        at += found;
        if let Some(encoded @ [0xed, 0xa0..=0xbf, 0x80..=0xbf]) = bytes.get_mut(at..at + 3) {
            // U+FFFD has three bytes, too.
            encoded.copy_from_slice("\u{fffd}".as_bytes());
        }
        at += 1;
    }
}

fn utf16(bytes: &[u8], encoding: &'static Encoding) -> Option<Decoded<'static>> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let (text, replaced) = encoding.decode_without_bom_handling(bytes);
    Some(Decoded {
        text: Cow::Owned(text.into_owned()),
        replaced,
    })
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Option<Decoded<'static>> {
    let mut replaced = false;
    let (units, []) = bytes.as_chunks::<4>() else {
        return None;
    };
    let character = |bytes: &[u8; 4]| match unit(*bytes) {
        0xd800..=0xdfff => {
            replaced = true;
            Some(char::REPLACEMENT_CHARACTER)
        }
        point => char::from_u32(point),
    };
    let text: Option<String> = units.iter().map(character).collect();
    Some(Decoded {
        text: Cow::Owned(text?),
        replaced,
    })
}
