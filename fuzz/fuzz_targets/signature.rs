//! Any bytes as a crash, a processed crash, names of frames, annotations and signature lists.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use socorro_signature::SignatureGenerator;
use socorro_signature::testkit::{generators, holds_for_bytes};

static GENERATORS: LazyLock<[SignatureGenerator; 2]> = LazyLock::new(generators);

fuzz_target!(|bytes: &[u8]| holds_for_bytes(&*GENERATORS, bytes));
