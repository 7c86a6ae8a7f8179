//! The socorro program.
