//! What several test targets share.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "no test target uses all of it"
)]

pub mod corpus;
pub mod machine;
pub mod synthetic;
