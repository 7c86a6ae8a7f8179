//! Any bytes as a symbol file: accepted or refused, and understood, as by the reference.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socorro_stackwalk::testkit::symbols::difference;

fuzz_target!(|bytes: &[u8]| {
    let difference = difference(&bytes.to_vec().into(), 100);
    assert_eq!(difference, None);
});
