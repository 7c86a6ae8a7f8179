//! What Mozilla's collector (Antenna) does.

pub(crate) mod crash_ids;
pub(crate) mod storage_keys;
pub(crate) mod throttle;
