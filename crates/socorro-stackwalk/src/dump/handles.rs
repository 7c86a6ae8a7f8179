//! The handle-data stream, whose reader trusts three of its numbers.
//!
//! * A descriptor size of 0 lets any count pass the reader's bounds check; it then reserves memory for that count,
//!   and a failed reservation aborts the process.
//! * Sizes other than those of the two known descriptors are refused by the reader, after it has reserved.
//! * Object information is a chain of offsets; a chain that bites its own tail never ends.

use super::amplification::Budget;
use super::directory::{Reader, Stream};

/// Bytes of `MINIDUMP_HANDLE_DESCRIPTOR`.
const DESCRIPTOR_SIZE: usize = 32;
/// Bytes of `MINIDUMP_HANDLE_DESCRIPTOR_2`, which adds the offset of the object information.
const DESCRIPTOR_2_SIZE: usize = 40;
/// Bytes that one piece of object information costs the reader: its header, in memory.
const OBJECT_INFORMATION_SIZE: u64 = 32;

/// Whether the reader can be trusted with this stream.
pub(super) fn is_safe(reader: Reader<'_>, stream: Stream, budget: &mut Budget) -> bool {
    check(reader, stream, budget).is_some()
}

/// `None` as soon as something is wrong. A stream too short for its header is fine: the reader refuses it itself.
fn check(reader: Reader<'_>, stream: Stream, budget: &mut Budget) -> Option<()> {
    if stream.size < 12 {
        return Some(());
    }
    let header_size = reader.u32(stream.offset)? as usize;
    let descriptor_size = reader.u32(stream.offset + 4)? as usize;
    let count = reader.u32(stream.offset + 8)? as usize;
    if descriptor_size < DESCRIPTOR_SIZE {
        return None;
    }
    let end = descriptor_size
        .checked_mul(count)?
        .checked_add(header_size)?;
    if end > stream.size {
        return None;
    }
    if descriptor_size > DESCRIPTOR_2_SIZE {
        return Some(());
    }
    for index in 0..count {
        let descriptor = stream
            .offset
            .checked_add(header_size)?
            .checked_add(index * descriptor_size)?;
        budget.spend_string(reader, reader.u32(descriptor + 8)?)?;
        budget.spend_string(reader, reader.u32(descriptor + 12)?)?;
        if descriptor_size == DESCRIPTOR_2_SIZE {
            follow_chain(reader, reader.u32(descriptor + 32)?, budget)?;
        }
    }
    Some(())
}

/// Follows a chain of object information (`next`, type, size) as far as the reader would.
fn follow_chain(reader: Reader<'_>, mut offset: u32, budget: &mut Budget) -> Option<()> {
    while offset != 0 {
        let Some(next) = reader.u32(offset as usize) else {
            return Some(());
        };
        budget.spend(OBJECT_INFORMATION_SIZE)?;
        offset = next;
    }
    Some(())
}
