//! Crash signatures: the text that groups a crash with its like.
//!
//! A signature is made from the crashing thread's stack: names are reduced to what is alike in all builds, frames
//! that say nothing are passed over, and the frames that tell crashes apart are joined. Special kinds of crashes
//! (lack of memory, hangs, aborts, Java exceptions …) get signatures of their own. The results are those of
//! Mozilla's crash processor, name for name.
//!
//! ```
//! use serde_json::json;
//! use socorro_signature::{CrashData, SignatureGenerator};
//!
//! let generator = SignatureGenerator::default();
//! let crash = json!({
//!     "crashing_thread": 0,
//!     "threads": [{"frames": [
//!         {"function": "memcpy", "module": "libc.so.6"},
//!         {"function": "Image::decode(unsigned char const*, unsigned long)", "file": "image.cpp", "line": 12},
//!         {"function": "main"},
//!     ]}],
//! });
//! let result = generator.generate(&CrashData::from_json(&crash));
//! assert_eq!(result.signature, "memcpy | Image::decode");
//! ```
//!
//! # From frames to a signature
//!
//! 1. The first [`FRAME_LIMIT`] entries of the crashing thread's stack, inlined functions counted, get *normalised
//!    names*: the function without return type, arguments and template arguments; else source file and line, module,
//!    unloaded module or address.
//! 2. If one of them is a *sentinel*, everything above it is dropped: it is how the failure was reported.
//! 3. From there on, *irrelevant* frames are passed over and *prefix* frames are taken; the first frame that is
//!    neither is taken too and ends the walk. The names taken, joined with ` | `, are the signature.
//! 4. Further [rules] put kinds of crashes apart (`OOM | large | …`, `hang: …`, `Abort | …`), replace
//!    signatures that would say nothing, and make the text fit for a database column: printable ASCII, at most
//!    [`MAXIMUM_LENGTH`] characters.
//!
//! # What is here
//!
//! * [`CrashData`] is what a signature is made from: built by hand, read from JSON, or taken from a processed crash.
//! * [`SignatureLists`] says which frames are passed over and which are joined with their callers. The default
//!   lists know the system libraries of Linux, Windows, macOS and Android and the Rust and Java runtimes; your own
//!   program's helpers belong in lists of your own, loaded from a directory.
//! * [`check_lists`] finds everything that is wrong with lists; [`Preview`] tells which signatures they would change,
//!   before they go live.
//! * [`SignatureGenerator`] runs the rules in order. Write a [`SignatureRule`] to add your own.
//!
//! Pure functions: nothing here reads the clock, the network or the environment, and only
//! [`SignatureLists::from_directory`] and [`check_lists`] read files. Time and memory grow about linearly with the
//! input, whatever it holds.

#![forbid(unsafe_code)]

mod crash_data;
mod error;
mod events;
mod explain;
mod frames;
mod generator;
mod java;
mod lists;
mod native;
mod preview;
mod python;
mod result;
pub mod rules;
#[cfg(feature = "testkit")]
#[doc(hidden)]
pub mod testkit;

pub use self::crash_data::{
    AdditionalMinidumps, CrashData, CrashInput, CrashKind, Frame, InlineFrame, Scalar, Thread,
    UnloadedModule, crash_data_json,
};
pub use self::error::{ListSource, SignatureError};
pub use self::events::{Decision, Source};
pub use self::explain::{ListEntry, Step};
pub use self::frames::{FRAME_LIMIT, Grouping};
pub use self::generator::SignatureGenerator;
pub use self::java::{JavaStackTrace, MalformedStackTrace};
pub use self::lists::{
    ListName, ListProblem, ListReport, ListTexts, PatternList, ProblemKind, Severity,
    SignatureLists, check_list_texts, check_lists,
};
pub use self::preview::{ChangeKind, Preview, SignatureChange, SignatureDiff, SignaturePair};
pub use self::result::SignatureResult;
pub use self::rules::{MAXIMUM_LENGTH, RuleError, RuleInput, SignatureRule, default_rules};
