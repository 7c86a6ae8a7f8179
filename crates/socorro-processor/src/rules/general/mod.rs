//! Rules for every kind of crash.

mod collector_metadata;
mod cpu_info;
mod crash_report_keys;
mod identifier;
mod os_info;
mod remove_missing;
mod remove_nulls;

pub use collector_metadata::CollectorMetadata;
pub use cpu_info::CpuInfo;
pub use crash_report_keys::CrashReportKeys;
pub use identifier::Identifier;
pub use os_info::OsInfo;
pub use remove_missing::RemoveMissing;
pub use remove_nulls::RemoveNulls;
