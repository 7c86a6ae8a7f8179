//! Bytes of a minidump, made safe to hand to the reader.

mod amplification;
mod directory;
mod handles;
mod load;
#[cfg(all(unix, feature = "pool"))]
mod salvage;
mod sanitize;

#[cfg(all(unix, feature = "pool"))]
pub(crate) use load::open;
pub(crate) use load::{OwnedDump, load};
#[cfg(all(unix, feature = "pool"))]
pub(crate) use salvage::salvageable;
pub(crate) use sanitize::sanitize;
