//! Symbols over HTTP: real symbol files, hostile uploads, and crashes that get their symbols late.
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod corpus;
mod forms;
mod hostile;
mod late;
mod server;
