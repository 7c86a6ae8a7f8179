//! The seam between a processor and whatever walks its stacks.

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::walked::{Partial, Walked};

/// Walks one minidump at a time.
///
/// A processor knows this trait only, so that the walk may happen [in its own process](crate::InProcessStackwalker),
/// in child processes (`WalkerPool`), or in a test's imagination.
#[async_trait]
pub trait Stackwalker: fmt::Debug + Send + Sync {
    /// Names program and version, as it goes into the field `stackwalk_version`: `socorro-stackwalk 0.1.0`.
    fn version(&self) -> String;

    /// Whether a minidump that ends its walker, by an abort or by taking all memory, does no harm to this process.
    fn is_isolated(&self) -> bool {
        false
    }

    /// Walks the stacks of one minidump.
    ///
    /// Never fails: whatever goes wrong is in the outcome, and concerns this minidump only.
    async fn walk(&self, request: WalkRequest<'_>) -> WalkOutcome;
}

/// One minidump to walk, with the crash annotations that came with it.
#[derive(Clone, Debug)]
pub struct WalkRequest<'a> {
    /// Where the minidump is.
    pub dump: DumpSource<'a>,
    /// The annotations of the crash report. Two of them matter here: `ModuleSignatureInfo` and `CPUMicrocodeVersion`.
    pub annotations: &'a Map<String, Value>,
}

/// Where the bytes of a minidump are.
#[derive(Clone)]
pub enum DumpSource<'a> {
    /// In a file.
    Path(&'a Path),
    /// In memory. Cloning [`Bytes`] does not copy them.
    Bytes(Bytes),
}

/// A minidump is a picture of somebody's memory, so only its size is shown.
impl fmt::Debug for DumpSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

impl<'a> From<&'a Path> for DumpSource<'a> {
    fn from(path: &'a Path) -> Self {
        Self::Path(path)
    }
}

impl From<Bytes> for DumpSource<'_> {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for DumpSource<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

/// What came of one walk, in the terms of the reference program (`minidump-stackwalk`), whose exit codes end up in
/// the field `mdsw_return_code`.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkOutcome {
    /// 0: good; 1: the minidump cannot be read or processed; 101: the walk panicked; negative: the number of the
    /// signal that ended the walk, where -9 also stands for a passed deadline. Unlike the reference, a walk whose
    /// deadline has passed has an output: what it found until then.
    pub exit_code: i32,
    /// What the walk wrote.
    pub output: WalkOutput,
    /// What the walk had to complain about: `ERROR <name> - <explanation>`. May hold private data.
    pub log: Option<String>,
    /// What became of the symbols, and why frames have no name. Not part of the reference's output: it goes into the
    /// field `symbolication`.
    pub symbolication: Option<Map<String, Value>>,
}

/// What a walk wrote.
#[derive(Clone, Debug, PartialEq)]
pub enum WalkOutput {
    /// The stackwalk document.
    Json(Value),
    /// Something that is not JSON. Only a walker outside this process can do so.
    Text(String),
    /// Nothing.
    None,
    /// Nothing, because the minidump was not looked at: this machine has no walker for it at the moment, and says why.
    /// To be tried again.
    NotWalked(String),
}

impl WalkOutcome {
    /// The exit code of a good walk.
    pub const GOOD: i32 = 0;
    /// The exit code for a minidump that cannot be read or processed.
    pub const BAD_DUMP: i32 = 1;
    /// The exit code of a walk that panicked.
    pub const PANICKED: i32 = 101;
    /// The exit code of a walk that was killed, above all because its deadline had passed.
    pub const KILLED: i32 = -9;
}

impl From<&Walked> for WalkOutcome {
    fn from(walked: &Walked) -> Self {
        let (exit_code, log) = Self::ending(walked.partial());
        let mut stackwalk = walked.to_stackwalk();
        Self {
            exit_code,
            symbolication: stackwalk.take_symbolication(),
            output: WalkOutput::Json(stackwalk.into_json()),
            log,
        }
    }
}

impl WalkOutcome {
    /// Exit code and log of a walk that left a document, which may not be all there is.
    pub(crate) fn ending(partial: Option<&Partial>) -> (i32, Option<String>) {
        let (exit_code, level) = match partial {
            Some(Partial::DeadlinePassed { .. }) => (Self::KILLED, "ERROR"),
            Some(Partial::TooManyFrames { .. }) => (Self::GOOD, "WARN"),
            None => (Self::GOOD, ""),
        };
        let log = partial.map(|partial| format!("{level} {} - {partial}", partial.name()));
        (exit_code, log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_size_of_a_dump_and_not_its_bytes() {
        let source = DumpSource::from(b"secret".to_vec());
        assert_eq!(format!("{source:?}"), "Bytes(6 bytes)");
    }
}
