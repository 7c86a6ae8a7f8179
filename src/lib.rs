//! socorro.
