//! Any bytes as the body of a crash report, plain or in gzip, cut into frames of any size.
//!
//! The first byte says how the body is packed, the second how it is cut.

#![no_main]

mod form;

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[packing, size], body)) = bytes.split_first_chunk() else {
        return;
    };
    let (body, encoding) = match packing % 4 {
        0 => (body.to_vec(), None),
        1 => (body.to_vec(), Some("gzip")),
        2 => (gzip(body), None),
        _ => (gzip(body), Some("gzip")),
    };
    form::holds(&body.into(), encoding, usize::from(size));
});

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}
