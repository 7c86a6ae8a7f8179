//! Any bytes as the JSON part of a crash report.

#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const HEAD: &[u8] = b"--b0undary\r\nContent-Disposition: form-data; name=\"extra\"\r\n\
    Content-Type: application/json\r\n\r\n";
const END: &[u8] = b"\r\n--b0undary--\r\n";

fuzz_target!(|bytes: &[u8]| {
    let body = [HEAD, bytes, END].concat();
    form::holds(&body.into(), None, 7);
});
