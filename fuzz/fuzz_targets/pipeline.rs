//! Any bytes as annotations, as a stackwalk and as a memory report, through the default ruleset.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socorro_processor::testing::holds_for_bytes;

fuzz_target!(|bytes: &[u8]| holds_for_bytes(bytes));
