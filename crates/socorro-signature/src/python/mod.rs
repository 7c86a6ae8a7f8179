//! Python's text and number semantics, where signatures depend on them.
//!
//! The signatures people have searched for since 2011 were made by Python programs. A port that trims, splits,
//! counts or prints a little differently puts old and new crashes of one kind into different groups. This module
//! holds every such rule in one place; nothing else in the crate calls `str::trim`, `str::lines` or prints a
//! number that came from a report.

pub(crate) mod digits;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod json;
pub(crate) mod text;
pub(crate) mod value;
