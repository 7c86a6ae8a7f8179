//! Settings under the names that Mozilla's processor has for them.
//!
//! An environment of Socorro's can be used as it is. What its names mean here is the table
//! [`ROWS`]; what several of them make together, such as the address of a storage from bucket,
//! region and endpoint, is put together in [`parts`].

mod collector;
mod parts;
mod table;

pub(crate) use self::{
    parts::proposals,
    table::{Meaning, ROWS},
};

use super::origin::Origin;

/// A value for an option that names of Socorro's make up.
#[derive(Clone)]
pub(crate) struct Proposal {
    pub(crate) option: &'static str,
    pub(crate) value: String,
    /// 0 for the environment itself, more for weaker sources.
    pub(crate) layer: usize,
    pub(crate) origin: Origin,
}
