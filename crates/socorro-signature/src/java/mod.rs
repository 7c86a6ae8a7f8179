//! Signatures of Java crashes.

mod exception;
mod sanitize;
mod stack_trace;

#[cfg(feature = "testkit")]
pub(crate) use self::exception::normalize_frame;
pub(crate) use self::exception::{is_truthy, signature_of_exception};
pub use self::sanitize::{JavaStackTrace, MalformedStackTrace};
pub(crate) use self::stack_trace::signature_of_stack_trace;
