//! Rules about memory reports.

mod measures;
mod memory_report_extraction;

pub use memory_report_extraction::MemoryReportExtraction;
