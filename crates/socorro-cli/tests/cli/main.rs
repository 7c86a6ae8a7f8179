//! The program as its users run it: real processes, real files, real pipes.

mod process;
mod processor;
mod queue;
mod stackwalk;
mod storage;
mod support;
mod usage;
