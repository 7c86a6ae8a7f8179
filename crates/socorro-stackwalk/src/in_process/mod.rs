//! Walking in this process: behind a panic fence, on a thread of its own, with a deadline.

mod cancel;
mod progress;
mod run;
mod walker;

pub(crate) use cancel::Cancelled;
pub(crate) use progress::Progress;
pub use walker::InProcessStackwalker;
