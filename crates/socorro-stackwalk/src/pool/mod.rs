//! Walking in child processes, which share nothing with this one but what they are handed.
//!
//! | file | subject |
//! |---|---|
//! | `walker` | [`WalkerPool`]: walks, saves what can be saved of walks that went wrong |
//! | `roster` | which children there are; starting, retiring and replacing them |
//! | `child` | one child, and the conversation about one minidump |
//! | `process` | a child's process and the thread that watches over it |
//! | `loss` | children that did not answer, in the terms of the reference program |
//! | `message`, `frame`, `document`, `parcel`, `dump_file`, `memory_file` | what goes between the processes |
//! | `serve` | the other side: the life of a child |

mod builder;
mod child;
mod document;
mod dump_file;
mod frame;
mod isolation;
mod limits;
mod loss;
mod memory_file;
mod message;
mod parcel;
mod process;
mod roster;
mod serve;
mod walker;

use std::io;
use std::path::{Path, PathBuf};

pub use builder::WalkerPoolBuilder;
pub use isolation::{Confinement, Isolation};
pub use serve::serve;
#[cfg(feature = "testkit")]
pub(crate) use serve::serve_after;
pub use walker::WalkerPool;

/// The program that is running now, to be started once more as a child.
///
/// On Linux that is the very file, even if another one was put into its place since.
///
/// # Errors
///
/// When the operating system does not tell.
pub fn this_program() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe()
}
