//! What parent and child say to each other.
//!
//! ```text
//! parent                                    child
//! Hello: limits + a socket            ->
//!                                     <-    Ready: what keeps it in
//! Walk: annotations, bounds + dump    ->
//!                                           (a byte on that socket, which nobody waits for: the walk has begun)
//!                                     <-    Ask: name of a module            any number of times,
//! Symbols: what became of it + files  ->                                     answered in any order
//!                                     <-    Answer
//! ```
//!
//! A message is one [frame](super::frame). Its content is MessagePack, as both ends are of the same build: the child
//! refuses a `Hello` of another version.

use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::isolation::Isolation;
use super::limits::Limits;
use crate::in_process::Settings;
use crate::symbols::{MissingSymbols, ModuleName};

/// The version of these messages: that of this library, and a number that is raised with changes in between.
pub(super) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/2");

/// What the parent says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// The first message. With it comes the socket on which the child leaves a byte whenever a minidump is in work:
    /// whatever happens to the child from then on may be the fault of that minidump.
    Hello {
        version: String,
        limits: Limits,
        confine: bool,
    },
    /// A minidump to walk, whose file comes along.
    Walk(Walk),
    /// What became of the symbols that were asked for.
    Symbols(Symbols),
}

/// How to walk a minidump.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Walk {
    /// The annotations that matter for a walk, as JSON text.
    pub(super) annotations: String,
    pub(super) settings: Settings,
    pub(super) mode: Mode,
}

/// How much to dare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    /// All there is.
    Full,
    /// Only what a dump can hardly harm its reader with: another child died of it.
    Salvage,
}

/// What became of the symbols of one module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Symbols {
    /// The number of the question.
    pub(super) id: u32,
    /// Debug file and debug id, if they had to be found by the code id.
    pub(super) identified: Option<(String, debugid::DebugId)>,
    pub(super) found: Found,
}

/// What a search for symbols led to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Found {
    /// Their file and that of their index come along.
    Loaded {
        url: Option<String>,
        /// When the index takes their file to have been changed.
        modified: Option<SystemTime>,
    },
    Corrupt {
        place: String,
        line: Option<u64>,
        reason: String,
    },
    Missing(MissingSymbols),
}

/// What the child says, but for its answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// Ready for the first minidump.
    Ready(Isolation),
    /// Wants the symbols of a module.
    Ask { id: u32, module: ModuleName },
}

/// What came of a walk.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer<D, S = D> {
    pub(super) exit_code: i32,
    pub(super) document: Option<D>,
    pub(super) log: Option<String>,
    pub(super) symbolication: Option<S>,
    /// How often symbols were had that the child knew already, and how often it knew that there are none.
    pub(super) known: (u64, u64),
}

/// How deep values may lie in each other: deeper than `serde_json` reads from a minidump, and not so deep that reading
/// them takes the stack of a thread.
const MOST_DEPTH: usize = 160;

/// The content of a frame.
pub(super) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let mut bytes = Vec::new();
    // Members with their names: what `serde_json` sends cannot be read back without them.
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    message.serialize(&mut serializer)?;
    Ok(bytes)
}

/// Reads the content of a frame.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, rmp_serde::decode::Error> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(MOST_DEPTH);
    T::deserialize(&mut deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_keeps_its_identifiers() {
        let module = ModuleName {
            code_file: "/usr/lib/libc.so.6".to_owned(),
            code_id: Some(debugid::CodeId::new("64e782c570c4000".to_owned())),
            debug_file: Some("libc.so.6".to_owned()),
            debug_id: Some("abcd1234-abcd-1234-abcd-abcd12345678-a".parse().unwrap()),
        };
        let sent = encode(&Reply::Ask {
            id: 7,
            module: module.clone(),
        })
        .unwrap();
        match decode(&sent).unwrap() {
            Reply::Ask {
                id: 7,
                module: received,
            } => assert_eq!(received, module),
            other => panic!("{other:?}"),
        }
    }
}
