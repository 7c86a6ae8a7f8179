//! Any bytes as an index file, with the right checksums: look-ups end, and do no harm.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socorro_stackwalk::testkit::symbols::holds_for_index;

fuzz_target!(|bytes: &[u8]| holds_for_index(bytes));
