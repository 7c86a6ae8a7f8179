//! Running the program, and the files it is run on.

pub(crate) mod minidump;
mod run;
mod site;

pub(crate) use run::{Run, program, run, run_with_input};
pub(crate) use site::Site;
