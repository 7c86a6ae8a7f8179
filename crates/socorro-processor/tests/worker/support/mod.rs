//! A worker's world that can be watched and broken.

mod clock;
mod gate;
mod hooks;
mod journal;
mod queue;
mod receiver;
mod rules;
mod scene;
mod storage;

pub(crate) use clock::TokioClock;
pub(crate) use gate::Gate;
pub(crate) use hooks::{Hook, hang, panic_now};
pub(crate) use journal::Event;
pub(crate) use receiver::{Mood, Receiver};
pub(crate) use rules::{Panics, Signs, Takes, Waits};
pub(crate) use scene::{NO_DIRECTORIES, Scene, default_ruleset};
