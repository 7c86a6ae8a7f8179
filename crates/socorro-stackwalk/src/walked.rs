//! What a walk found, before it becomes text.

use std::fmt;
use std::io;
use std::time::Duration;

use minidump_processor::ProcessState;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::json::{Document, InstructionPointerUpdate};
use crate::report::Stackwalk;
use crate::symbolication::Symbolication;
use crate::symbols::LookedUpSymbols;

/// What a walk found. Its document can be written directly, or be taken apart as a [`Stackwalk`].
///
/// ```
/// use serde_json::Map;
/// use socorro_stackwalk::{InProcessStackwalker, WalkError};
///
/// async fn print(dump: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
///     let walked = InProcessStackwalker::new().walked(dump, &Map::new()).await?;
///     walked.write_json(std::io::stdout().lock())?;
///     Ok(())
/// }
/// ```
pub struct Walked {
    state: ProcessState,
    symbols: LookedUpSymbols,
    instruction_pointer_update: Option<InstructionPointerUpdate>,
    frames_per_thread: usize,
    partial: Option<Partial>,
}

/// Why a walk did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partial {
    /// The walk took longer than it may.
    DeadlinePassed {
        /// How long it may take.
        deadline: Duration,
    },
    /// The stacks have more frames than the walker accepts.
    TooManyFrames {
        /// How many it accepts.
        limit: u64,
    },
}

impl Partial {
    /// Names the reason in one word, as in the field `mdsw_status_string`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DeadlinePassed { .. } => "DeadlinePassed",
            Self::TooManyFrames { .. } => "TooManyFrames",
        }
    }
}

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeadlinePassed { deadline } => write!(
                f,
                "the walk took longer than its deadline of {} s; the frames found until then are kept",
                deadline.as_secs_f64()
            ),
            Self::TooManyFrames { limit } => write!(
                f,
                "the stacks have more than {limit} frames; those found until then are kept"
            ),
        }
    }
}

impl Walked {
    pub(crate) fn new(
        mut state: ProcessState,
        symbols: LookedUpSymbols,
        frames_per_thread: usize,
        partial: Option<Partial>,
    ) -> Self {
        // The one part of the document that strangers have ordered.
        if let Some(soft_errors) = &mut state.soft_errors {
            soft_errors.sort_all_objects();
        }
        Self {
            instruction_pointer_update: InstructionPointerUpdate::of(&mut state),
            state,
            symbols,
            frames_per_thread,
            partial,
        }
    }

    /// Why the walk did not come to its end; `None` if it did.
    ///
    /// All threads are there, those that it did not come to with the one frame that their registers tell.
    pub fn partial(&self) -> Option<&Partial> {
        self.partial.as_ref()
    }

    /// The stackwalk document, for any format of serde's that can hold JSON. Keys are sorted.
    pub fn document(&self) -> impl Serialize + '_ {
        Document {
            state: &self.state,
            symbols: &self.symbols,
            instruction_pointer_update: self.instruction_pointer_update,
            frames_per_thread: self.frames_per_thread,
        }
    }

    /// Which frames have no function name, and why, for any format of serde's that can hold JSON. It is the field
    /// `symbolication` of a processed crash.
    pub fn symbolication(&self) -> impl Serialize + use<> {
        Symbolication::of(&self.state, &self.symbols)
    }

    /// Writes the stackwalk document as JSON on one line, without a newline at its end. No tree is built for it.
    ///
    /// # Errors
    ///
    /// When `writer` fails.
    pub fn write_json(&self, writer: impl io::Write) -> io::Result<()> {
        let mut writer = io::BufWriter::new(writer);
        serde_json::to_writer(&mut writer, &self.document())?;
        io::Write::flush(&mut writer)
    }

    /// The result as something to look into.
    pub fn to_stackwalk(&self) -> Stackwalk {
        Stackwalk::new(object(&self.document()))
            .with_partial(self.partial.clone())
            .with_symbolication(object(&self.symbolication()))
    }
}

/// The object as which a value is written.
fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        // Not reached: what is written here are objects whose keys are text.
        _ => Map::new(),
    }
}

/// A document is a picture of somebody's memory; only how large it is gets shown.
impl fmt::Debug for Walked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walked")
            .field("threads", &self.state.threads.len())
            .field("partial", &self.partial)
            .finish_non_exhaustive()
    }
}
