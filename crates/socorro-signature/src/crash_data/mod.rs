//! What a signature is made from.

mod detect;
mod owned;
mod processed;
mod read;
mod scalar;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

pub use self::detect::{CrashInput, CrashKind};
pub use self::processed::crash_data_json;
#[cfg(feature = "testkit")]
pub(crate) use self::processed::integer_or_null;
pub use self::scalar::Scalar;

/// The parts of a crash report that decide its signature.
///
/// Every field may be missing. Build it field by field, from a crash data object ([`CrashData::from_json`], or
/// serde), or from a processed crash ([`CrashData::from_processed_crash`]). Reading never fails: a value of the
/// wrong type counts as missing. What is read from JSON borrows its texts; [`CrashData::into_owned`] makes it stand
/// alone.
///
/// `Debug` shows only what holds no personal data.
///
/// Source of the schema: Socorro `socorro/signature/crash_data_schema.yaml`.
#[derive(Clone, Default, PartialEq)]
pub struct CrashData<'a> {
    /// Index of the crashing thread in `threads`; see [`CrashData::crashing_thread_number`].
    pub crashing_thread: Option<Scalar<'a>>,
    /// Crash reason, such as `SIGSEGV` or `EXCEPTION_STACK_OVERFLOW`.
    pub reason: Option<Cow<'a, str>>,
    /// Operating system as the stackwalker names it: `Windows NT`, `Linux`, `Mac OS X`, `Android`.
    pub os: Option<Cow<'a, str>>,
    /// Stacks of the process's threads.
    ///
    /// Reading from JSON fills in only the stacks that can matter, those of the crashing thread and of thread 0,
    /// and of these the first [`FRAME_LIMIT`](crate::FRAME_LIMIT) entries; the other threads are there, but empty.
    pub threads: Vec<Thread<'a>>,
    /// Java stack trace as text. Goes before `java_exception` and everything native.
    pub java_stack_trace: Option<Cow<'a, str>>,
    /// Java exception object (the `JavaException` annotation). Goes before everything native.
    pub java_exception: Option<Cow<'a, Value>>,
    /// Size in bytes of the allocation that failed.
    pub oom_allocation_size: Option<Scalar<'a>>,
    /// State of the JavaScript engine's handling of a large failed allocation; `Reporting` matters.
    pub js_large_allocation_failure: Option<Cow<'a, str>>,
    /// Message given when the program aborted itself.
    pub abort_message: Option<Cow<'a, str>>,
    /// Account of a shutdown that took too long, a text holding JSON.
    pub async_shutdown_timeout: Option<Cow<'a, str>>,
    /// Error of the channel between processes that made the parent end this process.
    pub ipc_channel_error: Option<Cow<'a, str>>,
    /// Names of the minidumps beside the main one.
    pub additional_minidumps: AdditionalMinidumps<'a>,
    /// Name of the message between processes that was being handled.
    pub ipc_message_name: Option<Scalar<'a>>,
    /// Kind of hang that was reported as a crash.
    pub hang: Option<Scalar<'a>>,
    /// Status of the stackwalker, such as `OK` or `EmptyMinidump`.
    pub mdsw_status_string: Option<Scalar<'a>>,
    /// Signature before this generation. Carried for comparison, decides nothing.
    pub original_signature: Option<Cow<'a, str>>,
}

/// One thread's stack.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thread<'a> {
    /// Frames, innermost first.
    pub frames: Vec<Frame<'a>>,
    /// Windows last-error value by name, such as `ERROR_NOT_ENOUGH_MEMORY`.
    pub last_error_value: Option<Cow<'a, str>>,
}

/// One frame of a native stack.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame<'a> {
    /// File name of the module.
    pub module: Option<Cow<'a, str>>,
    /// Demangled function name.
    pub function: Option<Cow<'a, str>>,
    /// Source file, as the symbols name it.
    pub file: Option<Cow<'a, str>>,
    /// Line in the source file.
    pub line: Option<Scalar<'a>>,
    /// Instruction address, hexadecimal text.
    pub offset: Option<Scalar<'a>>,
    /// Instruction address within the module, hexadecimal text.
    pub module_offset: Option<Cow<'a, str>>,
    /// Debug id of the module, known for frames without a function only (nor a placeholder for one).
    pub debug_id: Option<Cow<'a, str>>,
    /// How the stackwalker found the frame: `context`, `cfi`, `frame_pointer`, `scan` …
    pub trust: Option<Cow<'a, str>>,
    /// Functions inlined at this address, innermost first.
    pub inlines: Vec<InlineFrame<'a>>,
    /// Modules that were unloaded before the crash and once covered the address.
    pub unloaded_modules: Vec<UnloadedModule<'a>>,
}

/// A function that the compiler inlined into a frame's function.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InlineFrame<'a> {
    /// Demangled function name.
    pub function: Option<Cow<'a, str>>,
    /// Source file.
    pub file: Option<Cow<'a, str>>,
    /// Line in the source file.
    pub line: Option<Scalar<'a>>,
}

/// A module that was unloaded before the crash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnloadedModule<'a> {
    /// File name of the module.
    pub module: Option<Cow<'a, str>>,
}

/// Names of the minidumps beside the main one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdditionalMinidumps<'a> {
    /// A list of names, as the processor stores it.
    Names(Vec<Cow<'a, str>>),
    /// The names in one text, as the annotation has it.
    Text(Cow<'a, str>),
}

impl Default for AdditionalMinidumps<'_> {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

impl AdditionalMinidumps<'_> {
    /// Whether the minidump is among them. In the text form any occurrence counts.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::Names(names) => names.iter().any(|known| known == name),
            Self::Text(text) => text.contains(name),
        }
    }
}

impl<'a> CrashData<'a> {
    /// The crashing thread's number; 0 if missing or not a number. Negative numbers count from the last thread.
    pub fn crashing_thread_number(&self) -> i128 {
        self.crashing_thread
            .as_ref()
            .and_then(Scalar::to_integer)
            .unwrap_or(0)
    }

    /// The crashing thread, if there is a thread of that number.
    pub fn crashed_thread(&self) -> Option<&Thread<'a>> {
        self.thread(self.crashing_thread_number())
    }

    /// The thread of a number; negative numbers count from the last thread.
    pub(crate) fn thread(&self, number: i128) -> Option<&Thread<'a>> {
        self.threads.get(thread_index(number, self.threads.len())?)
    }
}

impl fmt::Debug for CrashData<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CrashData")
            .field("crashing_thread", &self.crashing_thread)
            .field("reason", &self.reason)
            .field("os", &self.os)
            .field("threads", &self.threads.len())
            .field("has_java_stack_trace", &self.java_stack_trace.is_some())
            .field("has_java_exception", &self.java_exception.is_some())
            .finish_non_exhaustive()
    }
}

/// Position of thread `number` among `count` threads; negative numbers count from the end.
fn thread_index(number: i128, count: usize) -> Option<usize> {
    let from_start = if number < 0 {
        number.checked_add(i128::try_from(count).ok()?)?
    } else {
        number
    };
    usize::try_from(from_start)
        .ok()
        .filter(|index| *index < count)
}

/// A text field that is there and not empty.
pub(crate) fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_count_from_either_end() {
        assert_eq!(thread_index(0, 3), Some(0));
        assert_eq!(thread_index(-1, 3), Some(2));
        assert_eq!(thread_index(-4, 3), None);
        assert_eq!(thread_index(3, 3), None);
        assert_eq!(thread_index(i128::MIN, 3), None);
    }

    #[test]
    fn minidump_names_match_whole_in_a_list_and_anywhere_in_a_text() {
        let list = AdditionalMinidumps::Names(vec!["browser_x".into()]);
        assert!(!list.contains("browser"));
        assert!(AdditionalMinidumps::Text("browser_x".into()).contains("browser"));
    }
}
