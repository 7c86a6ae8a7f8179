//! Asks a Crash Stats server.
