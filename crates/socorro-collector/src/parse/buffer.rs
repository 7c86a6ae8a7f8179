//! Bytes in memory that are reserved in the budget before they are there.

use super::ParseError;
use crate::Reservation;

/// Takes `bytes` of the budget.
pub(super) fn reserve(memory: &mut Reservation, bytes: usize) -> Result<(), ParseError> {
    if memory.grow(bytes as u64) {
        Ok(())
    } else {
        Err(ParseError::Overloaded)
    }
}

/// A vector whose capacity is reserved.
#[derive(Debug, Default)]
pub(super) struct Buffer(Vec<u8>);

impl Buffer {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Appends `data`; the capacity at least doubles when it has to grow.
    pub(super) fn push(&mut self, data: &[u8], memory: &mut Reservation) -> Result<(), ParseError> {
        let (length, capacity) = (self.0.len(), self.0.capacity());
        let needed = length + data.len();
        if needed > capacity {
            let wanted = needed.max(2 * capacity);
            reserve(memory, wanted - capacity)?;
            self.0.reserve_exact(wanted - length);
        }
        self.0.extend_from_slice(data);
        Ok(())
    }

    /// The vector; its reservation is the caller's now.
    pub(super) fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// Forgets the bytes and gives their reservation back.
    pub(super) fn release(&mut self, memory: &mut Reservation) {
        memory.shrink(self.0.capacity() as u64);
        self.0 = Vec::new();
    }

    /// Takes the vector out, to be put back with [`restore`](Self::restore).
    pub(super) fn lend(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    /// Puts back what was lent.
    pub(super) fn restore(&mut self, bytes: Vec<u8>) {
        self.0 = bytes;
    }
}
