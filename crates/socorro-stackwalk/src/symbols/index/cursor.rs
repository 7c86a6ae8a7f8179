//! The fields of a line of a symbol file.
//!
//! What is accepted is what the reference accepts: fields are separated by any number of spaces and tabs, numbers end
//! after as many digits as their type holds, names go to the end of the line, and carriage returns before the line feed
//! belong to the line's end.

use memchr::memchr2;

/// The high bit of each byte of a word.
const HIGH_BITS: u64 = repeat(0x80);

/// What is yet to be read of a text. After a reader returned `None`, where it stands means nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// What was not read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Exactly these bytes.
    pub(super) fn tag(&mut self, tag: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(tag)?;
        Some(())
    }

    /// One byte.
    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// At least one space or tab.
    #[inline]
    pub(super) fn spaces(&mut self) -> Option<()> {
        let [b' ' | b'\t', rest @ ..] = self.rest else {
            return None;
        };
        self.rest = rest;
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        Some(())
    }

    /// Hexadecimal digits, 16 at most.
    #[inline]
    pub(super) fn hex_u64(&mut self) -> Option<u64> {
        self.hex(16)
    }

    /// Hexadecimal digits, 8 at most.
    #[inline]
    pub(super) fn hex_u32(&mut self) -> Option<u32> {
        self.hex(8).and_then(|value| u32::try_from(value).ok())
    }

    #[inline]
    fn hex(&mut self, most_digits: usize) -> Option<u64> {
        if let Some(word) = self.word() {
            let digits = leading(hex_digits(word));
            if (1..8).contains(&digits) {
                self.rest = self.rest.get(digits..)?;
                return Some(hex_value(word, digits));
            }
        }
        self.digits(16, most_digits)
    }

    /// Decimal digits, 10 at most, of a number that fits 32 bits.
    #[inline]
    pub(super) fn decimal_u32(&mut self) -> Option<u32> {
        if let Some(word) = self.word() {
            let digits = leading(decimal_digits(word));
            if (1..8).contains(&digits) {
                self.rest = self.rest.get(digits..)?;
                return Some(decimal_value(word, digits));
            }
        }
        u32::try_from(self.digits(10, 10)?).ok()
    }

    /// Digits one by one, where there are many, or none, or little text after them.
    #[cold]
    fn digits(&mut self, radix: u32, most: usize) -> Option<u64> {
        let mut value = 0;
        let digits = self
            .rest
            .iter()
            .take(most)
            .map_while(|&byte| char::from(byte).to_digit(radix))
            .map(|digit| value = value * u64::from(radix) + u64::from(digit))
            .count();
        if digits == 0 {
            return None;
        }
        self.rest = self.rest.get(digits..)?;
        Some(value)
    }

    /// The next eight bytes, the first in the lowest place.
    #[inline]
    fn word(&self) -> Option<u64> {
        self.rest
            .first_chunk()
            .map(|word| u64::from_le_bytes(*word))
    }

    /// Any number of carriage returns and a line feed.
    #[inline]
    pub(super) fn end_of_line(&mut self) -> Option<()> {
        loop {
            match self.byte()? {
                b'\n' => return Some(()),
                b'\r' => {}
                _ => return None,
            }
        }
    }

    /// All up to the end of the line, and that. May be empty.
    pub(super) fn rest_of_line(&mut self) -> Option<&'a [u8]> {
        let (text, rest) = self
            .rest
            .split_at_checked(memchr2(b'\r', b'\n', self.rest)?)?;
        self.rest = rest;
        self.end_of_line()?;
        Some(text)
    }

    /// The same as text.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        str::from_utf8(self.rest_of_line()?).ok()
    }
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// How many bytes from the first on are marked by their high bit.
fn leading(marks: u64) -> usize {
    ((!marks & HIGH_BITS).trailing_zeros() / 8) as usize
}

/// Marks the decimal digits of a word.
fn decimal_digits(word: u64) -> u64 {
    // Adding carries into the high bit from '0' on, and from what follows '9' on.
    let low = word & !HIGH_BITS;
    (low + repeat(0x80 - b'0')) & !(low + repeat(0x7f - b'9')) & !word & HIGH_BITS
}

/// Marks the hexadecimal digits of a word.
fn hex_digits(word: u64) -> u64 {
    let lower_case = (word & !HIGH_BITS) | repeat(0x20);
    let letters = (lower_case + repeat(0x80 - b'a')) & !(lower_case + repeat(0x7f - b'f'));
    decimal_digits(word) | (letters & !word & HIGH_BITS)
}

/// The value of the first 1 to 8 digits of a word, two neighbours joined at a time.
fn hex_value(word: u64, digits: usize) -> u64 {
    let values = (word & repeat(0x0f)) + ((word >> 6) & repeat(0x01)) * 9;
    let bytes = values << (64 - 8 * digits);
    let pairs = ((bytes << 4) | (bytes >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = ((pairs << 8) | (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    ((fours << 16) | (fours >> 32)) & 0xffff_ffff
}

/// The value of the first 1 to 7 digits of a word, two neighbours joined at a time.
fn decimal_value(word: u64, digits: usize) -> u32 {
    let bytes = (word & repeat(0x0f)) << (64 - 8 * digits);
    let pairs = (bytes * 10 + (bytes >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T>(
        text: &'a str,
        read: impl Fn(&mut Cursor<'a>) -> Option<T>,
    ) -> Option<(T, usize)> {
        let mut cursor = Cursor::new(text.as_bytes());
        read(&mut cursor).map(|value| (value, text.len() - cursor.rest().len()))
    }

    #[test]
    fn numbers_are_read_alike_with_and_without_text_behind_them() {
        for length in 1..=16 {
            let digits = &"123456789abcDEF0"[..length];
            let value = u64::from_str_radix(digits, 16).unwrap();
            for text in [digits.to_owned(), format!("{digits} and more text")] {
                assert_eq!(read(&text, Cursor::hex_u64), Some((value, length)));
            }
        }
        for value in [0, 7, 10, 9_999_999, 10_000_000, 99_999_999, u32::MAX] {
            let digits = value.to_string();
            for text in [digits.clone(), format!("{digits}\n1000 10 5 1\n")] {
                assert_eq!(
                    read(&text, Cursor::decimal_u32),
                    Some((value, digits.len()))
                );
            }
        }
    }

    #[test]
    fn every_byte_that_is_no_digit_ends_a_number() {
        for byte in 0..=u8::MAX {
            let mut text = *b"12\0 4567 ";
            text[2] = byte;
            let as_char = char::from(byte);
            let mut cursor = Cursor::new(&text);
            cursor.hex_u64().unwrap();
            assert_eq!(cursor.rest().len() == 7, !as_char.is_ascii_hexdigit());
            let mut cursor = Cursor::new(&text);
            cursor.decimal_u32().unwrap();
            assert_eq!(cursor.rest().len() == 7, !as_char.is_ascii_digit());
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_cut_off_or_refused() {
        assert_eq!(read("123456789", Cursor::hex_u32), Some((0x1234_5678, 8)));
        let (value, length) = read("0123456789abcdef0", Cursor::hex_u64).unwrap();
        assert_eq!((value, length), (0x0123_4567_89ab_cdef, 16));
        assert_eq!(read("4294967296", Cursor::decimal_u32), None);
        assert_eq!(read("00000000001", Cursor::decimal_u32), Some((0, 10)));
        assert_eq!(read("", Cursor::decimal_u32), None);
        assert_eq!(read("xyz 1234567", Cursor::hex_u64), None);
    }

    #[test]
    fn a_line_ends_with_carriage_returns_and_a_line_feed() {
        assert_eq!(read("a b\r\r\nc", Cursor::name), Some(("a b", 6)));
        assert_eq!(read("\nc", Cursor::name), Some(("", 1)));
        assert_eq!(read("a\rb\n", Cursor::name), None);
        assert_eq!(read("a", Cursor::name), None);
        assert_eq!(read(" \t x", Cursor::spaces), Some(((), 3)));
        assert_eq!(read("\n", Cursor::spaces), None);
    }
}
