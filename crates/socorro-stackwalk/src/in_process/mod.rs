//! Walking in this process: behind a panic fence, on a thread of its own, with a deadline.

mod budget;
mod run;
mod threads;
mod unwalked;
mod walker;

pub(crate) use budget::Budget;
#[cfg(all(unix, feature = "pool"))]
pub(crate) use run::STACK_SIZE;
pub use walker::InProcessStackwalker;
#[cfg(all(unix, feature = "pool"))]
pub(crate) use walker::Settings;
