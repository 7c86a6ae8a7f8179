//! Small helpers for making JSON.

use minidump::system_info::PointerWidth;
use minidump_processor::ProcessState;
use serde_json::{Map, Value};

/// Makes the members of an object. They must be given sorted by key.
pub(super) fn fields<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    debug_assert!(
        members.is_sorted_by_key(|(key, _)| *key),
        "keys out of order"
    );
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// Makes an object. The members must be given sorted by key.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(fields(members))
}

/// Makes an array.
pub(super) fn array(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(values.into_iter().collect())
}

/// Sorts the keys of all objects in `value`.
pub(super) fn sorted(mut value: Value) -> Value {
    value.sort_all_objects();
    value
}

/// How addresses are written: `0x` and as many digits as the machine's pointers have, 16 if that is unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    is_32_bit: bool,
}

impl Addresses {
    pub(super) fn of(state: &ProcessState) -> Self {
        Self {
            is_32_bit: state.system_info.cpu.pointer_width() == PointerWidth::Bits32,
        }
    }

    pub(super) fn write(self, address: u64) -> Value {
        Value::String(if self.is_32_bit {
            format!("{address:#010x}")
        } else {
            format!("{address:#018x}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_width_of_the_machine() {
        assert_eq!(
            Addresses { is_32_bit: false }.write(0x1000),
            "0x0000000000001000"
        );
        assert_eq!(Addresses { is_32_bit: true }.write(0x1000), "0x00001000");
    }
}
