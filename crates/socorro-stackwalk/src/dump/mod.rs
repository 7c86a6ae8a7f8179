//! Bytes of a minidump, made safe to hand to the reader.

mod amplification;
mod directory;
mod handles;
mod load;
mod sanitize;

pub(crate) use load::{OwnedDump, load};
pub(crate) use sanitize::sanitize;
