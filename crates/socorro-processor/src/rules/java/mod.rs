//! Rules for Java.

mod stack_trace;

pub use stack_trace::JavaStackTrace;
