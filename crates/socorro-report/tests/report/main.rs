//! Reports on real crashes, on odd ones, and in a real browser.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod corpus;
mod golden;
mod hostile;

use socorro_core::ProcessedCrash;

/// A crash with something of everything.
fn crash() -> ProcessedCrash {
    ProcessedCrash::from_json(include_bytes!("../data/crash.json")).unwrap()
}
