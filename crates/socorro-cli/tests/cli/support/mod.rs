//! Running the program, and the files it is run on.

pub(crate) mod minidump;
mod run;
#[cfg(feature = "http-symbols")]
mod server;
mod site;

pub(crate) use run::{Run, program, run, run_with_input};
#[cfg(feature = "http-symbols")]
pub(crate) use server::SlowServer;
pub(crate) use site::Site;
