//! Running test vectors.
