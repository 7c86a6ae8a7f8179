//! Rules for Android.

mod cpu_info;
mod os_info;

pub use cpu_info::AndroidCpuInfo;
pub use os_info::AndroidOsInfo;
