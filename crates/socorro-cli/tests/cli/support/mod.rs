//! Running the program, and the files it is run on.

pub(crate) mod minidump;
mod run;
#[cfg(feature = "http-symbols")]
mod server;
#[cfg(unix)]
mod service;
mod site;

pub(crate) use run::{Run, path_with_program, program, run, run_with_input};
#[cfg(feature = "http-symbols")]
pub(crate) use server::{FileServer, SlowServer};
#[cfg(unix)]
pub(crate) use service::Service;
pub(crate) use site::Site;
