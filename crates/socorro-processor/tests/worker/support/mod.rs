//! A worker's world that can be watched and broken.

mod clock;
mod gate;
mod hooks;
mod journal;
mod queue;
mod rules;
mod scene;
mod storage;

pub use clock::TokioClock;
pub use gate::Gate;
pub use hooks::{Hook, hang, panic_now};
pub use journal::{Event, Journal};
pub use rules::{Marks, Panics, Signs, Takes, Waits};
pub use scene::{Scene, default_ruleset};
