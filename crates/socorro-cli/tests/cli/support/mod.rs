//! Running the program, and the files it is run on.

#[cfg(unix)]
pub(crate) mod http;
pub(crate) mod minidump;
mod run;
#[cfg(feature = "http-symbols")]
mod server;
#[cfg(unix)]
mod service;
mod site;

#[cfg(any(feature = "crash-stats", feature = "s3"))]
pub(crate) use run::path_with_program;
pub(crate) use run::{Run, program, run, run_with_input};
#[cfg(feature = "http-symbols")]
pub(crate) use server::{FileServer, SlowServer};
#[cfg(unix)]
pub(crate) use service::Service;
pub(crate) use site::Site;
