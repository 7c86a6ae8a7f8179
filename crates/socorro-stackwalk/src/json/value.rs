//! Small parts that documents are written from.

use std::fmt::Display;

use minidump::system_info::PointerWidth;
use minidump_processor::ProcessState;
use serde::{Serialize, Serializer};

/// A list whose items are made while they are written.
pub(super) struct List<F>(pub(super) F);

impl<F, I> Serialize for List<F>
where
    F: Fn() -> I,
    I: IntoIterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Text that is made while it is written.
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// How addresses are written: `0x` and as many digits as the machine's pointers have, 16 if that is unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    digits: usize,
}

impl Addresses {
    pub(super) fn of(state: &ProcessState) -> Self {
        let is_32_bit = state.system_info.cpu.pointer_width() == PointerWidth::Bits32;
        Self {
            digits: if is_32_bit { 8 } else { 16 },
        }
    }

    pub(super) fn write(self, address: u64) -> Address {
        Address {
            address,
            digits: self.digits,
        }
    }
}

/// An address as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    address: u64,
    /// The least number of digits.
    digits: usize,
}

/// `0x` and the 16 digits of the largest address.
const LONGEST: usize = 18;

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let needed = (u64::BITS - self.address.leading_zeros()).div_ceil(4) as usize;
        let start = LONGEST - self.digits.max(needed);
        let mut text = [b'0'; LONGEST];
        let mut rest = self.address;
        for digit in text[start..].iter_mut().rev() {
            *digit = b"0123456789abcdef"[(rest & 0xf) as usize];
            rest >>= 4;
        }
        text[start - 1] = b'x';
        let text = str::from_utf8(&text[start - 2..]).unwrap_or_default();
        serializer.serialize_str(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(digits: usize, address: u64) -> String {
        let address = Addresses { digits }.write(address);
        match serde_json::to_value(address).unwrap() {
            serde_json::Value::String(text) => text,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn addresses_have_the_width_of_the_machine() {
        assert_eq!(written(16, 0x1000), "0x0000000000001000");
        assert_eq!(written(8, 0x1000), "0x00001000");
    }

    proptest! {
        #[test]
        fn addresses_are_written_as_numbers_are_formatted(address in any::<u64>(), shift in 0_u32..64) {
            let address = address >> shift;
            prop_assert_eq!(written(16, address), format!("{address:#018x}"));
            prop_assert_eq!(written(8, address), format!("{address:#010x}"));
        }
    }
}
