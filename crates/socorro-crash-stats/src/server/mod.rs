//! A server that answers like Crash Stats, for tests.
