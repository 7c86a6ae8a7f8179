//! Minidump in, symbolicated stackwalk JSON out.
